namespace PemHa;

/// <summary>How one node of a cluster is now, as its database, the EFM agents and the host itself say (P21).</summary>
/// <remarks>Read from a pasted report of EFM alone, what only the database or the host can tell is null.</remarks>
public sealed record PemNodeStatus
{
    /// <summary>The node's name.</summary>
    public required string Name { get; init => field = Printable.Text(value); }

    /// <summary>The node's address.</summary>
    public required string Address { get; init => field = Printable.Text(value); }

    /// <summary>The cluster's name; groups the table.</summary>
    public required string Cluster { get; init => field = Printable.Text(value); }

    /// <summary>What the node is now: Primary, Standby, Witness, or Unreachable, Stopped, Unknown when that cannot be told.</summary>
    public required string Role { get; init => field = Printable.Text(value); }

    /// <summary>The database: UP, DOWN, UNKNOWN or N/A (F1).</summary>
    public required string Database { get; init => field = Printable.Text(value); }

    /// <summary>The type that EFM gives the node (F1): Primary, Standby, Witness, Idle, Promoting, DOWN; empty when no agent knows it.</summary>
    public string Efm { get; init => field = Printable.Text(value); } = "";

    /// <summary>What EFM says of the node's database (F1), such as why it could not be asked; null when it says nothing.</summary>
    public string? Info { get; init => field = value is null ? null : Printable.Text(value); }

    /// <summary>The standby's place in the failover order, 1 being the first; null when it is not in it.</summary>
    public int? Priority { get; init; }

    /// <summary>Whether the virtual IP is on this node now.</summary>
    public bool VirtualIp { get; init; }

    /// <summary>Written (primary) or received (standby) write-ahead log position, such as <c>0/F7A3808</c>.</summary>
    public string? Lsn { get; init => field = value is null ? null : Printable.Text(value); }

    /// <summary>Replay LSN of a standby.</summary>
    public string? ReplayLsn { get; init => field = value is null ? null : Printable.Text(value); }

    /// <summary>Bytes between the primary's written LSN and this standby's replay LSN, sampled one after another (F3).</summary>
    public long? LagBytes { get; init; }

    /// <summary>State of the walsender for this standby, such as <c>streaming</c>.</summary>
    public string? Replication { get; init => field = value is null ? null : Printable.Text(value); }

    /// <summary>Whether the node's PEM agent service runs; null on a witness.</summary>
    public bool? Agent { get; init; }

    /// <summary>Whether the node's EFM agent coordinates the membership (F1).</summary>
    public bool Coordinator { get; init; }

    /// <summary>Everything that is not as it should be here; what concerns the whole cluster is with its first node.</summary>
    public IReadOnlyList<PemFinding> Finding { get; init; } = [];
}

/// <summary>One thing that is not as it should be.</summary>
/// <param name="HostName">The node, or the cluster's name.</param>
/// <param name="Severity">Warning or Critical.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record PemFinding(string HostName, string Severity, string Message, string Remedy)
{
    /// <summary>What is wrong.</summary>
    public string Message { get; init => field = Printable.Text(value); } = Printable.Text(Message);

    /// <summary>What to do about it.</summary>
    public string Remedy { get; init => field = Printable.Text(value); } = Printable.Text(Remedy);

    /// <inheritdoc/>
    public override string ToString() => $"{Severity}: {Message}";
}
