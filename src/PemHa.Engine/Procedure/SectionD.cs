using System.Globalization;
using PemHa.Engine.Certificates;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Section D: TLS and HBA.</summary>
static class SectionD
{
    /// <summary>Where the agents' and the web server's certificates are kept on a node.</summary>
    public const string PkiFolder = "/etc/pki/pemha";

    static readonly Dictionary<string, string> SslSettings = new(StringComparer.Ordinal)
    {
        ["ssl"] = "on",
        ["ssl_ca_file"] = "root.crt",
        ["ssl_cert_file"] = "server.crt",
        ["ssl_key_file"] = "server.key",
    };

    /// <summary>Where there is a list of revoked certificates (P25).</summary>
    static readonly Dictionary<string, string> RevocationSettings = new(StringComparer.Ordinal) { ["ssl_crl_file"] = "root.crl" };

    /// <summary>New-PemCertificate: P24, P30, P31, T14; the same for every source of certificates (P23).</summary>
    public static Step Certificates(PemCluster cluster, IReadOnlyList<PemHost> hosts, CertificateSource source, TimeSpan validity, bool replace)
    {
        var authority = source as SslUtilsAuthority;
        // A runbook that is stopped asks the primary for sslutils' pair when it goes on: nobody has it sooner.
        IReadOnlyList<PemHost> data = [.. hosts.Where(h => h.Role != PemRole.Witness).OrderBy(h => authority is not null && h != authority.Primary)];
        return new("New-PemCertificate", cluster,
        [
            // What is there is looked at everywhere before anything is made anywhere.
            new Phase("what is there", data, host => [SectionE.AgentIdentity(host), .. authority is null ? [] : new[] { authority.Look(host) }]),
            new Phase("certificates", data, host =>
            [
                .. authority is null ? [] : new[] { new SslUtilsFiles(authority, host, replace) },
                .. Specs(host).Select(spec => Files(host, spec)),
                new RevocationFile(source, host, replace),
            ]),
        ]);

        CertificateFiles Files(PemHost host, CertificateRequestSpec spec)
        {
            var server = spec.Purpose == CertificatePurpose.Server;
            var path = server ? $"{cluster.DataDirectory}/server" : spec.Purpose == CertificatePurpose.Web ? $"{PkiFolder}/web" : $"{PkiFolder}/{spec.CommonName}";
            return new(source, SshSession.Of(host).Redactor)
            {
                CertificatePath = path + ".crt",
                KeyPath = path + ".key",
                RootPath = $"{(server ? cluster.DataDirectory : PkiFolder)}/root.crt",
                Owner = server ? Common.Owner(cluster) : "root:root",
                Spec = spec,
                Validity = validity,
                ReplaceAuthority = replace,
                MakeFolder = !server,
            };
        }
    }

    /// <summary>The certificates that a data node needs. With sslutils PEM issues the agents' when they register.</summary>
    public static IReadOnlyList<CertificateRequestSpec> Specs(PemHost host)
    {
        var cluster = host.Cluster;
        // verify-full works for the node's own address and name, and for the virtual IP wherever it is.
        IReadOnlyList<string> names = cluster.SslModel == PemSslModel.ExternalCA
            // Of yours no more is asked than that.
            ? [.. new[] { host.Address, host.DnsName ?? host.Name, cluster.VirtualIp }.Distinct()]
            : [.. new[] { host.Address, host.Name, host.DnsName ?? host.Name, cluster.VirtualIp, "localhost", "127.0.0.1" }.Distinct()];
        return
        [
            new(host.Name, names, CertificatePurpose.Server) { Host = host },
            .. AgentRole(host) is { } role && cluster.SslModel != PemSslModel.SslUtils ? [new(role, [], CertificatePurpose.Agent) { Host = host }] : Array.Empty<CertificateRequestSpec>(),
            new(host.Name, names, CertificatePurpose.Web) { Host = host },
        ];
    }

    /// <summary>What a person should know about the certificates of a source, each said once.</summary>
    public static IReadOnlyList<string> Remarks(CertificateSource source, IReadOnlyList<PemHost> hosts) =>
        [.. hosts.Where(h => h.Role != PemRole.Witness).SelectMany(Specs).Select(source.Remark).Prepend(source.RootRemark).OfType<string>().Distinct()];

    /// <summary>The role that a node's agent logs in as, which is its certificate's CN (P30, P31, F9).</summary>
    public static string AgentRole(PemHost host) => host.Cluster.AgentUser ?? string.Create(CultureInfo.InvariantCulture, $"agent{host.AgentId}");

