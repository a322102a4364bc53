using System.Globalization;
using System.Text;
using PemHa.Engine.Assumptions;
using PemHa.Engine.Certificates;
using PemHa.Engine.Linux;
using PemHa.Engine.Pem;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Section E: agents and PEM.</summary>
static class SectionE
{
    /// <summary>
    /// New-PemAgentUser: P30. The role may connect to template1 only until an agent uses it; from then on this step
    /// changes nothing. Only Install-PemServer, which knows the version, makes it a superuser as newer versions of PEM
    /// require; where a killed run left that attribute behind, this step removes it.
    /// </summary>
    public static Step AgentUser(PemCluster cluster, IReadOnlyList<PemHost> hosts, PemHost primary)
    {
        if (cluster.AgentUser is not { } user) return new("New-PemAgentUser", cluster, []);
        const string Template = "EXISTS (SELECT FROM pg_database d, aclexplode(d.datacl) x WHERE d.datname = 'template1' AND x.grantee = r.oid AND x.privilege_type = 'CONNECT')";
        return new("New-PemAgentUser", cluster,
        [
            new Phase("agents", [.. hosts.Where(h => h.Role != PemRole.Witness)], host => [AgentIdentity(host)]),
            new Phase("role", [primary], host =>
            [
                Database.IsPrimary(host),
                new Role(SshSession.Of(host).Redactor)
                {
                    RoleName = user,
                    Attributes = ["LOGIN", "NOSUPERUSER"],
                    Privileges = [($"({PemServer.IsAgent}) OR {Template}", $"GRANT CONNECT ON DATABASE template1 TO {SqlText.Identifier(user)}")],
                },
            ]),
        ]);
    }

    /// <summary>Install-PemServer: P30, P32–P35, F8.</summary>
    public static Step Server(PemCluster cluster, IReadOnlyList<PemHost> hosts, PemHost primary, string user, string password, PemServerOptions? options = null)
    {
        // The agents' common user does not stay a superuser, and this one has to.
        if (user == cluster.AgentUser)
            throw new PemException("AgentUserUnfit", Trouble.InvalidArgument,
                $"{user} cannot be PEM's superuser and the agents' common user at once.",
                "Give Install-PemServer another -Credential, or New-PemCluster another -AgentUser.");

        IReadOnlyList<PemHost> data = [.. hosts.Where(h => h.Role != PemRole.Witness)];
        var answer = PemServer.Answer(password);
        foreach (var host in data)
            SshSession.Of(host).Redactor.Add(password, Sh.Quote(password), answer, Sh.Quote(answer));
        var choice = options ?? new PemServerOptions();
        PemServer Pem(PemHost host) => new(host, host == primary, user, password, choice);
        return new("Install-PemServer", cluster,
        [
            new Phase("prerequisites", [primary], host => [VirtualIpHeld(host), .. cluster.AgentUser is null ? [] : new[] { AgentUserThere(host) }]),
            .. cluster.AgentUser is { } common
                ? [
                    new Phase("common agent user", [primary],
                        host => [Database.IsPrimary(host), new CommonUserDemoted(common)]),
                ]
                : Array.Empty<Phase>(),
            new Phase("packages", data, host =>
            [
                .. choice.RegistersEfm ? [EfmPathThere(host, choice.EfmPath(cluster))] : Array.Empty<Resource>(),
                Database.IsUp(host), AgentIdentity(host), cluster.SslModel == PemSslModel.SslUtils ? SslUtilsReady(host) : AgentCertificate(host), Rules(host),
                new Packages(["edb-pem"]) { Options = "--allowerasing", Makes = ("edb-pem", "pem") },
            ]),
            // Check what the package installed before anything depends on it.
            new Phase("products", data, host => [.. Register.Guards("Install-PemServer", host)]),
            new Phase("role", [primary], host =>
            [
                Database.IsPrimary(host),
                new Role(SshSession.Of(host).Redactor) { RoleName = user, Attributes = ["LOGIN", "SUPERUSER"], Password = password },
            ]),
            new Phase("primary", [primary], host => [Pem(host)]),
            // P34: one after another, since each registers itself in the database of all.
            new Phase("standbys", [.. data.Where(h => h != primary)], host => [Pem(host)], OneByOne: true),
            new Phase("PEM's own tables", [primary],
                host => [new PemServersFlagged(cluster, data.Count), new CertificateJob(cluster.SslModel)]),
        ]);
    }

