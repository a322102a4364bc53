namespace PemHa.Engine.Postgres;

/// <summary>
/// What a running server says of itself, asked once in a script however many resources want to know: <c>up</c>, <c>recovery</c>,
/// <c>sysid</c>, <c>ssl</c>, <c>stale</c> (a file is newer than the server's last reading of it), <c>pending</c> (settings that wait for a
/// restart), <c>receiver</c> (state and upstream of a standby), <c>streaming</c> and <c>plain</c> (standbys that stream, and those without
/// TLS), <c>setting.NAME</c> and <c>source.NAME</c>. Nothing where no server runs.
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
        # when the newest of the files that the server reads was written; the certificates may not be there yet
        newest() { ( cd "$PGDATA" && stat -c %.6Y postgresql.conf pg_hba.conf; stat -c %.6Y server.crt server.key root.crt 2>/dev/null ) | sort -n | tail -n 1; }
        server() {
            if [ ! -f "$T/server" ]; then
                if up; then
                    { fact up 1; { printf '\\set m %s\n' "$(newest)"; cat <<'SQL'
        SELECT name || chr(9) || '=' || value FROM (
          SELECT 'recovery' AS name, pg_is_in_recovery()::text AS value UNION ALL
          SELECT 'sysid', system_identifier::text FROM pg_control_system() UNION ALL
          SELECT 'stale', (extract(epoch FROM pg_conf_load_time()) < :m)::text UNION ALL
          SELECT 'receiver', status || ' ' || sender_host FROM pg_stat_wal_receiver UNION ALL
          SELECT 'streaming', count(*)::text FROM pg_stat_replication WHERE state = 'streaming' UNION ALL
          SELECT 'plain', count(*)::text FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE client_addr IS NOT NULL AND NOT ssl UNION ALL
          SELECT 'pending', string_agg(name, ', ') FROM pg_settings WHERE pending_restart HAVING count(*) > 0) f;
        WITH s AS (SELECT * FROM pg_settings WHERE source <> 'default' OR name = 'ssl')
        SELECT CASE name WHEN 'ssl' THEN 'ssl' || chr(9) || '=' || setting || chr(10) ELSE '' END || 'setting.' || name || chr(9) || '=' || setting || chr(10)
          || 'source.' || name || chr(9) || '=' || coalesce(sourcefile || ' line ' || sourceline, source) FROM s;
        SQL
                    } | sql postgres; } > "$T/server" || { rm -f "$T/server"; return 1; }
                else : > "$T/server"; fi
            fi
            cat "$T/server"
        }

        """;
}