    /// <summary>Set-PemSsl: P25, proven by a handshake; then the standbys check whom they stream from.</summary>
    public static Step Ssl(PemCluster cluster, IReadOnlyList<PemHost> hosts)
    {
        IReadOnlyList<PemHost> data = [.. hosts.Where(h => h.Role != PemRole.Witness)];
        string[] names = [.. cluster.DataNodes.SelectMany(h => Specs(h)[0].AlternativeNames).Distinct()];
        return new("Set-PemSsl", cluster,
        [
            new Phase("TLS", data, host =>
            {
                var settings = Common.Settings(cluster, "ssl", SslSettings, RevocationSettings);
                return
                [
                    CertificateThere(host), settings,
                    new ServerLoaded(host) { After = [settings], Settings = SslSettings, WhereRevoked = RevocationSettings, ReloadOnly = true }, new TlsProven(host),
                ];
            }),
            // When every server proves itself: whichever is the primary now, or will be.
            new Phase("standbys", data, host => [new ReplicationVerified(host, names)]),
        ]);
    }

    /// <summary>Set-PemHba: P26, P28, T12, T15, T16.</summary>
    public static Step Hba(PemCluster cluster, IReadOnlyList<PemHost> hosts, string superUser) => new("Set-PemHba", cluster,
    [
        new Phase("rules", [.. hosts.Where(h => h.Role != PemRole.Witness)], host =>
        {
            // T16, P28: the replication and EFM lines become hostssl here, where TLS is proven, and nowhere before.
            var rules = Common.Rules(cluster, "pem", PemRules(cluster, superUser), first: true, secured: ["replication", "efm"]);
            return [Database.IsUp(host), Database.HasSsl(host), rules, new ServerLoaded(host) { After = [rules], ReloadOnly = true }];
        }),
        // When the rules are in place everywhere: a standby that has to come back finds its own.
        new Phase("replication", [.. hosts.Where(h => h.Role != PemRole.Witness)], host => [new ReplicationSecured(host)]),
    ]);

    /// <summary>Invoke-PemRollingRestart: P29, T17. Standbys first, the primary last; a host whose server wants no restart is left alone.</summary>
    public static Step RollingRestart(PemCluster cluster, IReadOnlyList<PemHost> hosts, PemHost primary, bool force) => new("Invoke-PemRollingRestart", cluster,
    [
        new Phase("restart", [.. hosts.Where(h => h.Role != PemRole.Witness && h != primary), .. hosts.Where(h => h == primary)],
            host => [.. host == primary ? [Database.IsPrimary(host)] : Array.Empty<Resource>(), new ServerRestarted(host, host == primary ? cluster.DataNodes.Count() - 1 : 0, host == primary, force)],
            OneByOne: true),
    ]);

    static List<string> PemRules(PemCluster cluster, string superUser)
    {
        const string Scram = "scram-sha-256";
        var rules = new List<string>
        {
            "# users of the web interface, and the agents of the PEM hosts themselves",
            $"pem +pem_user 127.0.0.1/32 {Scram}",
            $"postgres +pem_user 127.0.0.1/32 {Scram}",
            "pem +pem_agent 127.0.0.1/32 cert",
        };
        // P27: before it has the role pem_agent, the common agent user gets in by name; T15: from wherever a node's connection comes.
        if (cluster.AgentUser is { } agent)
            rules.AddRange(["# the agents' common user, until it has the role", .. Common.DataAddresses(cluster).Prepend("127.0.0.1").Select(a => AgentRule(agent, a))]);
        rules.Add("# the data nodes, and the virtual IP as the source of a connection");
        foreach (var address in Common.DataAddresses(cluster).Select(HbaFile.Single))
            rules.AddRange([$"pem +pem_admin {address} {Scram}", $"pem +pem_agent {address} cert", $"pem,postgres {SectionB.HbaName(superUser)} {address} {Scram}"]);
        if (cluster.MonitoredSubnet.Count > 0) rules.Add("# monitored servers");
        foreach (var subnet in cluster.MonitoredSubnet) rules.AddRange([$"pem +pem_user {subnet} {Scram}", $"pem +pem_agent {subnet} cert"]);
        return rules;
    }

    /// <summary>The rule that lets the agents' common user in before it has its role.</summary>
    internal static string AgentRule(string user, string address) => $"pem {SectionB.HbaName(user)} {HbaFile.Single(address)} cert";

    static Requirement CertificateThere(PemHost host) => new("server certificate", "[ -s \"$PGDATA/server.crt\" ] && [ -s \"$PGDATA/server.key\" ] && [ -s \"$PGDATA/root.crt\" ] && fact there 1\n:", facts =>
        facts.Is("there") ? null : new PemException("CertificateMissing", Trouble.ObjectNotFound, $"{host.Name} has no server certificate in {host.Cluster.DataDirectory}.",
            "Run New-PemCertificate first."));
}
