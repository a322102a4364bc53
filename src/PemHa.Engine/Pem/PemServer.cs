using System.Globalization;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Pem;

/// <summary>
/// The PEM server on a data node (P33–P35), made by the vendor's script and judged by proof alone, since the script exits
/// with 0 after a fatal error too (F8): the agent's row, its service, a fresh heartbeat through the virtual IP, HTTPS.
/// </summary>
sealed class PemServer(PemHost host, bool primary, string superUser, string password) : Resource
{
    const string Base = "/usr/edb/pem";

    public override string Name => $"PEM server with agent{host.AgentId}";

    public override string Probe => $"{Proof}\n" + """
        # F8: both files are there before the script is done; only its last words, in the newest log, say that it was.
        L=$(ls -t /usr/edb/pem/logs/configure-pem-server-*.log 2>/dev/null | head -n 1)
        [ -f /usr/edb/pem/share/.install-config ] && [ -f /usr/edb/pem/agent/etc/agent.cfg ] &&
            grep -qs 'PEM server can be accessed at' "$L" && fact configured 1
        proof; fact agent "$A"; fact heartbeat "$H"; fact web "$W"
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        bool agent = facts["agent"] == "t", heartbeat = facts["heartbeat"] == "t", web = facts["web"] == "1";
        if (agent && heartbeat && web) return null;
        var prove = $$"""
            {{Proof}}
            proven() { proof; [ "$A$H$W" = tt1 ]; }
            wait_for 60 proven || fail "PEM does not prove itself: agent{{host.AgentId}} registered: ${A:-no}, heartbeat: ${H:-no}, web: ${W:-no}; $(tail -n 2 /var/log/pem/agent.log 2>/dev/null)"
            """;
        if (agent && facts.Is("configured"))
            return new Change("start", "systemctl restart pemagent nginx", $"systemctl -q enable pemagent\nsystemctl restart pemagent nginx\n{prove}");
        var command = Command();
        // F8: the answers of a half-failed run would be taken for those of this one.
        return new Change("configure", command, $$"""
            for f in {{Base}}/share/.install-config {{Base}}/agent/etc/agent.cfg; do
                if [ -f "$f" ]; then mv "$f" "$f.pemha-$(date -u +%Y%m%dT%H%M%SZ)"; fi
            done
            printf '%s\n' {{Sh.Quote(Answer(password))}} | timeout -s KILL 900 {{command}} >"$T/configure" 2>&1 && R=0 || R=$?
            if grep -q -e 'CRITICAL ERROR' -e '\[Error\]' "$T/configure"; then sed -n '/CRITICAL ERROR/,$p' "$T/configure" >&2; tail -n 15 "$T/configure" >&2; fail "configure-pem-server.sh gave up; its log is in {{Base}}/logs"; fi
            # It tells nothing of success, but a script that was killed proves nothing either.
            [ "$R" -le 128 ] || fail "configure-pem-server.sh was killed (status $R)"
            {{prove}}
            """);
    }

    /// <summary>A password as the script's plain <c>read</c> reads it back: it eats backslashes (F8).</summary>
    public static string Answer(string password) => password.Replace("\\", "\\\\", StringComparison.Ordinal);

    /// <summary>Why a password cannot be given to the script; null when it can (F8: <c>read</c> strips blanks at the ends).</summary>
    public static string? Refusal(string password) =>
        password.Length == 0 ? "it is empty"
        : password.AsSpan().IndexOfAny('\n', '\r', '\0') >= 0 ? "it holds a line break"
        : password[0] is ' ' or '\t' || password[^1] is ' ' or '\t' ? "it begins or ends with a blank, which configure-pem-server.sh drops"
        : null;

    /// <summary>Why a user cannot be named to the script; null when it can (F8: it takes its arguments apart at blanks, and unquoted).</summary>
    public static string? UserRefusal(string user) =>
        user.Length > 0 && user[0] != '-' && user.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '@') ? null
        : "configure-pem-server.sh takes names of letters, digits and _-.@ only";

    string Command()
    {
        var cluster = host.Cluster;
        // P35: everything is said, so that the password is the one question left. No argument may hold a blank (F8).
        string[] words =
        [
            $"{Base}/bin/configure-pem-server.sh", "-t", "1", "-ho", cluster.VirtualIp, "-p", cluster.Port.ToString(CultureInfo.InvariantCulture), "-su", superUser,
            "--asb-host-name", "127.0.0.1", "--replication-solution", "efm", "--replication-role", primary ? "primary" : "standby",
            "--db-unitfile", cluster.ServiceName, "--db-install-path", cluster.InstallDirectory + "/", "--skip-db-certificate",
            "-ci", cluster.MonitoredSubnet.Count > 0 ? cluster.MonitoredSubnet[0] : "0.0.0.0/0", "-acp", "/root/.pem",
            "--use-agent-sslcert", $"{SectionD.PkiFolder}/agent{host.AgentId}.crt", "--use-agent-sslkey", $"{SectionD.PkiFolder}/agent{host.AgentId}.key",
            "-aro", $"agent_id={host.AgentId}",
        ];
        return string.Join(' ', words);
    }

    string Proof => $$"""
        proof() {
            A=; H=; W=
            if up && systemctl -q is-active pemagent; then
                S=$(printf '%s\n' "SELECT a.active || ' ' || coalesce(h.last_heartbeat > now() - interval '90 s', false) FROM pem.agent a LEFT JOIN pem.agent_heartbeat h ON h.agent_id = a.id WHERE a.id = {{host.AgentId}}" | sql pem 2>/dev/null)
                case "$S" in true*) A=t;; esac; case "$S" in *' true') H=t;; esac
            elif up; then
                [ "$(echo "SELECT active FROM pem.agent WHERE id = {{host.AgentId}}" | sql pem 2>/dev/null)" = t ] && A=t
            fi
            case "$(curl -sk -m 10 -o /dev/null -w '%{http_code}' https://127.0.0.1:{{host.Cluster.WebPort}}/pem 2>/dev/null)" in 2??|3??) W=1;; esac
            :
        }
        """;
}
