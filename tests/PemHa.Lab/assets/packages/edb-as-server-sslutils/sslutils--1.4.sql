\echo Use "CREATE EXTENSION sslutils" to load this file. \quit
-- Stand-in: the documented functions of sslutils around the server's own openssl. Where 1.4 and 1.4.1 differ it takes the stricter
-- way: a CA key must be RSA (1.4), and the files of the CA must lie in the data directory (1.4.1).

CREATE FUNCTION sslutils_version() RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT '1.4 (PemHa lab stand-in)' $$;

-- Errors look as the extension's: SQLSTATE 38000 and the place that failed.
CREATE FUNCTION lab_openssl_error(place text) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = '38000', MESSAGE = format('OpenSSL error (%s): sslutils is a PemHa lab stand-in', place);
END $$;

-- What a shell command says that gets the input on its standard input; the command runs as the server's user.
CREATE FUNCTION lab_openssl(input text, command text, place text) RETURNS text LANGUAGE plpgsql SET client_min_messages = warning
AS $$
DECLARE
    output text;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS lab_openssl_output (n int GENERATED ALWAYS AS IDENTITY, line text) ON COMMIT DROP;
    DELETE FROM pg_temp.lab_openssl_output;
    BEGIN
        EXECUTE format('COPY pg_temp.lab_openssl_output (line) FROM PROGRAM %L',
            format('printf %%s %s | { %s; } 2>/dev/null', @extschema@.lab_quote(coalesce(input, '')), command));
    EXCEPTION WHEN OTHERS THEN
        -- Not the program's own error: that would show the input, which may be a key.
        PERFORM @extschema@.lab_openssl_error(place);
    END;
    SELECT string_agg(line || E'\n', '' ORDER BY n) INTO output FROM pg_temp.lab_openssl_output;
    RETURN output;
END $$;

CREATE FUNCTION lab_quote(word text) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT '''' || replace(word, '''', '''\''''') || '''' $$;

-- A file of the CA as an absolute path: in the data directory, and readable by the server.
CREATE FUNCTION lab_file(path text, place text) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    data text := current_setting('data_directory');
    file text := CASE WHEN path LIKE '/%' THEN path ELSE data || '/' || path END;
BEGIN
    IF NOT starts_with(file, data || '/') OR file LIKE '%/../%' THEN
        PERFORM @extschema@.lab_openssl_error('PATH_NOT_IN_PGDATA');
    END IF;
    BEGIN
        PERFORM pg_read_file(file);
    EXCEPTION WHEN OTHERS THEN
        PERFORM @extschema@.lab_openssl_error(place);
    END;
    RETURN file;
END $$;

CREATE FUNCTION lab_key(path text) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    file text := @extschema@.lab_file(path, 'FILE_OPEN_CA_KEY');
BEGIN
    PERFORM @extschema@.lab_openssl(NULL, 'openssl rsa -noout -in ' || @extschema@.lab_quote(file), 'PEM_read_RSAPrivateKey');
    RETURN @extschema@.lab_quote(file);
END $$;

CREATE FUNCTION lab_certificate(path text) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    file text := @extschema@.lab_file(path, 'FILE_OPEN_CA_CERT');
BEGIN
    PERFORM @extschema@.lab_openssl(NULL, 'openssl x509 -noout -in ' || @extschema@.lab_quote(file), 'PEM_read_X509');
    RETURN @extschema@.lab_quote(file);
END $$;

CREATE FUNCTION openssl_rsa_generate_key(bits integer) RETURNS text LANGUAGE plpgsql STRICT
AS $$
BEGIN
    IF bits > 8192 THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'maximum number of bits is 8192';
    END IF;
    RETURN @extschema@.lab_openssl(NULL, 'openssl genrsa ' || bits, 'RSA_generate_key');
END $$;

CREATE FUNCTION openssl_rsa_key_to_csr(key text, cn text, country text, state text, city text, unit text, email text)
RETURNS text LANGUAGE plpgsql STRICT
AS $$
DECLARE
    subject text := '';
    part text[];
BEGIN
    FOREACH part SLICE 1 IN ARRAY ARRAY[['C', country], ['ST', state], ['L', city], ['O', 'PemHa lab'], ['OU', unit], ['CN', cn],
            ['emailAddress', email]] LOOP
        subject := subject || '/' || part[1] || '=' || replace(replace(part[2], '\', '\\'), '/', '\/');
    END LOOP;
    RETURN @extschema@.lab_openssl(
        key, 'openssl req -new -sha256 -utf8 -key /dev/stdin -subj ' || @extschema@.lab_quote(subject), 'PEM_read_bio_RSAPrivateKey');
END $$;

-- Without a CA's certificate the request is signed by its own key: a certificate authority.
CREATE FUNCTION openssl_csr_to_crt(csr text, ca_certificate text, ca_key text, days integer DEFAULT NULL)
RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    key text;
    validity int := coalesce(days, 3650);
BEGIN
    IF csr IS NULL THEN
        PERFORM @extschema@.lab_openssl_error('CSR_IS_NULL');
    ELSIF ca_key IS NULL THEN
        PERFORM @extschema@.lab_openssl_error('PRIVATE_KEY_IS_NULL');
    END IF;
    IF ca_certificate IS NULL THEN
        key := @extschema@.lab_key(ca_key);
        RETURN @extschema@.lab_openssl(
            csr, format('openssl req -x509 -in /dev/stdin -key %s -days %s -addext basicConstraints=critical,CA:TRUE', key, validity),
            'PEM_read_bio_X509_REQ');
    END IF;
    ca_certificate := @extschema@.lab_certificate(ca_certificate);
    key := @extschema@.lab_key(ca_key);
    RETURN @extschema@.lab_openssl(
        csr, format('openssl x509 -req -sha256 -CA %s -CAkey %s -days %s', ca_certificate, key, validity), 'PEM_read_bio_X509_REQ');
END $$;

CREATE FUNCTION openssl_rsa_generate_crl(ca_certificate text, ca_key text, days integer DEFAULT NULL) RETURNS text LANGUAGE plpgsql
AS $$
BEGIN
    RETURN @extschema@.lab_openssl(
        E'[ca]\ndefault_ca=lab\n[lab]\ndefault_md=sha256\ndatabase=/dev/null\n',
        format('openssl ca -config /dev/stdin -gencrl -cert %s -keyfile %s -crldays %s',
            @extschema@.lab_certificate(ca_certificate), @extschema@.lab_key(ca_key), coalesce(days, 3650)),
        'Error_signing_crl');
END $$;

CREATE FUNCTION openssl_get_crt_expiry_date(certificate text) RETURNS timestamptz LANGUAGE plpgsql
AS $$
BEGIN
    RETURN replace(@extschema@.lab_openssl(
        NULL, 'openssl x509 -noout -enddate -in ' || @extschema@.lab_certificate(certificate), 'PEM_read_X509'), 'notAfter=', '');
END $$;

-- 1: still valid then; -1: expired.
CREATE FUNCTION openssl_is_crt_expire_on(certificate text, moment timestamptz) RETURNS integer LANGUAGE plpgsql
AS $$
BEGIN
    RETURN CASE WHEN @extschema@.openssl_get_crt_expiry_date(certificate) > moment THEN 1 ELSE -1 END;
END $$;

CREATE FUNCTION openssl_revoke_certificate(certificate text, crl text, days integer DEFAULT NULL) RETURNS text LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'sslutils is a PemHa lab stand-in: it revokes nothing'; END $$;
