namespace PemHa;

/// <summary>What a node is meant to be when the cluster is first built (spec, "Words").</summary>
/// <remarks>After a failover the roles in the running cluster differ; every step asks the servers.</remarks>
public enum PemRole
{
    /// <summary>The data node that takes writes.</summary>
    Primary,

    /// <summary>A data node that streams from the primary.</summary>
    Standby,

    /// <summary>A node with an EFM agent and no database.</summary>
    Witness,
}