    /// <summary>Enable-PemUserSettings: P36, T19. Every web host keeps what its users set in one database of the backend.</summary>
    public static Step Settings(PemCluster cluster, IReadOnlyList<PemHost> hosts, PemHost primary, string user, string password)
    {
        IReadOnlyList<PemHost> data = [.. hosts.Where(h => h.Role != PemRole.Witness)];
        var uri = UserSettings.Uri(cluster, user, password);
        foreach (var host in data) SshSession.Of(host).Redactor.Add(password, Uri.EscapeDataString(password), PgPass.Escape(password), uri);
        return new("Enable-PemUserSettings", cluster,
        [
            new Phase("prerequisites", data, host =>
            [
                .. Register.Guards("Enable-PemUserSettings", host),
                .. host == primary ? [Database.IsPrimary(host)] : Array.Empty<Resource>(), Database.IsUp(host), Database.HasSsl(host), WebApplicationThere(host),
            ]),
            new Phase("role and database", [primary], host =>
            [
                new Role(SshSession.Of(host).Redactor) { RoleName = user, Attributes = ["LOGIN"], Password = password },
                new UserSettingsDatabase(user),
            ]),
            new Phase("rules", data, host =>
            {
                var rules = Common.Rules(cluster, "user-settings", SettingsRules(cluster, user));
                return [rules, new ServerLoaded(host) { After = [rules], ReloadOnly = true }];
            }),
            new Phase("web application", data, host =>
            {
                var file = new WebConfiguration
                {
                    Path = UserSettings.ConfigurationFile,
                    // The application reads it; nobody else is to, for the password in it.
                    Owner = "root:pem",
                    Mode = "640",
                    EnforceMode = true,
                    Uri = uri,
                    Cluster = cluster,
                    UserName = user,
                };
                var service = new ServiceRunning(UserSettings.Service) { After = [file], Reads = UserSettings.ConfigurationFile };
                return [SettingsLogin(host, user, password), new SelinuxPolicy(), file, service, new WebAnswers(host) { After = [service] }];
                // The first of them makes the tables, which two at once would both begin to; and a file that one cannot read stays alone.
            }, OneByOne: true),
        ]);
    }

    /// <summary>
    /// The web hosts are the data nodes, and come with the virtual IP as well (T12). Kept out of every other database by name, the role needs
    /// no privilege of PUBLIC's to be taken from others there (T19).
    /// </summary>
    static List<string> SettingsRules(PemCluster cluster, string user)
    {
        var name = SectionB.HbaName(user);
        return
        [
            .. Common.DataAddresses(cluster).Prepend("127.0.0.1").Select(a => $"{UserSettings.DatabaseName} {name} {HbaFile.Single(a)} scram-sha-256"),
            $"host all {name} all reject",
        ];
    }

    /// <summary>A login as the web application's own; only this tells that no rule of somebody else's comes first.</summary>
    static Requirement SettingsLogin(PemHost host, string user, string password)
    {
        var cluster = host.Cluster;
        var connection = string.Create(CultureInfo.InvariantCulture,
            $"host={cluster.VirtualIp} port={cluster.Port} user={Conninfo.Quote(user)} dbname={UserSettings.DatabaseName} sslmode=require connect_timeout=10");
        return new($"login of {user}", $$"""
            umask 077
            base64 -d > "$T/settings.pass" <<'PEMHA'
            {{Convert.ToBase64String(Encoding.Latin1.GetBytes($"*:*:*:*:{PgPass.Escape(password)}\n"))}}
            PEMHA
            S=$(PGPASSFILE=$T/settings.pass timeout 20 "$PGBIN/psql" -wqAtX -d {{Sh.Quote(connection)}} -c 'SELECT 1' 2>&1 </dev/null)
            fact64 said <<E
            $S
            E
            """, facts =>
            facts["said"].Trim() == "1" ? null
            : new PemException("UserSettingsRefused", Trouble.AuthenticationError,
                $"{user} cannot log in to {UserSettings.DatabaseName} at {cluster.VirtualIp} from {host.Name}: {facts["said"].Trim()}",
                $"See whether a rule above PemHa's in the primary's pg_hba.conf comes first (pg_hba_file_rules), and whether {host.Name} reaches the virtual IP."));
    }

    static Requirement WebApplicationThere(PemHost host)
    {
        var folder = UserSettings.ConfigurationFile[..UserSettings.ConfigurationFile.LastIndexOf('/')];
        return new("PEM's web application",
            $"{PemVersion.Probe}\n[ -d {folder} ] && [ -f {PemServer.AgentConfig} ] && "
                + $"systemctl cat {UserSettings.Service} >/dev/null 2>&1 && fact there 1\n:",
            facts => facts.Is("there")
                ? PemVersion.Refusal(PemVersion.Find(facts), host)
                : new PemException(
                    "WebMissing",
                    Trouble.ObjectNotFound,
                    $"The PEM web application is not configured on {host.Name}.",
                    "Run Install-PemServer first."));
    }

