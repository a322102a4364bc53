using System.Globalization;
using PemHa.Engine.Linux;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Pem;

/// <summary>What is offered besides the page that PemHa follows.</summary>
/// <param name="TemporarySuperUser">The agents' common user is a superuser while the primary is configured, as newer pages have it, instead of connecting to template1 (P30).</param>
/// <param name="RegisterEfm">The backend is registered with its EFM cluster, so that PEM monitors that too (P33).</param>
sealed record PemServerOptions(bool TemporarySuperUser = false, bool RegisterEfm = false);

/// <summary>
/// The PEM server on a data node (P33–P35), made by the vendor's script and judged by proof alone, since the script exits
/// with 0 after a fatal error too (F8): the agent's row, its service, a fresh heartbeat through the virtual IP, HTTPS.
/// </summary>
sealed class PemServer(PemHost host, bool primary, string superUser, string password, PemServerOptions options) : Resource
{
    const string Base = "/usr/edb/pem";

    /// <summary>The agent's configuration: who it is and where its certificate lies.</summary>
    public const string AgentConfig = $"{Base}/agent/etc/agent.cfg";

    /// <summary>Where the vendor's script keeps its answers, from its beginning on (F8).</summary>
    public const string InstallConfig = $"{Base}/share/.install-config";

    /// <summary>What the vendor's script takes for a sign that it configured the web server once: it does so only where this is not there, whatever became of it (F8).</summary>
    const string Wsgi = $"{Base}/web/pem.wsgi";

    /// <summary>A shell condition: the script was done here. F8: both files are there before; only its last words, in the newest log, say that it was.</summary>
    public const string Configured = $$"""
        [ -f {{InstallConfig}} ] && [ -f {{AgentConfig}} ] &&
            grep -qs 'PEM server can be accessed at' "$(ls -t {{Base}}/logs/configure-pem-server-*.log 2>/dev/null | head -n 1)"
        """;

    /// <summary>In SQL, whether a role <c>r</c> has the agents' role; it may not be there yet.</summary>
    public const string IsAgent =
        "EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE g.rolname = 'pem_agent' AND m.member = r.oid)";

    // The files are the agent's on every model but sslutils, with which PEM makes, names and renews them.
    readonly string? _file = host.Cluster.SslModel == PemSslModel.SslUtils ? null : SectionE.AgentFile(host);

    readonly string? _agentUser = host.Cluster.AgentUser;

    public override string Name => _agentUser is null && _file is not null ? $"PEM server with {SectionD.AgentRole(host)}" : "PEM server and its agent";

