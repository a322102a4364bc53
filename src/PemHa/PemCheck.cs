namespace PemHa;

/// <summary>What a check found.</summary>
public enum PemCheckState
{
    /// <summary>Nothing is in the way.</summary>
    Passed,

    /// <summary>The procedure works, but somebody should know of this first.</summary>
    Warning,

    /// <summary>It could not be found out.</summary>
    Unknown,

    /// <summary>The procedure would stop at this, or do harm.</summary>
    Failed,
}

/// <summary>One thing that was looked at on one node before the first change (T1).</summary>
public sealed record PemCheck
{
    /// <summary>
    /// The group of checks that it belongs to: Hosts, Packages, Network, Database, Agents or Products.
    /// </summary>
    public string Area { get; init; } = "";

    /// <summary>What was looked at, such as <c>ping server</c>.</summary>
    public required string Check { get; init; }

    /// <summary>The node, or the cluster's name where it is about all of them.</summary>
    public required string HostName { get; init; }

    /// <summary>The cluster's name.</summary>
    public required string Cluster { get; init; }

    /// <summary>What was found.</summary>
    public required PemCheckState State { get; init; }

    /// <summary>What was seen.</summary>
    public required string Why { get; init => field = Printable.Text(value); }

    /// <summary>What to do about it; empty when there is nothing to do.</summary>
    public string Remedy { get; init => field = Printable.Text(value); } = "";

    /// <summary>Numbers of the procedure's statements, traps and facts that it is about.</summary>
    public IReadOnlyList<string> Spec { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{HostName}: {Check}: {State}: {Why}";
}

/// <summary>How a node took the virtual IP, was asked at it by the others, and gave it back (T11).</summary>
public sealed record PemVirtualIpTest
{
    /// <summary>The node.</summary>
    public required string HostName { get; init; }

    /// <summary>The interface that carried the address; empty when none would do.</summary>
    public required string Interface { get; init => field = Printable.Text(value); }

    /// <summary>The address with its prefix length, such as <c>172.16.161.245/24</c>.</summary>
    public required string Address { get; init; }

    /// <summary>Passed, Failed, or Unknown when the node or another one could not be asked.</summary>
    public required PemCheckState State { get; init; }

    /// <summary>What was seen.</summary>
    public required string Why { get; init => field = Printable.Text(value); }

    /// <summary>What to do about it; empty when there is nothing to do.</summary>
    public string Remedy { get; init => field = Printable.Text(value); } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{HostName}: {Interface} {Address}: {State}: {Why}";
}