    /// <summary>Set-PemWebApplication: P37.</summary>
    public static Step Web(PemCluster cluster, IReadOnlyList<PemHost> hosts)
    {
        IReadOnlyList<PemHost> data = [.. hosts.Where(h => h.Role != PemRole.Witness)];
        return new("Set-PemWebApplication", cluster,
        [
            new Phase("products", data, host => [.. Register.Guards("Set-PemWebApplication", host)]),
            new Phase("web application", data, host =>
            [
                new FirewallPorts(cluster.FirewallZone, [cluster.WebPort]),
                new SelinuxPolicy(),
                // First the files: with a new key beside an old certificate, as a run that was cut leaves them, the web server does not start.
                new WebCertificate(host),
                // configure-pem-server.sh starts the web server, but a reboot would end it.
                new ServiceRunning("nginx"),
            ]),
            // Whoever holds the virtual IP has to be done for that; with a part of the nodes nobody can tell.
            new Phase("login page", cluster.DataNodes.All(data.Contains) ? data : [], host => [WebCertificate.AtVirtualIp(host)]),
        ]);
    }

    /// <summary>
    /// R27: the page and the vendor's automation give different paths; with either one, EFM's command has to be below
    /// it.
    /// </summary>
    static Requirement EfmPathThere(PemHost host, string path)
    {
        var folder = path.TrimEnd('/');
        return new("EFM's path for PEM",
            $"P={Sh.Quote(path)}; P=${{P%/}}; "
                + "for f in \"$P/bin/efm\" \"$P/efm\"; do [ ! -x \"$f\" ] || fact there 1; done",
            facts => facts.Is("there") ? null
                : new PemException(
                    "EfmPathUnfit",
                    Trouble.InvalidArgument,
                    $"{host.Name} has neither {folder}/bin/efm nor {folder}/efm, so PEM could not ask EFM.",
                    "Give -EfmInstallPath the directory of EFM's version, such as /usr/edb/efm-5.2/, "
                        + "or of its programs; install EFM first (Install-PemEpas)."));
    }

    static Requirement VirtualIpHeld(PemHost host) => new("virtual IP on the primary",
        $"ip -o addr | grep -qF {Sh.Quote($" {host.Cluster.VirtualIp}/")} && fact held 1\n:", facts =>
        facts.Is("held") ? null
        : new PemException("VirtualIpMissing", Trouble.InvalidOperation, $"The primary, {host.Name}, does not hold the virtual IP {host.Cluster.VirtualIp}.",
            "Run New-PemEfmCluster first; PEM is configured through the virtual IP."));

    static Requirement AgentCertificate(PemHost host) => new("agent certificate", $"[ -s {AgentFile(host)}.key ] && fact there 1\n:", facts =>
        facts.Is("there") ? null : new PemException("CertificateMissing", Trouble.ObjectNotFound, $"{host.Name} has no certificate for {SectionD.AgentRole(host)}.", "Run New-PemCertificate first."));

    /// <summary>Certificate and key of a node's agent, without their endings, where they are ours and not PEM's.</summary>
    internal static string AgentFile(PemHost host) => $"{SectionD.PkiFolder}/{SectionD.AgentRole(host)}";

    /// <summary>P23: whichever node is the primary, PEM finds the extension there and the authority that it signs with.</summary>
    static Requirement SslUtilsReady(PemHost host) => new("sslutils and its authority", $"""
        rpm -q --quiet {Sh.Quote($"{host.Cluster.ServerPackage}-sslutils")} && fact package 1
        [ -s "$PGDATA/{SslUtilsAuthority.CertificateFile}" ] && [ -s "$PGDATA/{SslUtilsAuthority.KeyFile}" ] && fact authority 1
        :
        """, facts =>
        !facts.Is("package") ? new PemException("SslUtilsMissing", Trouble.ObjectNotFound, $"{host.Name} has no package {host.Cluster.ServerPackage}-sslutils.",
            "Run Install-PemEpas, which installs it for a cluster described with -SslModel SslUtils.")
        : facts.Is("authority") ? null
        : new PemException("CertificateMissing", Trouble.ObjectNotFound, $"{host.Name} has no {SslUtilsAuthority.CertificateFile} and {SslUtilsAuthority.KeyFile} in {host.Cluster.DataDirectory}.",
            "Run New-PemCertificate first."));

