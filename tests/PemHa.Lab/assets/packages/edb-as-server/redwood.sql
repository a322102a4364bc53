-- Stand-in: makes a database of community PostgreSQL answer as one of EPAS in Redwood mode, which the vendor's initdb makes unless it
-- gets --no-redwood-compat (B1, B8; row 69 of the assumptions: the manual's "Mathematical functions and operators" and "String
-- functions"). What is shown: an INTEGER divided by an INTEGER keeps its fraction, and NULL in || is nothing. What is not: DATE with a
-- time of day, GREATEST and LEAST of NULL, the schema sys before pg_catalog, the date style redwood.
--
-- The settings are what a session may switch. Community PostgreSQL takes no new setting whose name has no dot, so each is kept as
-- redwood.NAME; pg_settings shows it and set_config() takes it under its real name. SHOW, SET and current_setting() do not know that.
-- With redwood.fixed on, which only tests set, a session stays as it began.
CREATE FUNCTION pg_catalog.redwood_setting(text) RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT coalesce(nullif(current_setting(pg_catalog.concat('redwood.', $1), true), ''),
    CASE $1 WHEN 'db_dialect' THEN 'redwood' ELSE 'on' END) $$;

CREATE FUNCTION pg_catalog.redwood_div(int4, int4) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT CASE pg_catalog.redwood_setting('db_dialect') WHEN 'redwood' THEN $1::numeric / $2::numeric
    ELSE pg_catalog.div($1, $2) END $$;

CREATE FUNCTION pg_catalog.redwood_cat(text, text) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN pg_catalog.redwood_setting('edb_redwood_strings') = 'on' OR ($1 IS NOT NULL AND $2 IS NOT NULL)
    THEN pg_catalog.concat($1, $2) END $$;

CREATE FUNCTION pg_catalog.redwood_cat(text, anynonarray) RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT pg_catalog.redwood_cat($1, $2::text) $$;

CREATE FUNCTION pg_catalog.redwood_cat(anynonarray, text) RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT pg_catalog.redwood_cat($1::text, $2) $$;

UPDATE pg_operator SET oprcode = 'pg_catalog.redwood_div'::regproc, oprresult = 'numeric'::regtype
  WHERE oid = '/(int4,int4)'::regoperator;

UPDATE pg_operator SET oprcode = 'pg_catalog.redwood_cat(text,text)'::regprocedure
  WHERE oid = '||(text,text)'::regoperator;

UPDATE pg_operator SET oprcode = 'pg_catalog.redwood_cat(text,anynonarray)'::regprocedure
  WHERE oid = '||(text,anynonarray)'::regoperator;

UPDATE pg_operator SET oprcode = 'pg_catalog.redwood_cat(anynonarray,text)'::regprocedure
  WHERE oid = '||(anynonarray,text)'::regoperator;

CREATE FUNCTION pg_catalog.redwood_names() RETURNS SETOF text LANGUAGE sql IMMUTABLE ROWS 5
  AS $$ VALUES ('db_dialect'), ('edb_redwood_date'), ('edb_redwood_greatest_least'), ('edb_redwood_raw_names'), ('edb_redwood_strings') $$;

-- by another name: what is compiled in cannot be replaced
UPDATE pg_proc SET proname = 'community_set_config' WHERE oid = 'pg_catalog.set_config(text,text,bool)'::regprocedure;

CREATE FUNCTION pg_catalog.set_config(text, text, bool) RETURNS text LANGUAGE sql VOLATILE
  AS $$ SELECT CASE WHEN $1 NOT IN (SELECT pg_catalog.redwood_names()) THEN pg_catalog.community_set_config($1, $2, $3)
    WHEN current_setting('redwood.fixed', true) = 'on' THEN pg_catalog.redwood_setting($1)
    ELSE pg_catalog.community_set_config(pg_catalog.concat('redwood.', $1), $2, $3) END $$;

CREATE OR REPLACE VIEW pg_catalog.pg_settings AS SELECT * FROM pg_show_all_settings() UNION ALL
  SELECT n, pg_catalog.redwood_setting(n), NULL, 'Version and Platform Compatibility', 'Stand-in of EPAS''s setting.', NULL, 'user',
    CASE n WHEN 'db_dialect' THEN 'enum' ELSE 'bool' END, 'configuration file', NULL, NULL, NULL::text[], 'off', 'on',
    pg_catalog.concat(current_setting('data_directory'), '/postgresql.conf'), 1, false FROM pg_catalog.redwood_names() n;

