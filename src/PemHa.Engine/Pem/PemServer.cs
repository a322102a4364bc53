using System.Globalization;
using PemHa.Engine.Linux;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Pem;

/// <summary>What is decided by the user instead of by the version of PEM.</summary>
/// <param name="TemporarySuperUser">
/// Whether the agents' common user is a superuser while the primary is configured (R20, R21); null for what the
/// installed version wants.
/// </param>
/// <param name="RegisterEfm">
/// Whether the backend is registered with its EFM cluster, so that PEM monitors that too (R22, R23); null for yes, as
/// every version that has the options for high availability has <c>-srp</c> as well (R26).
/// </param>
/// <param name="EfmInstallPath">
/// Where EFM is for PEM's probes; null for its version's directory, as the page has it. The vendor's own automation
/// gives the directory of the programs instead (R27).
/// </param>
sealed record PemServerOptions(bool? TemporarySuperUser = null, bool? RegisterEfm = null, string? EfmInstallPath = null)
{
    /// <summary>Whether the script is given the EFM cluster.</summary>
    public bool RegistersEfm => RegisterEfm ?? true;

    /// <summary>The value of <c>--efm-install-path</c>.</summary>
    public string EfmPath(PemCluster cluster) =>
        EfmInstallPath ?? cluster.EfmCommand[..(cluster.EfmCommand.LastIndexOf("/bin/", StringComparison.Ordinal) + 1)];

    /// <summary>
    /// A path that can be given to the script, as a regular expression (F8: it takes its arguments apart at blanks, and
    /// unquoted).
    /// </summary>
    public const string PlainPath = "(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+/?";

    /// <summary>The same in words.</summary>
    public const string PlainPathForm = "an absolute path of letters, digits and ._- only, without ..";
}

