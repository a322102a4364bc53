using PemHa.Engine.State;

namespace PemHa.Engine.Efm;

/// <summary>
/// Which properties each version of EFM accepts, and which accepted properties must not be combined.
/// </summary>
static class PropertyRules
{
    static readonly Version VerifyFull = new(5, 3);

    /// <summary>Why a version of EFM does not accept a property; null when it does.</summary>
    public static string? Refusal(Version efm, string name, string value) =>
        PropertiesText.Refusal(name, value) is { } refusal ? refusal
        : name == "jdbc.sslmode" && value == "verify-full" && efm < VerifyFull
            ? $"{name}={value} needs EFM {VerifyFull} (G4), and this cluster has {efm}; "
                + "verify-ca is the strictest mode there"
        : null;

    /// <summary>
    /// Eager failover: when the primary's agent stops, that counts as a failure, and the database stops with the agent.
    /// EFM's documentation excludes virtual IPs with it, because the old primary would not release the address (G61).
    /// </summary>
    public static bool IsEager(IReadOnlyDictionary<string, string> properties) =>
        properties.GetValueOrDefault("primary.shutdown.as.failure") == "true"
        && properties.GetValueOrDefault("enable.stop.cluster") == "false";
}

/// <summary>Warns if eager failover is set up, by properties or by the unit of the database (G61).</summary>
sealed class EagerFailover(PemCluster cluster, IReadOnlyDictionary<string, string> properties) : Resource
{
    public override string Name => "eager failover";

    public override string Probe => """fact binds "$(systemctl show -p BindsTo --value "$PGSERVICE" 2>/dev/null)" """;

    public override Change? Compare(Facts facts, bool triggered) => null;

    public override string? Remark(Facts facts)
    {
        var unit = facts["binds"].Split(' ').Any(u => u.StartsWith("edb-efm", StringComparison.Ordinal));
        if (!unit && !PropertyRules.IsEager(properties)) return null;

        var what = unit
            ? $"BindsTo={facts["binds"]} of {cluster.ServiceName}"
            : "primary.shutdown.as.failure=true with enable.stop.cluster=false";
        return $"{what} is eager failover, which EFM's manual excludes with a virtual IP: "
            + $"a primary whose agent ends would keep {cluster.VirtualIp}.";
    }
}
