using System.Globalization;
using PemHa.Engine.Pem;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;

namespace PemHa.Engine.Support;

/// <summary>One file that a support bundle collects from each host.</summary>
/// <param name="Name">The file in the host's folder.</param>
/// <param name="Shell">POSIX sh that prints the contents and changes nothing; fails with the reason if there is nothing
/// to print.</param>
/// <param name="Redaction">Masks the secrets of its format.</param>
sealed record SupportItem(string Name, string Shell, Func<string, string> Redaction)
{
    const int Kilo = 1 << 10;

    /// <summary>The size, in bytes, at which the contents are cut off.</summary>
    public int Most { get; init; } = 256 * Kilo;

    /// <summary>The shell functions of the items.</summary>
    public const string Functions = """
        # show FILE...: the files that exist, each under its name, mode, owner and time
        show() {
            _n=
            for _f; do
                [ -f "$_f" ] || continue
                _n=1; echo "==> $_f ($(stat -Lc '%a %U:%G %y' "$_f")) <=="; cat "$_f"; echo
            done
            [ -n "$_n" ] || fail "there is no $*"
        }
        # run SECONDS PROGRAM ARGUMENT...: its output and its exit status, which may be any
        run() {
            _s=$1; shift
            command -v "$1" >/dev/null || fail "$1 is not installed"
            timeout "$_s" "$@" 2>&1; _r=$?
            [ $_r != 124 ] || fail "$1 did not end within $_s s"
            echo "(status $_r)"
        }
        # only PROGRAM ARGUMENT...: its standard output and nothing else, whatever its exit status
        only() { command -v "$1" >/dev/null || fail "$1 is not installed"; timeout 30 "$@"; :; }
        # recent BYTES FOLDER PATTERN: the ends of the files in the folder that were written to within the hour
        recent() {
            find "$2/" -maxdepth 1 -type f -name "$3" -mmin -60 2>/dev/null | sort > "$T/recent"
            [ -s "$T/recent" ] || fail "nothing was written to $2/$3 within the hour"
            _each=$(( $1 / $(wc -l < "$T/recent") - 200 ))
            while read -r _f; do echo "==> $_f <=="; tail -c "$_each" "$_f"; echo; done < "$T/recent"
        }
        unit() {
            systemctl cat --no-pager "$1" 2>/dev/null || fail "there is no unit $1"
            systemctl show --no-pager "$1"
        }
        # query DATABASE: runs the SQL on standard input and prints column names, too
        query() {
            up || fail 'the database does not run'
            [ ! -e "$T/mute" ] || fail 'the database does not answer'
            sql "$1" -P tuples_only=off -P footer=off || { _r=$?; [ $_r != 124 ] || : > "$T/mute"; return $_r; }
        }

        """;

