using PemHa.Engine.Postgres;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Pieces that several steps are made of.</summary>
static class Common
{
    public static SettingsFile Settings(PemCluster cluster, string block, IReadOnlyDictionary<string, string> settings,
        IReadOnlyDictionary<string, string>? whereRevoked = null) => new()
        {
            Path = $"{cluster.DataDirectory}/postgresql.conf",
            Where = "pg_file config_file postgresql.conf",
            Owner = Owner(cluster),
            Mode = "600",
            Block = block,
            Settings = settings,
            WhereRevoked = whereRevoked ?? new Dictionary<string, string>(),
        };

    public static HbaFile Rules(PemCluster cluster, string block, IReadOnlyList<string> rules, bool first = false, bool afterTls = true, IReadOnlyList<string>? secured = null) => new()
    {
        Path = $"{cluster.DataDirectory}/pg_hba.conf",
        Where = "pg_file hba_file pg_hba.conf",
        Owner = Owner(cluster),
        Mode = "600",
        Block = block,
        Version = cluster.PostgresVersion,
        Rules = rules,
        First = first,
        AfterTls = afterTls,
        Secured = secured ?? [],
    };

    public static string Owner(PemCluster cluster) => $"{cluster.ServiceOwner}:{cluster.ServiceOwner}";

    /// <summary>Every address from which a data node may connect: its own, or the virtual IP while it holds it (T12).</summary>
    public static IEnumerable<string> DataAddresses(PemCluster cluster) => cluster.DataNodes.Select(h => h.Address).Append(cluster.VirtualIp);

    /// <summary>
    /// Every address from which an EFM agent may connect. An agent of 5.4 asks its own database at its bind.address;
    /// the manual of all versions lists the loopback addresses as well (B16).
    /// </summary>
    public static IEnumerable<string> AgentAddresses(PemCluster cluster) =>
        [.. cluster.Hosts.Select(h => h.Address), cluster.VirtualIp, "127.0.0.1", "::1"];
}

/// <summary>A resource that waits for its turn: nothing to do on a host that has no running database yet.</summary>
sealed class OnceThereIsADatabase(Resource resource) : Resource
{
    public override string Name => resource.Name;

    public override string Probe => resource.Probe == ServerFacts.Probe ? ServerFacts.Probe : $"{resource.Probe}\n{ServerFacts.Probe}";

    public override Change? Compare(Facts facts, bool triggered) => facts.Is("up") ? resource.Compare(facts, triggered) : null;

    public override string? Remark(Facts facts) => facts.Is("up") ? resource.Remark(facts) : null;
}
