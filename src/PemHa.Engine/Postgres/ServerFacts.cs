namespace PemHa.Engine.Postgres;

/// <summary>
/// What a running server says of itself, asked once in a script however many resources want to know: <c>up</c>, <c>recovery</c>,
/// <c>sysid</c>, <c>ssl</c>, <c>stale</c> (a file is newer than the server's last reading of it), <c>pending</c> (settings that wait for a
/// restart), <c>receiver</c> (state and upstream of a standby), <c>streaming</c> and <c>plain</c> (standbys that stream, and those without
/// TLS), <c>revoked</c> (there is a list of revoked certificates), <c>setting.NAME</c> and <c>source.NAME</c>, <c>auto.NAME</c> (where ALTER
/// SYSTEM has set it). Nothing where no server runs.
/// </summary>
static class ServerFacts
{
    public const string Probe = "server";

    /// <summary>The shell functions behind it.</summary>
    public const string Functions = """
        # by the server's own file, which costs nothing, instead of asking systemd
        up() {
            { read -r _pid < "$PGDATA/postmaster.pid" && read -r _comm < "/proc/$_pid/comm"; } 2>/dev/null || return 1
            case $_comm in *postgres*) ;; *) return 1 ;; esac
        }
        # a handshake, with whatever certificate; one that listens on no network has nobody to lock out
        speaks_tls() {
            { read -r _x; read -r _x; read -r _x; read -r _port; read -r _x; read -r _address; } 2>/dev/null < "$PGDATA/postmaster.pid" || :
            case $_address in '') return 0 ;; '*' | 0.0.0.0) _address=127.0.0.1 ;; ::) _address='[::1]' ;; *:*) _address="[$_address]" ;; esac
            timeout 10 openssl s_client -starttls postgres -connect "$_address:$_port" </dev/null >/dev/null 2>&1
        }
        # for psql: m is when the newest of the files that the server reads was written; the certificates may not be there yet
        newest_file() { cat <<'SQL'
        SELECT current_setting('config_file') AS c, current_setting('hba_file') AS h, current_setting('data_directory') AS d \gset
        \setenv C :c
        \setenv H :h
        \setenv D :d
        \set m `{ stat -c %.6Y "$C" "$H"; cd "$D" && stat -c %.6Y server.crt server.key root.crt root.crl; } 2>/dev/null | sort -n | tail -n 1`
        SQL
        }
        newest() { { newest_file; printf '%s\n' '\echo :m'; } | sql postgres; }
        # pg_file SETTING NAME: where the server reads a file, asked of it, running or not
        pg_file() {
            server >/dev/null 2>&1
            _f=$(sed -n "s/^setting\.$1\t=//p" "$T/server" 2>/dev/null)
            if [ -z "$_f" ] && [ -f "$PGDATA/PG_VERSION" ]; then
                _p=$PGBIN/edb-postgres; [ -x "$_p" ] || _p=$PGBIN/postgres
                _f=$(as_owner "$_p" -C "$1" -D "$PGDATA" 2>/dev/null)
            fi
            printf '%s\n' "${_f:-$PGDATA/$2}"
        }
        server() {
            if [ ! -f "$T/server" ]; then
                if up; then
                    { fact up 1; [ ! -f "$PGDATA/root.crl" ] || fact revoked 1; { newest_file; cat <<'SQL'
        SELECT name || chr(9) || '=' || value FROM (
          SELECT 'recovery' AS name, pg_is_in_recovery()::text AS value UNION ALL
          SELECT 'sysid', system_identifier::text FROM pg_control_system() UNION ALL
          SELECT 'stale', (extract(epoch FROM pg_conf_load_time()) < :m)::text UNION ALL
          SELECT 'receiver', status || ' ' || sender_host FROM pg_stat_wal_receiver
            WHERE sender_host IS NOT NULL UNION ALL
          SELECT 'streaming', count(*)::text FROM pg_stat_replication WHERE state = 'streaming' UNION ALL
          SELECT 'plain', count(*)::text FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE client_addr IS NOT NULL AND NOT ssl UNION ALL
          SELECT 'pending', string_agg(name, ', ') FROM pg_settings WHERE pending_restart HAVING count(*) > 0 UNION ALL
          SELECT 'auto.' || name, sourcefile || ' line ' || sourceline FROM pg_file_settings WHERE sourcefile = :'d' || '/postgresql.auto.conf' AND name IS NOT NULL) f;
        WITH s AS (SELECT * FROM pg_settings WHERE source <> 'default' OR name = 'ssl')
        SELECT CASE name WHEN 'ssl' THEN 'ssl' || chr(9) || '=' || setting || chr(10) ELSE '' END || 'setting.' || name || chr(9) || '=' || setting || chr(10)
          || 'source.' || name || chr(9) || '='
          || CASE WHEN sourcefile IS NULL THEN source ELSE sourcefile || ' line ' || sourceline END FROM s;
        SQL
                    } | sql postgres; } > "$T/server" || { rm -f "$T/server"; return 1; }
                else : > "$T/server"; fi
            fi
            cat "$T/server"
        }

        """;
}
