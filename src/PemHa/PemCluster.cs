using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PemHa;

/// <summary>One highly available PEM cluster: names, versions, addresses, and every path and service name derived from them (P3).</summary>
public sealed class PemCluster
{
    readonly List<PemHost> _hosts = [];
    readonly List<PemStepResult> _steps = [];

    /// <summary>Describes a cluster.</summary>
    /// <param name="name">The EFM cluster name; file and key names follow it (P17, P18).</param>
    /// <param name="virtualIp">The address that clients use; it moves with the primary.</param>
    /// <exception cref="ArgumentException">A name or an address is empty.</exception>
    public PemCluster(string name, string virtualIp)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentException.ThrowIfNullOrWhiteSpace(virtualIp);
        Name = name;
        VirtualIp = virtualIp;
    }

    /// <summary>The EFM cluster name.</summary>
    public string Name { get; }

    /// <summary>The virtual IP (P19 <c>virtual.ip</c>).</summary>
    public string VirtualIp { get; }

    /// <summary>Prefix length of the virtual IP's network (P19 <c>virtual.ip.prefix</c>); null for that of the node's own address.</summary>
    public int? VirtualIpPrefix { get; init; }

    /// <summary>The interface that carries the virtual IP on every data node (P19 <c>virtual.ip.interface</c>); null for the one that carries the node's own address.</summary>
    public string? VirtualIpInterface { get; init; }

    /// <summary>An address outside the cluster that always answers pings (T10, P19 <c>ping.server.ip</c>).</summary>
    public string PingServer { get; init; } = "8.8.8.8";

    /// <summary>Where notifications of EFM go (P19 <c>user.email</c>).</summary>
    public string UserEmail { get; init; } = "root@localhost";

    /// <summary>Networks, in CIDR form, of the servers that PEM monitors (P26).</summary>
    public IReadOnlyList<string> MonitoredSubnet { get; init; } = [];

    /// <summary>Major version of EDB Postgres Advanced Server (P3).</summary>
    public int PostgresVersion { get; init; } = 17;

    /// <summary>Version of EDB Failover Manager (P3).</summary>
    public Version EfmVersion { get; init; } = new(5, 2);

    /// <summary>TCP port of the database servers.</summary>
    public int Port { get; init; } = 5444;

    /// <summary>TCP port of the EFM agents.</summary>
    public int EfmPort { get; init; } = 7800;

    /// <summary>TCP port of the PEM web application.</summary>
    public int WebPort { get; init; } = 8443;

    /// <summary>Where the certificates come from (P23).</summary>
    public PemSslModel SslModel { get; init; }

    /// <summary>The role that all PEM agents log in as (P23, P30); null for one role and certificate per agent (P31).</summary>
    public string? AgentUser { get; init; }

    /// <summary>The database that EFM connects to (P19 <c>db.database</c>).</summary>
    public string Database { get; init; } = "edb";

    /// <summary>The firewalld zone whose ports are opened (P5).</summary>
    public string FirewallZone { get; init; } = "public";

    /// <summary>Where the audit journal of this cluster is appended; null keeps none.</summary>
    public string? JournalPath { get; init; }

    /// <summary>Further properties of efm.properties by name (P19), in the order of their names.</summary>
    public IReadOnlyDictionary<string, string> EfmProperty { get; init; } = new Dictionary<string, string>();

    /// <summary>Names of secrets in the user's store, by what each is for; never the secrets themselves.</summary>
    public IReadOnlyDictionary<string, string> SecretName { get; init; } = new Dictionary<string, string>();

    /// <summary>The nodes described so far, in the order given; the data nodes' order numbers the PEM agents (P31).</summary>
    public IReadOnlyList<PemHost> Hosts => _hosts;

    /// <summary>What each step of this session did, in order.</summary>
    public IReadOnlyList<PemStepResult> Steps => _steps;

    /// <summary>Operating system user that owns the databases.</summary>
    public string ServiceOwner { get; init; } = "enterprisedb";

    /// <summary>Service of the database server; that of the package, such as <c>edb-as-17</c>, unless another is given.</summary>
    [AllowNull]
    public string ServiceName
    {
        get => field ?? PackageServiceName;
        init;
    }

    /// <summary>Service that the server's package brings, such as <c>edb-as-17</c>.</summary>
    public string PackageServiceName => Invariant($"edb-as-{PostgresVersion}");

    /// <summary>Package of the database server, such as <c>edb-as17-server</c>.</summary>
    public string ServerPackage => Invariant($"edb-as{PostgresVersion}-server");

    /// <summary>Where the server is installed, such as <c>/usr/edb/as17</c>.</summary>
    public string InstallDirectory => Invariant($"/usr/edb/as{PostgresVersion}");

    /// <summary>The server's data directory; that of the package, such as <c>/var/lib/edb/as17/data</c>, unless another is given.</summary>
    [AllowNull]
    public string DataDirectory
    {
        get => field ?? PackageDataDirectory;
        init;
    }

    /// <summary>The data directory that the server's package uses, such as <c>/var/lib/edb/as17/data</c>.</summary>
    public string PackageDataDirectory => Invariant($"/var/lib/edb/as{PostgresVersion}/data");

    /// <summary>Package of EFM, such as <c>edb-efm52</c>.</summary>
    public string EfmPackage => Invariant($"edb-efm{EfmVersion.Major}{EfmVersion.Minor}");

    /// <summary>Service of EFM, such as <c>edb-efm-5.2</c>.</summary>
    public string EfmServiceName => Invariant($"edb-efm-{EfmVersion}");

    /// <summary>Configuration directory of EFM, such as <c>/etc/edb/efm-5.2</c>.</summary>
    public string EfmConfigDirectory => Invariant($"/etc/edb/efm-{EfmVersion}");

    /// <summary>The <c>efm</c> utility, such as <c>/usr/edb/efm-5.2/bin/efm</c>.</summary>
    public string EfmCommand => Invariant($"/usr/edb/efm-{EfmVersion}/bin/efm");

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The primary as last seen, and when, in milliseconds since the machine started.</summary>
    internal (PemHost Host, long At)? Seen { get; set; }

    internal void Add(PemHost host) => _hosts.Add(host);

    internal void Add(PemStepResult step)
    {
        lock (_steps) _steps.Add(step);
    }

    internal IEnumerable<PemHost> DataNodes => _hosts.Where(h => h.Role != PemRole.Witness);

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