    static Requirement AgentUserThere(PemHost host) => new("the agents' common user",
        "up || exit 0\n" + SqlText.Run("postgres", $"SELECT 'there' || chr(9) || '=1' FROM pg_roles WHERE rolname = {SqlText.Literal(host.Cluster.AgentUser!)} AND rolcanlogin"), facts =>
        facts.Is("there") ? null : new PemException("AgentUserMissing", Trouble.ObjectNotFound, $"There is no role {host.Cluster.AgentUser} that may log in.", "Run New-PemAgentUser first."));

    /// <summary>
    /// An agent that is registered stays who it is: it keeps its number for good (P31), so hosts described in another order must not trade
    /// them, and nobody turns a role of its own into a common one, or its files into PEM's, under it.
    /// </summary>
    internal static Requirement AgentIdentity(PemHost host) => new("agent's identity", $"""
        A={PemServer.AgentConfig}
        for k in agent_id agent_user agent_ssl_crt; do fact $k "$(sed -n "s/^$k=//p" $A 2>/dev/null | tail -n 1)"; done
        for f in {SectionD.PkiFolder}/agent[0-9]*.crt; do n=$(basename "$f" .crt); [ ! -f "$f" ] || fact issued "${"{n#agent}"}"; done
        """, facts => Refusal(host, facts["agent_id"], facts["agent_user"], facts["agent_ssl_crt"], facts["issued"]));

    /// <summary>Why an agent does not go with the description of its cluster; null when it does, or when there is none yet.</summary>
    /// <param name="id">Its number, as its configuration says; empty before it is registered.</param>
    /// <param name="user">Its role; empty for the one that its number names.</param>
    /// <param name="certificate">The path of its certificate.</param>
    /// <param name="issued">The number in the name of a certificate that was made for it.</param>
    static PemException? Refusal(PemHost host, string id, string user, string certificate, string issued)
    {
        var cluster = host.Cluster;
        var own = cluster.AgentUser is null && cluster.SslModel != PemSslModel.SslUtils;
        var number = host.AgentId.ToString(CultureInfo.InvariantCulture);
        if (id.Length > 0)
        {
            var role = user.Length > 0 ? user : $"agent{id}";
            if (role != (cluster.AgentUser ?? $"agent{id}"))
                return new PemException("AgentUserDiffers", Trouble.InvalidArgument,
                    $"The agent of {host.Name} logs in as {role}, but {(cluster.AgentUser is { } common ? $"{common} is described for all of them" : "each is described to have a role of its own")}.",
                    $"Describe it as it is: New-PemCluster {(role == $"agent{id}" ? "without -AgentUser" : $"-AgentUser {role}")}. An agent gets another role only by being registered anew: uninstall PEM on every data node (configure-pem-server.sh -un) first.");
            if (cluster.SslModel == PemSslModel.SslUtils && certificate.StartsWith(SectionD.PkiFolder + "/", StringComparison.Ordinal))
                return new PemException("SslModelDiffers", Trouble.InvalidArgument, $"The agent of {host.Name} has a certificate of ours, {certificate}; with sslutils PEM issues it when an agent registers.",
                    "Describe the model as it is: New-PemCluster -SslModel LocalCA or ExternalCA. For sslutils the agents have to be registered anew: uninstall PEM on every data node (configure-pem-server.sh -un) first.");
        }
        var known = id.Length > 0 ? id : issued;
        return !own || known.Length == 0 || known == number ? null
            : new PemException("AgentNumberChanged", Trouble.InvalidArgument, $"{host.Name} is agent{known}, but is described as number {number} of the data nodes.",
                "Describe the data nodes in the order in which the cluster was built; who is the primary now is found out by asking.");
    }

    static Requirement Rules(PemHost host) => new("PEM's HBA rules", $"""
        F=$(pg_file hba_file pg_hba.conf)
        # a file may have the line ends of another system
        tr -d '\r' < "$F" 2>/dev/null > "$T/pem.rules"
        grep -qx '# BEGIN PemHa pem' "$T/pem.rules" && fact there 1
        {(host.Cluster.AgentUser is { } user ? $"grep -qxF {Sh.Quote("hostssl " + SectionD.AgentRule(user, host.Address))} \"$T/pem.rules\" && fact agent 1" : "fact agent 1")}
        :
        """, facts =>
        facts.Is("there") && facts.Is("agent") ? null
        : new PemException("HbaMissing", Trouble.ObjectNotFound, $"{host.Name} has no HBA rules for {(facts.Is("there") ? host.Cluster.AgentUser : "PEM")}.", "Run Set-PemHba first."));
}