    /// <summary>The items for the hosts of a cluster. The logs are at most 5 MB together.</summary>
    public static IReadOnlyList<SupportItem> All(PemCluster cluster)
    {
        var efm = Sh.Quote(cluster.EfmCommand);
        var name = Sh.Quote(cluster.Name);
        var folder = Sh.Quote(cluster.EfmConfigDirectory);
        string[] services =
        [
            cluster.ServiceName,
            cluster.PackageServiceName,
            cluster.EfmServiceName,
            "pemagent",
            UserSettings.Service,
            "nginx",
            "httpd",
        ];
        string[] units = [.. services.Distinct()];
        var ofUnits = string.Join(' ', units.Select(u => $"-u {Sh.Quote(u)}"));
        var setup = Sh.Quote($"{cluster.InstallDirectory}/bin/{cluster.PackageServiceName}-setup");
        return
        [
            new("system.txt", """
                cat /etc/os-release; uname -a; uptime; date -u; echo "SELinux: $(getenforce 2>&1)"; systemd-detect-virt
                timeout 10 df -h; free -m; :
                """, BundleMask.Common),
            new("packages.txt", """
                rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE} %{ARCH}\n' | sort | grep -E \
                    -e '^(edb|enterprisedb|postgresql|java|jre|tzdata|nginx|httpd|mod_|sudo|dnf|yum)' \
                    -e '^(rpm|openssl|glibc|systemd|firewalld|selinux|policycoreutils|iproute|iputils|procps|chrony)' \
                    -e '^(bash|coreutils|util-linux|python3|libcurl)' \
                    -e '^(epel|oracle|subscription)|-release|^lab-'
                """, BundleMask.Common),
            new("repositories.txt", "timeout 60 dnf -Cq repolist --all 2>&1; show /etc/yum.repos.d/*.repo",
                BundleMask.Repository),
            new("java.txt", "readlink -f \"$(command -v java)\"; run 20 java -version", BundleMask.Common),
            new("sudo.txt", "sudo -V | head -n 1; show /etc/sudoers.d/efm-*", BundleMask.Common),
            .. units.Select(u => new SupportItem($"units/{u}.txt", $"unit {Sh.Quote(u)}", BundleMask.Common)),

            new("efm/samples.txt", $"show {folder}/*.in", BundleMask.Common),
            new("efm/files.txt", $"ls -la {folder}/; show {folder}/*.properties {folder}/*.nodes", BundleMask.Common),
            new("efm/help.txt", $"run 20 {efm} --help", BundleMask.Common),
            new("efm/status.txt", $"run 30 {efm} cluster-status {name}", BundleMask.Common),
            new("efm/status.json", $"only {efm} cluster-status-json {name}", BundleMask.Common),
            new("efm/node-status.json", $"only {efm} node-status-json {name}", BundleMask.Common),

            new("pem/samples.txt",
                "F=$(find /usr/edb/pem -maxdepth 5 -name '*.in' 2>/dev/null); show ${F:-/usr/edb/pem/*.in}",
                BundleMask.Common),
            // Do not run it, not even for its help: it starts a new log, and the newest log shows whether the server is
            // configured.
            new("pem/configure-options.txt", """
                F=/usr/edb/pem/bin/configure-pem-server.sh; [ -f $F ] || fail "there is no $F"
                sha256sum $F; grep -oE -e '--?[a-z][a-z0-9-]+' $F | sort -u
                """, BundleMask.Common),
            new("pem/worker-help.txt", "run 20 /usr/edb/pem/agent/bin/pemworker --help", BundleMask.Common),
            new("pem/files.txt",
                "ls -la /root/.pem/ /usr/edb/pem/resources/ 2>/dev/null; "
                    + $"show {PemServer.AgentConfig} {PemServer.InstallConfig} {UserSettings.ConfigurationFile}",
                BundleMask.Common),
            new("pem/agents.txt", """
                query pem <<'SQL'
                SELECT a.id, a.active, h.last_heartbeat, now()
                FROM pem.agent a LEFT JOIN pem.agent_heartbeat h ON h.agent_id = a.id
                ORDER BY a.id
                SQL
                """, BundleMask.Common),
            new("web/nginx.txt", "show /etc/nginx/nginx.conf /etc/nginx/conf.d/*.conf", BundleMask.Common),
            new("web/httpd.txt", "show /etc/httpd/conf/httpd.conf /etc/httpd/conf.d/*.conf", BundleMask.Common),

            new("database/setup-help.txt", $"run 20 {setup} --help", BundleMask.Common),
            new("database/directory.txt", "ls -la \"$PGDATA/\" 2>/dev/null || fail \"there is no $PGDATA\"",
                BundleMask.Common),
            new("database/settings.txt", """
                query postgres <<'SQL'
                SELECT version();
                SELECT name,
                  CASE WHEN name ~ '(pass|secret|token|_command$)' AND setting <> ''
                    THEN '********' ELSE setting END AS setting,
                  unit, source, sourcefile, sourceline, pending_restart
                FROM pg_settings WHERE source <> 'default' ORDER BY name
                SQL
                """, BundleMask.Common),
            new("database/settings-files.txt", "show \"$PGDATA/postgresql.conf\" \"$PGDATA/postgresql.auto.conf\"",
                BundleMask.Common),
            new("database/hba-loaded.txt", """
                query postgres <<'SQL'
                SELECT * FROM pg_hba_file_rules ORDER BY line_number
                SQL
                """, BundleMask.Common),
            new("database/hba.txt", "show \"$(pg_file hba_file pg_hba.conf)\" \"$(pg_file ident_file pg_ident.conf)\"",
                BundleMask.Common),
            new("database/replication.txt", """
                query postgres <<'SQL'
                SELECT * FROM pg_stat_replication;
                SELECT * FROM pg_stat_wal_receiver;
                SELECT * FROM pg_replication_slots
                SQL
                """, BundleMask.Common),
            new("database/roles.txt", """
                query postgres <<'SQL'
                SELECT rolname, rolsuper, rolreplication, rolcanlogin, rolconnlimit, rolvaliduntil
                FROM pg_roles ORDER BY rolname
                SQL
                """, BundleMask.Common),
            new("certificates.txt", $$"""
                _n=
                for f in "$PGDATA"/*.crt {{SectionD.PkiFolder}}/*.crt /root/.pem/*.crt /usr/edb/pem/resources/*.crt; do
                    [ -f "$f" ] || continue
                    _n=1; echo "==> $f <=="
                    openssl x509 -noout -subject -issuer -serial -dates -ext subjectAltName,basicConstraints \
                        -in "$f" 2>&1
                done
                [ -n "$_n" ] || fail 'there are no certificates'
                """, BundleMask.Common),
            new("network.txt", """
                ip -o addr; ip route; ip -6 route; ss -Hltnp; cat /etc/hosts
                timeout 10 firewall-cmd --get-active-zones; timeout 10 firewall-cmd --list-all; :
                """, BundleMask.Common),

            new("logs/journal.txt", string.Create(CultureInfo.InvariantCulture,
                $"timeout 60 journalctl -q --no-pager -o short-iso --since '1 hour ago' {ofUnits} "
                + $"| tail -c {1536 * Kilo}"), BundleMask.Common) { Most = 1536 * Kilo },
            Log("efm", 1024, $"/var/log/efm-{cluster.EfmVersion}", "*.log"),
            new("logs/database.txt", string.Create(CultureInfo.InvariantCulture, $$"""
                F=$(echo 'SHOW log_directory' | sql postgres 2>/dev/null); F=${F:-log}
                case $F in /*) ;; *) F=$PGDATA/$F ;; esac
                recent {{1024 * Kilo}} "$F" '*'
                """), BundleMask.Common) { Most = 1024 * Kilo },
            Log("pem", 768, "/var/log/pem", "*.log"),
            new("logs/configure.txt", """
                F=$(ls -t /usr/edb/pem/logs/configure-pem-server-*.log 2>/dev/null | head -n 1)
                show "${F:-/usr/edb/pem/logs/configure-pem-server-*.log}"
                """, BundleMask.Common) { Most = 512 * Kilo },
            Log("nginx", 256, "/var/log/nginx", "*.log"),
        ];
    }

    static SupportItem Log(string name, int kilobytes, string folder, string pattern)
    {
        var most = kilobytes * Kilo;
        var shell = string.Create(CultureInfo.InvariantCulture,
            $"recent {most} {Sh.Quote(folder)} {Sh.Quote(pattern)}");

        return new SupportItem($"logs/{name}.txt", shell, BundleMask.Common) { Most = most };
    }

    /// <summary>
    /// The fragment that prints at most <see cref="Most"/> bytes and exits with the status of <see cref="Shell"/>.
    /// </summary>
    public string Fragment => string.Create(CultureInfo.InvariantCulture, $$"""
        echo 0 > "$T/status"
        { (
        {{Shell}}
        ); echo $? > "$T/status"; } | head -c {{Most}}
        read -r _r < "$T/status"; exit "$_r"
        """);
}
