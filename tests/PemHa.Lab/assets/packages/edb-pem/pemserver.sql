-- Stand-in for PEM's schema: as much of it as a deployment can be proven by.
\set ON_ERROR_STOP on
BEGIN;

DO $$
DECLARE
    role text;
BEGIN
    -- Roles belong to the whole cluster of databases: an earlier, dropped pem database may have left them.
    FOREACH role IN ARRAY ARRAY['pem_user', 'pem_admin', 'pem_agent'] LOOP
        IF to_regrole(role) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
END $$;
GRANT pem_user TO pem_admin;
DO $$ BEGIN EXECUTE format('GRANT pem_admin TO %I', current_user); END $$;

CREATE SCHEMA pem;
COMMENT ON SCHEMA pem IS 'PemHa lab stand-in of Postgres Enterprise Manager';

CREATE TABLE pem.agent (
    id int PRIMARY KEY,
    description text NOT NULL,
    hostname text NOT NULL,
    agent_user name NOT NULL,
    active boolean NOT NULL DEFAULT true,
    heartbeat_interval int NOT NULL DEFAULT @heartbeat@
);
CREATE TABLE pem.agent_heartbeat (
    agent_id int PRIMARY KEY REFERENCES pem.agent (id),
    last_heartbeat timestamptz NOT NULL
);
CREATE TABLE pem.server (
    id int PRIMARY KEY,
    description text NOT NULL,
    server text NOT NULL,
    port int NOT NULL,
    database name NOT NULL,
    efm_cluster_name text,
    efm_installation_path text,
    active boolean NOT NULL DEFAULT true,
    -- R32: a server of the PEM deployment itself; system jobs run only where such a one is primary. What the real column is called is on no page.
    is_pem_server boolean NOT NULL DEFAULT false
);
CREATE TABLE pem.agent_server_binding (
    agent_id int REFERENCES pem.agent (id),
    server_id int REFERENCES pem.server (id),
    server text NOT NULL,
    port int NOT NULL,
    username name NOT NULL,
    PRIMARY KEY (agent_id, server_id)
);

-- PEM's own jobs; this one renews certificates and restarts the database for them (B23, O72).
CREATE TABLE pem.job (
    jobid int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    jobname text NOT NULL,
    jobenabled boolean NOT NULL DEFAULT true
);
INSERT INTO pem.job (jobname) VALUES ('Check CA certificate expiry');

CREATE FUNCTION pem.register_pem_server(server_id int) RETURNS void LANGUAGE sql AS 'UPDATE pem.server SET is_pem_server = true WHERE id = server_id';

CREATE FUNCTION pem.schema_version() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1004000';

GRANT USAGE ON SCHEMA pem TO pem_user, pem_agent;
GRANT SELECT ON ALL TABLES IN SCHEMA pem TO pem_user, pem_agent;
GRANT INSERT, UPDATE ON pem.agent_heartbeat TO pem_agent;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pem TO pem_admin;

COMMIT;
