\echo Use "CREATE EXTENSION sslutils" to load this file. \quit

CREATE FUNCTION sslutils_version() RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT '1.4 (PemHa lab stand-in)' $$;

-- The real functions make keys and sign requests in C; a stand-in that pretended to would be worse than one that refuses.
CREATE FUNCTION openssl_rsa_generate_key(bits integer) RETURNS text LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'sslutils is a PemHa lab stand-in: it makes no keys'; END $$;

CREATE FUNCTION openssl_csr_to_crt(csr text, ca_crt text, ca_key text) RETURNS text LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'sslutils is a PemHa lab stand-in: it signs nothing'; END $$;