    public override string Probe => $"{Proof}\n" + $$"""
        {{Configured}} && fact configured 1
        proof; fact id "$I"; fact agent "$A"; fact heartbeat "$H"; fact web "$W"
        {{(_file is null ? "" : $$"""
            for k in agent_ssl_crt agent_ssl_key; do fact $k "$(sed -n "s/^$k=//p" {{AgentConfig}} 2>/dev/null | tail -n 1)"; done
            fact64 state <<E
            $(systemctl show -p ActiveState -p ActiveEnterTimestampMonotonic pemagent 2>/dev/null)
            E
            {{ServiceRunning.Written(_file + ".crt")}}
            """)}}
        {{(Settle is null ? "" : "up || exit 0\n" + SqlText.Run("postgres", $"""
            SELECT 'unsettled' || chr(9) || '=1' FROM pg_roles r WHERE rolname = {SqlText.Literal(_agentUser!)} AND (rolsuper OR NOT {IsAgent}
              OR EXISTS (SELECT FROM pg_database d, aclexplode(d.datacl) x WHERE d.datname = 'template1' AND x.grantee = r.oid AND x.privilege_type = 'CONNECT'))
            """))}}
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        bool agent = facts["agent"] == "t", heartbeat = facts["heartbeat"] == "t", web = facts["web"] == "1";
        // Certificates that were renewed, or that are another authority's now, are proven by a session that is made with them.
        var files = _file is null || (facts["agent_ssl_crt"] == _file + ".crt" && facts["agent_ssl_key"] == _file + ".key");
        var fresh = files && (_file is null || !ServiceRunning.Outdated(facts, facts["state"].Split('\n')));
        if (agent && heartbeat && web && fresh && !facts.Is("unsettled")) return null;
        var prove = $$"""
            {{Proof}}
            proven() { proof; [ "$A$H$W" = tt1 ]; }
            wait_for 60 proven || fail "PEM does not prove itself: agent ${I:-(no number)} registered: ${A:-no}, heartbeat: ${H:-no}, web: ${W:-no}; $(tail -n 2 /var/log/pem/agent.log 2>/dev/null)"
            """;
        if (agent && facts.Is("configured"))
        {
            var services = web ? "pemagent" : "pemagent nginx";
            var edit = files ? "" : $"agent_ssl_crt={_file}.crt, agent_ssl_key={_file}.key in {AgentConfig}\n";
            var settle = facts.Is("unsettled") ? Settle + "\n" : "";
            return new Change(files ? "start" : "reconnect", $"{edit}{settle}systemctl restart {services}", $$"""
                {{(files ? "" : Reconfigure)}}
                {{(Settle is null ? "" : SqlText.Run("postgres", Settle))}}
                systemctl -q enable pemagent
                {{Proof}}
                # a heartbeat from before proves nothing
                systemctl stop pemagent; proof; LAST=$B
                systemctl restart {{services}}
                {{prove}}
                """);
        }
        var command = Command(facts["id"]);
        var super = options.TemporarySuperUser && Settle is not null;
        var user = _agentUser is null ? "" : SqlText.Identifier(_agentUser);
        var shown = super ? $"ALTER ROLE {user} SUPERUSER;\n{command}\n{Settle}" : Settle is null ? command : $"{command}\n{Settle}";
        var variable = Recipe.PasswordOf(superUser);
        return new Change("configure", shown, Text($"printf '%s\\n' {Sh.Quote(Answer(password))}"))
        {
            Recipe = new Recipe(Text($"printf '%s\\n' \"${variable}\" | sed 's/[\\\\]/&&/g'")) { Secrets = [variable] },
        };

        // F8: the answers of a half-failed run would be taken for those of this one, and half a web server for a whole one.
        // Whom this host took for the virtual IP's holder is asked anew: a stranger may have had it, or a primary that is gone.
        string Text(string answer) => $$"""
            for f in {{InstallConfig}} {{AgentConfig}}{{(web ? "" : $" {Wsgi}")}}; do
                if [ -f "$f" ]; then mv "$f" "$f.pemha-$(date -u +%Y%m%dT%H%M%SZ)"; fi
            done
            ip neigh flush to {{Sh.Quote(host.Cluster.VirtualIp)}} 2>/dev/null || :
            {{(super ? $$"""
            # taken away again however this ends
            demote() { {{SqlText.Run("postgres", $"ALTER ROLE {user} NOSUPERUSER")}}; }
            trap demote EXIT
            {{SqlText.Run("postgres", $"ALTER ROLE {user} SUPERUSER")}}
            """ : "")}}
            {{answer}} | PGCONNECT_TIMEOUT=30 timeout -s KILL 900 {{command}} >"$T/configure" 2>&1 && R=0 || R=$?
            {{(super ? "demote; trap - EXIT" : "")}}
            if grep -q -e 'CRITICAL ERROR' -e '\[Error\]' "$T/configure"; then sed -n '/CRITICAL ERROR/,$p' "$T/configure" >&2; tail -n 15 "$T/configure" >&2; fail "configure-pem-server.sh gave up; its log is in {{Base}}/logs"; fi
            # It tells nothing of success, but a script that was killed proves nothing either.
            [ "$R" -le 128 ] || fail "configure-pem-server.sh was killed (status $R)"
            {{(Settle is null ? "" : SqlText.Run("postgres", Settle))}}
            {{prove}}
            """;
    }

    /// <summary>After the primary is configured, the common agent user is an agent and nothing more (P30).</summary>
    string? Settle => !primary || _agentUser is null ? null : $"""
        GRANT pem_agent TO {SqlText.Identifier(_agentUser)};
        REVOKE CONNECT ON DATABASE template1 FROM {SqlText.Identifier(_agentUser)};
        ALTER ROLE {SqlText.Identifier(_agentUser)} NOSUPERUSER;
        """;

    /// <summary>A registered agent gets other files by its configuration, as the vendor's manual describes.</summary>
    string Reconfigure => $$"""
        sed -e 's|^agent_ssl_crt=.*|agent_ssl_crt={{_file}}.crt|' -e 's|^agent_ssl_key=.*|agent_ssl_key={{_file}}.key|' {{AgentConfig}} > "$T/agent.cfg"
        grep -qx 'agent_ssl_crt={{_file}}.crt' "$T/agent.cfg" && grep -qx 'agent_ssl_key={{_file}}.key' "$T/agent.cfg" ||
            fail "{{AgentConfig}} has no lines agent_ssl_crt and agent_ssl_key"
        cp -p {{AgentConfig}} {{AgentConfig}}.pemha; cat "$T/agent.cfg" > {{AgentConfig}}.pemha; sync {{AgentConfig}}.pemha; mv {{AgentConfig}}.pemha {{AgentConfig}}
        """;

    /// <summary>A password as the script's plain <c>read</c> reads it back: it eats backslashes (F8).</summary>
    public static string Answer(string password) => password.Replace("\\", "\\\\", StringComparison.Ordinal);

    /// <summary>Why a password cannot be given to the script; null when it can (F8: <c>read</c> strips blanks at the ends).</summary>
    public static string? Refusal(string password) =>
        Role.PasswordRefusal(password) is { } why ? why
        : password[0] is ' ' or '\t' || password[^1] is ' ' or '\t' ? "it begins or ends with a blank, which configure-pem-server.sh drops"
        : null;

    /// <summary>Why a user cannot be named to the script; null when it can (F8: it takes its arguments apart at blanks, and unquoted).</summary>
    public static string? UserRefusal(string user) =>
        user.Length > 0 && user[0] != '-' && user.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '@') ? null
        : "configure-pem-server.sh takes names of letters, digits and _-.@ only";

    /// <summary>The call of the script.</summary>
    /// <param name="registered">The agent's number, where a run that was cut had registered it already: it is not to become another agent.</param>
    string Command(string registered)
    {
        var cluster = host.Cluster;
        var number = _agentUser is null && _file is not null ? host.AgentId.ToString(CultureInfo.InvariantCulture) : IsNumber(registered) ? registered : "";
        // P35: everything is said, so that the password is the one question left. No argument may hold a blank (F8).
        string[] words =
        [
            $"{Base}/bin/configure-pem-server.sh", "-t", "1", "-ho", cluster.VirtualIp, "-p", cluster.Port.ToString(CultureInfo.InvariantCulture), "-su", superUser,
            "--asb-host-name", "127.0.0.1", "--replication-solution", "efm", "--replication-role", primary ? "primary" : "standby",
            .. options.RegisterEfm ? ["-srp", $"--efm-cluster-name={cluster.Name}", "-srp", $"--efm-install-path={InstallPath(cluster)}"] : Array.Empty<string>(),
            "--db-unitfile", cluster.ServiceName, "--db-install-path", cluster.InstallDirectory + "/",
            // With sslutils a standby is told nothing of certificates: PEM has its own there already.
            .. _file is not null ? ["--skip-db-certificate"] : primary ? ["--skip-db-certificate", "--use-existing-sslutils"] : Array.Empty<string>(),
            "-ci", cluster.MonitoredSubnet.Count > 0 ? cluster.MonitoredSubnet[0] : "0.0.0.0/0", "-acp", "/root/.pem",
            .. _agentUser is { } user ? ["--use-agent-user", user] : Array.Empty<string>(),
            .. _file is not null ? ["--use-agent-sslcert", $"{_file}.crt", "--use-agent-sslkey", $"{_file}.key"] : Array.Empty<string>(),
            .. number.Length > 0 ? ["-aro", $"agent_id={number}"] : Array.Empty<string>(),
        ];
        return string.Join(' ', words);
    }

    static string InstallPath(PemCluster cluster) => cluster.EfmCommand[..(cluster.EfmCommand.LastIndexOf("/bin/", StringComparison.Ordinal) + 1)];

    static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);

    /// <summary>The number is the one in the agent's configuration: PEM gives it where we do not.</summary>
    string Proof => $$"""
        proof() {
            A=; H=; W=; B=
            I=$(sed -n 's/^agent_id=//p' {{AgentConfig}} 2>/dev/null | tail -n 1); case "$I" in *[!0-9]*) I=;; esac
            if [ -n "$I" ] && up; then
                S=$(printf '%s\n' "SELECT a.active || ' ' || coalesce(h.last_heartbeat > now() - interval '90 s' AND h.last_heartbeat::text <> '${LAST-}', false) || ' ' || coalesce(h.last_heartbeat::text, '') FROM pem.agent a LEFT JOIN pem.agent_heartbeat h ON h.agent_id = a.id WHERE a.id = $I" | sql pem 2>/dev/null) || S=
                B=${S#* * }
                case "$S" in true*) A=t;; esac
                case "$S" in *' true '*) systemctl -q is-active pemagent && H=t;; esac
            fi
            case "$(curl -sk -m 10 -o /dev/null -w '%{http_code}' https://127.0.0.1:{{host.Cluster.WebPort}}/pem 2>/dev/null)" in 2??|3??) W=1;; esac
            :
        }
        """;
}
