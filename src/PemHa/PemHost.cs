namespace PemHa;

/// <summary>A node of a <see cref="PemCluster"/>, and how it is reached. Flows through the pipeline from step to step.</summary>
public sealed class PemHost
{
    /// <summary>Describes a node and adds it to its cluster.</summary>
    /// <param name="cluster">The cluster that the node belongs to.</param>
    /// <param name="address">The node's own address; never the virtual IP.</param>
    /// <param name="role">What the node is meant to be when the cluster is first built.</param>
    /// <param name="name">A short name for messages; the address when left out.</param>
    /// <exception cref="ArgumentException">The address or the name is taken in this cluster, or a second primary is described.</exception>
    public PemHost(PemCluster cluster, string address, PemRole role, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        Cluster = cluster;
        Address = address;
        Role = role;
        Name = name ?? address;
        if (string.Equals(address, cluster.VirtualIp, StringComparison.Ordinal))
            throw new ArgumentException($"{address} is the virtual IP of the cluster; give the node's own address.", nameof(address));
        foreach (var other in cluster.Hosts)
        {
            if (string.Equals(other.Address, address, StringComparison.Ordinal) || string.Equals(other.Name, Name, StringComparison.Ordinal))
                throw new ArgumentException($"{other.Name} ({other.Address}) is in cluster {cluster.Name} already.", nameof(address));
            if (role == PemRole.Primary && other.Role == PemRole.Primary)
                throw new ArgumentException($"Cluster {cluster.Name} has a primary already: {other.Name}.", nameof(role));
        }
        if (role != PemRole.Witness) AgentId = 1 + cluster.DataNodes.Count();
        cluster.Add(this);
    }

    /// <summary>The short name used in messages.</summary>
    public string Name { get; }

    /// <summary>The node's own address.</summary>
    public string Address { get; }

    /// <summary>What the node was described as; see <see cref="PemRole"/>.</summary>
    public PemRole Role { get; }

    /// <summary>The cluster.</summary>
    public PemCluster Cluster { get; }

    /// <summary>TCP port of the node's SSH server.</summary>
    public int SshPort { get; init; } = 22;

    /// <summary>Number of this node's PEM agent (P31, <c>agentN</c>); 0 on a witness.</summary>
    public int AgentId { get; }

    /// <summary>Whether an SSH connection is open.</summary>
    public bool Connected => Session is not null;

    /// <summary>What was changed on this node in this session.</summary>
    public IReadOnlyList<PemChange> Changes
    {
        get { lock (_changes) return [.. _changes]; }
    }

    internal IDisposable? Session { get; set; }

    readonly List<PemChange> _changes = [];

    internal void Add(PemChange change)
    {
        lock (_changes) _changes.Add(change);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