/// <summary>
/// The PEM server on a data node (P33–P35), made by the vendor's script and judged by proof alone, since the script
/// exits with 0 after a fatal error too (F8): the agent's row, its service, a fresh heartbeat through the virtual IP,
/// the worker's own verification (A5), HTTPS; and that the agent can do what the PEM server's has to do, as after a
/// failover it is that (A10).
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

    const string Worker = $"{Base}/agent/bin/pemworker";

    /// <summary>
    /// How long a heartbeat is waited for: they come every 30 s before PEM 10.6 and every 15 s from it, and a lost
    /// session is tried again after 30 s (B20).
    /// </summary>
    const int HeartbeatPatience = 120;

    /// <summary>
    /// What an agent that serves PEM has in its configuration, and one that only monitors has not (A9, A10).
    /// </summary>
    static readonly string[] Serving =
        ["alert_threads=1", "enable_smtp=true", "enable_snmp=true", "enable_webhook=true"];

    /// <summary>
    /// A shell condition: the script was done here. F8: both files are there before; only its last words, in the newest
    /// log, say that it was. In upgrade mode it need not say them again (B19): then an earlier log has them, and the
    /// newest has no error.
    /// </summary>
    public const string Configured = $$"""
        [ -f {{InstallConfig}} ] && [ -f {{AgentConfig}} ] && {
            _log=$(ls -t {{Base}}/logs/configure-pem-server-*.log 2>/dev/null | head -n 1)
            grep -qs 'PEM server can be accessed at' "$_log" || {
                grep -qs 'upgrade mode' "$_log" && ! grep -qsF '[Error]' "$_log" &&
                    grep -qs 'PEM server can be accessed at' {{Base}}/logs/configure-pem-server-*.log
            }
        }
        """;

    /// <summary>In SQL, whether a role <c>r</c> has the agents' role; it may not be there yet.</summary>
    public const string IsAgent =
        "EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE g.rolname = 'pem_agent' AND m.member = r.oid)";

    // The files are the agent's on every model but sslutils, with which PEM makes, names and renews them.
    readonly string? _file = host.Cluster.SslModel == PemSslModel.SslUtils ? null : SectionE.AgentFile(host);

    readonly string? _agentUser = host.Cluster.AgentUser;

    public override string Name => _agentUser is null && _file is not null ? $"PEM server with {SectionD.AgentRole(host)}" : "PEM server and its agent";

    public override string Probe => $"{Proof}\n" + $$"""
        {{PemVersion.Probe}}
        [ ! -f {{InstallConfig}} ] || fact answers 1
        {{Configured}} && fact configured 1
        proof; fact id "$I"; fact agent "$A"; fact heartbeat "$H"; fact verified "$V"; fact web "$W"
        fact lacking "$(lacking)"
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
        var version = PemVersion.Find(facts);
        if (PemVersion.Refusal(version, host) is { } tooOld) throw tooOld;
        bool agent = facts["agent"] == "t", heartbeat = facts["heartbeat"] == "t";
        bool verified = facts["verified"] == "0", web = facts["web"] == "1";
        // What the host says is shown and compared, but never part of a command.
        var lacking = Serving.Where(s => facts["lacking"].Split(' ').Contains(s)).ToList();
        // Certificates that were renewed, or that are another authority's now, are proven by a session that is made with them.
        var files = _file is null || (facts["agent_ssl_crt"] == _file + ".crt" && facts["agent_ssl_key"] == _file + ".key");
        var fresh = files && (_file is null || !ServiceRunning.Outdated(facts, facts["state"].Split('\n')));
        if (agent && heartbeat && verified && web && fresh && lacking.Count == 0 && !facts.Is("unsettled")) return null;
        var prove = $$"""
            {{Proof}}
            proven() { proof; [ "$A$H$V$W" = tt01 ]; }
            wait_for {{HeartbeatPatience}} proven || {
                S="agent ${I:-(no number)} registered: ${A:-no}, heartbeat: ${H:-no}, verified: ${V:-no}, web: ${W:-no}"
                fail "PEM does not prove itself: $S;" \
                    "$(cat "$T/verified" /var/log/pem/agent.log 2>/dev/null | tail -n 3)"
            }
            """;
        // B19: in upgrade mode the script's last words may be missing, but then the agent is alive and the web
        // application, which is configured last, answers.
        if (agent && (facts.Is("configured") || (facts.Is("answers") && heartbeat && web)))
        {
            var services = web ? "pemagent" : "pemagent nginx";
            string[] pair = files ? [] : [$"agent_ssl_crt={_file}.crt", $"agent_ssl_key={_file}.key"];
            string[] set = [.. pair, .. lacking];
            var edit = set.Length == 0 ? "" : $"{string.Join(", ", set)} in {AgentConfig}\n";
            var settle = facts.Is("unsettled") ? Settle + "\n" : "";
            return new Change(files ? "start" : "reconnect", $"{edit}{settle}systemctl restart {services}", $$"""
                {{(set.Length == 0 ? "" : $"{SetAgent}\nset_agent {Sh.Join(set)}")}}
                {{(Settle is null ? "" : SqlText.Run("postgres", Settle))}}
                systemctl -q enable pemagent
                {{Proof}}
                # a heartbeat from before proves nothing
                systemctl stop pemagent; proof; LAST=$B
                systemctl restart {{services}}
                {{prove}}
                """);
        }
        var command = Command();
        var super = Settle is not null && (options.TemporarySuperUser ?? PemVersion.WantsSuperUser(version));
        // An interrupted run may have registered the agent already; registering again would then create a second agent.
        // If PemHa assigns the agent's number, the script reuses it. Otherwise there is no documented option for that
        // (K32), so the agent is unregistered first, with the vendor's command (A8).
        var unregister = agent && !OwnNumber;
        // If the web application responds, the node was configured completely, and the agent may merely have been
        // stopped and its logs deleted. Try to start it first: a new registration would lose its history in PEM.
        var mayLive = unregister && web;
        string Revived(string otherwise) => !mayLive ? otherwise : $$"""
            {{Proof}}
            {{SetAgent}}
            alive() { proof; [ "$A$H" = tt ]; }
            systemctl start pemagent 2>/dev/null || :
            if wait_for 60 alive; then
                {{(Settle is null ? "" : SqlText.Run("postgres", Settle))}}
                if [ -n "$(lacking)" ]; then set_agent $(lacking); systemctl restart pemagent; fi
                {{prove}}
            else
            {{otherwise}}
            fi
            """;
        var user = _agentUser is null ? "" : SqlText.Identifier(_agentUser);
        var shown = super ? $"ALTER ROLE {user} SUPERUSER;\n{command}\n{Settle}" : Settle is null ? command : $"{command}\n{Settle}";
        var variable = Recipe.PasswordOf(superUser);
        var answer = $"printf '%s\\n\\n\\n' {Sh.Quote(Answer(password))}";
        var byHand = $"printf '%s\\n\\n\\n' \"${variable}\" | sed 's/[\\\\]/&&/g'";
        if (unregister) shown = $"{Unregister}\n{shown}";
        if (mayLive) shown = $"systemctl start pemagent\n# only if no heartbeat arrives:\n{shown}";
        return new Change("configure", shown, Revived(Text(answer, Sh.Quote(password))))
        {
            Recipe = new Recipe(Revived(Text(byHand, $"\"${variable}\""))) { Secrets = [variable] },
        };

        // Remove what a failed run left behind (F8): the script would reuse its saved answers and its incomplete web
        // server. Flush the neighbour entry of the virtual IP, which may still point to an earlier holder. Two empty
        // lines follow the password: in HA mode the page passes neither the agents' network nor their certificate
        // directory, and an empty answer selects the default if the script asks for them (K1, K6, F8).
        string Text(string answer, string clear) => $$"""
            {{(unregister ? $$"""
            PEM_SERVER_PASSWORD={{clear}} timeout 60 {{Unregister}} >"$T/unregistered" 2>&1 ||
                echo "the agent of a run that was cut stays registered: $(tail -n 1 "$T/unregistered")"
            """ : "")}}
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
            {{Proof}}
            {{SetAgent}}
            if [ -f {{AgentConfig}} ] && [ -n "$(lacking)" ]; then set_agent $(lacking); systemctl restart pemagent; fi
            {{prove}}
            """;
    }

    /// <summary>After the primary is configured, the common agent user is an agent and nothing more (P30).</summary>
    string? Settle => !primary || _agentUser is null ? null : $"""
        GRANT pem_agent TO {SqlText.Identifier(_agentUser)};
        REVOKE CONNECT ON DATABASE template1 FROM {SqlText.Identifier(_agentUser)};
        ALTER ROLE {SqlText.Identifier(_agentUser)} NOSUPERUSER;
        """;

    /// <summary>
    /// A registered agent gets other files and duties by its configuration, as the vendor's manual describes (L6, A9).
    /// </summary>
    const string SetAgent = $$"""
        # set_agent KEY=VALUE...: each in its line, or at the end where it has none
        set_agent() {
            cat {{AgentConfig}} > "$T/agent.cfg"
            for _s in "$@"; do
                if grep -q "^${_s%%=*}=" "$T/agent.cfg"
                then sed -i "s|^${_s%%=*}=.*|$_s|" "$T/agent.cfg"
                else printf '%s\n' "$_s" >> "$T/agent.cfg"
                fi
            done
            cp -p {{AgentConfig}} {{AgentConfig}}.pemha; cat "$T/agent.cfg" > {{AgentConfig}}.pemha
            sync {{AgentConfig}}.pemha; mv {{AgentConfig}}.pemha {{AgentConfig}}
        }
        """;

    string Unregister => $"{Worker} --unregister-agent --pem-user {superUser}";

    /// <summary>Whether the agent's number is given by us, as its certificate is made for it (P31).</summary>
    bool OwnNumber => _agentUser is null && _file is not null;

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

    /// <summary>
    /// The call of the script: word for word what the newest page has for this role and SSL model (C1n, R22, R23), as
    /// from PEM 10.5 on options that do not go together are refused (K32). No argument may hold a blank (F8).
    /// </summary>
    string Command()
    {
        var cluster = host.Cluster;
        string[] words =
        [
            $"{Base}/bin/configure-pem-server.sh", "-t", "1", "-ho", cluster.VirtualIp, "-p", cluster.Port.ToString(CultureInfo.InvariantCulture), "-su", superUser,
            "--asb-host-name", "127.0.0.1", "--replication-solution", "efm", "--replication-role", primary ? "primary" : "standby",
            .. options.RegistersEfm
                ? [
                    "-srp", $"--efm-cluster-name={cluster.Name}",
                    "-srp", $"--efm-install-path={options.EfmPath(cluster)}",
                ]
                : Array.Empty<string>(),
            "--db-unitfile", cluster.ServiceName, "--db-install-path", cluster.InstallDirectory + "/",
            // A standby is told nothing of the database's certificates, in any model (R23).
            .. primary ? ["--skip-db-certificate"] : Array.Empty<string>(),
            .. primary && _file is null ? ["--use-existing-sslutils"] : Array.Empty<string>(),
            .. _agentUser is { } user ? ["--use-agent-user", user] : Array.Empty<string>(),
            .. _file is not null ? ["--use-agent-sslcert", $"{_file}.crt", "--use-agent-sslkey", $"{_file}.key"] : Array.Empty<string>(),
            .. OwnNumber
                ? ["-aro", string.Create(CultureInfo.InvariantCulture, $"agent_id={host.AgentId}")]
                : Array.Empty<string>(),
        ];
        return string.Join(' ', words);
    }

    /// <summary>The long options that the script is given in a cluster; the guard of its text asks for them.</summary>
    public static IReadOnlyList<string> LongOptions(PemCluster cluster) =>
    [
        "--asb-host-name", "--replication-solution", "--replication-role", "--db-unitfile", "--db-install-path",
        "--skip-db-certificate",
        .. cluster.SslModel == PemSslModel.SslUtils
            ? ["--use-existing-sslutils"]
            : new[] { "--use-agent-sslcert", "--use-agent-sslkey" },
        .. cluster.AgentUser is null ? Array.Empty<string>() : ["--use-agent-user"],
    ];

    /// <summary>The number is the one in the agent's configuration: PEM gives it where we do not.</summary>
    string Proof => $$"""
        cfg() { sed -n "s/^$1=//p" {{AgentConfig}} 2>/dev/null | tail -n 1; }
        # which of the settings of an agent that serves PEM this one has not
        lacking() {
            case "$(cfg alert_threads)" in ''|0|*[!0-9]*) printf 'alert_threads=1 ';; esac
            for _k in enable_smtp enable_snmp enable_webhook; do [ "$(cfg $_k)" = true ] || printf '%s=true ' $_k; done
        }
        proof() {
            A=; H=; V=; W=; B=
            I=$(cfg agent_id); case "$I" in *[!0-9]*) I=;; esac
            if [ -n "$I" ] && up; then
                S=$(printf '%s\n' "SELECT a.active || ' ' || coalesce(h.last_heartbeat > now() - interval '90 s' AND h.last_heartbeat::text <> '${LAST-}', false) || ' ' || coalesce(h.last_heartbeat::text, '') FROM pem.agent a LEFT JOIN pem.agent_heartbeat h ON h.agent_id = a.id WHERE a.id = $I" | sql pem 2>/dev/null) || S=
                B=${S#* * }
                case "$S" in true*) A=t;; esac
                case "$S" in *' true '*) systemctl -q is-active pemagent && H=t;; esac
            fi
            # by the agent's own certificate (A5); there is nothing to verify before it beats
            if [ -n "$H" ]; then
                V=0; timeout 30 {{Worker}} --verify-registration >"$T/verified" 2>&1 </dev/null || V=$?
                # what else it may end with is not about the registration
                case $V in [123]) ;; *) V=0 ;; esac
            fi
            case "$(curl -sk -m 10 -o /dev/null -w '%{http_code}' https://127.0.0.1:{{host.Cluster.WebPort}}/pem 2>/dev/null)" in 2??|3??) W=1;; esac
            :
        }
        """;
}
