namespace PemHa.Lab.Efm;

/// <summary>What a database answered when it was asked for its log positions, for one row of the status.</summary>
sealed record WalRow
{
    public required string Address { get; init; }

    /// <summary>Primary, Standby or UNKNOWN.</summary>
    public required string DbType { get; init; }
    public string Received { get; init; } = "";
    public string Replayed { get; init; } = "";
    public string Info { get; init; } = "";
    public bool Idle { get; init; }
}

/// <summary>Everything that the status commands show, gathered by the local agent.</summary>
sealed record StatusData
{
    public required string Cluster { get; init; }
    public required List<NodeInfo> Nodes { get; init; }
    public required List<string> Allowed { get; init; }
    public required string Coordinator { get; init; }
    public required List<string> Priority { get; init; }
    public required List<string> Missing { get; init; }
    public required List<WalRow> Wal { get; init; }
    public int MinimumStandbys { get; init; }

    /// <summary>The address of the agent that was asked.</summary>
    public string Local { get; init; } = "";
}
