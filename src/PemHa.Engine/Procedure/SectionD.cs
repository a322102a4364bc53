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

    /// <summary>New-PemCertificate, local CA with one certificate per agent: P24, P31, T14.</summary>
    public static Step Certificates(PemCluster cluster, IReadOnlyList<PemHost> hosts, CertificateAuthority? authority, TimeSpan validity, bool replace) => new("New-PemCertificate", cluster,
    [
        new Phase("certificates", [.. hosts.Where(h => h.Role != PemRole.Witness)], host =>
        {
            // verify-full works for the node's own address and name, and for the virtual IP wherever it is.
            IReadOnlyList<string> names = [.. new[] { host.Address, host.Name, host.DnsName ?? host.Name, cluster.VirtualIp, "localhost", "127.0.0.1" }.Distinct()];
            var data = cluster.DataDirectory;
            return
            [
                SectionE.AgentNumber(host),
                Files($"{data}/server", $"{data}/root.crt", Common.Owner(cluster), new CertificateRequestSpec(host.Name, names, true), makeFolder: false),
                Files($"{PkiFolder}/agent{host.AgentId}", $"{PkiFolder}/root.crt", "root:root", new CertificateRequestSpec($"agent{host.AgentId}", [], false), makeFolder: true),
                Files($"{PkiFolder}/web", $"{PkiFolder}/root.crt", "root:root", new CertificateRequestSpec(host.Name, names, true), makeFolder: true),
            ];

            CertificateFiles Files(string path, string root, string owner, CertificateRequestSpec spec, bool makeFolder) => new(authority, SshSession.Of(host).Redactor)
            {
                CertificatePath = path + ".crt",
                KeyPath = path + ".key",
                RootPath = root,
                Owner = owner,
                Spec = spec,
                Validity = validity,
                ReplaceAuthority = replace,
                MakeFolder = makeFolder,
            };
        }),
    ]);

    /// <summary>Set-PemSsl: P25, proven by a handshake.</summary>
    public static Step Ssl(PemCluster cluster, IReadOnlyList<PemHost> hosts) => new("Set-PemSsl", cluster,
    [
        new Phase("TLS", [.. hosts.Where(h => h.Role != PemRole.Witness)], host =>
        {
            var settings = Common.Settings(cluster, "ssl", SslSettings);
            return [CertificateThere(host), settings, new ServerLoaded(host) { After = [settings], Settings = SslSettings, ReloadOnly = true }, new TlsProven(host)];
        }),
    ]);

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
            "# the data nodes, and the virtual IP as the source of a connection",
        };
        foreach (var address in Common.DataAddresses(cluster).Select(HbaFile.Single))
            rules.AddRange([$"pem +pem_admin {address} {Scram}", $"pem +pem_agent {address} cert", $"pem,postgres {SectionB.HbaName(superUser)} {address} {Scram}"]);
        if (cluster.MonitoredSubnet.Count > 0) rules.Add("# monitored servers");
        foreach (var subnet in cluster.MonitoredSubnet) rules.AddRange([$"pem +pem_user {subnet} {Scram}", $"pem +pem_agent {subnet} cert"]);
        return rules;
    }

    static Requirement CertificateThere(PemHost host) => new("server certificate", "[ -s \"$PGDATA/server.crt\" ] && [ -s \"$PGDATA/server.key\" ] && [ -s \"$PGDATA/root.crt\" ] && fact there 1\n:", facts =>
        facts.Is("there") ? null : new PemException("CertificateMissing", Trouble.ObjectNotFound, $"{host.Name} has no server certificate in {host.Cluster.DataDirectory}.",
            "Run New-PemCertificate first."));
}
