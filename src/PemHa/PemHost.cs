using System.Net;

namespace PemHa;

/// <summary>A node of a <see cref="PemCluster"/>, and how it is reached. Flows through the pipeline from step to step.</summary>
public sealed class PemHost
{
    /// <summary>Describes a node and adds it to its cluster.</summary>
    /// <param name="cluster">The cluster that the node belongs to.</param>
    /// <param name="address">The node's own address, never the virtual IP; or its host name, of which Connect-PemHost makes the address.</param>
    /// <param name="role">What the node is meant to be when the cluster is first built.</param>
    /// <param name="name">A short name for messages; the address or host name when left out.</param>
    /// <param name="hostName">What SSH connects to, where that is not <paramref name="address"/>: a host name or an alias of ssh_config.</param>
    /// <exception cref="ArgumentException">The address or the name is taken in this cluster, or a second primary is described.</exception>
    public PemHost(PemCluster cluster, string address, PemRole role, string? name = null, string? hostName = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        Cluster = cluster;
        Address = address;
        HostName = hostName ?? (AddressKnown ? null : address);
        Role = role;
        Name = name ?? address;
        if (Taken(address) is { } taken) throw new ArgumentException(taken, nameof(address));
        foreach (var other in cluster.Hosts)
        {
            if (string.Equals(other.Name, Name, StringComparison.Ordinal))
                throw new ArgumentException($"{other.Name} ({other.Address}) is in cluster {cluster.Name} already.", nameof(name));
            if (role == PemRole.Primary && other.Role == PemRole.Primary)
                throw new ArgumentException($"Cluster {cluster.Name} has a primary already: {other.Name}.", nameof(role));
        }
        if (role != PemRole.Witness) AgentId = 1 + cluster.DataNodes.Count();
        cluster.Add(this);
    }

    /// <summary>The short name used in messages.</summary>
    public string Name { get; }

    /// <summary>The node's own address in the cluster's network. Of a node described by its host name this is that name until Connect-PemHost
    /// has asked the node for its address; no step runs before.</summary>
    public string Address { get; private set; }

    /// <summary>What SSH connects to, a host name or an alias of ssh_config; null when that is <see cref="Address"/>.</summary>
    public string? HostName { get; }

    /// <summary>What the node was described as; see <see cref="PemRole"/>.</summary>
    public PemRole Role { get; }

    /// <summary>The cluster.</summary>
    public PemCluster Cluster { get; }

    /// <summary>TCP port of the node's SSH server; null for the one in ssh_config, or 22.</summary>
    public int? SshPort { get; init; }

    /// <summary>Number of this node's PEM agent (P31, <c>agentN</c>); 0 on a witness.</summary>
    public int AgentId { get; }

    /// <summary>Whether an SSH connection is open.</summary>
    public bool Connected => Session is not null && !Offline;

    /// <summary>What was changed on this node in this session.</summary>
    public IReadOnlyList<PemChange> Changes
    {
        get { lock (_changes) return [.. _changes]; }
    }

    /// <summary>What the node was told to do and has not answered: a run is at it, or was stopped or cut off in the middle of it. The next look at
    /// the node takes it away.</summary>
    public string? Unfinished { get; internal set; }

    internal IDisposable? Session { get; set; }

    /// <summary>
    /// Whether the node comes from a support bundle, so that <see cref="Session"/> only replays answers.
    /// </summary>
    internal bool Offline { get; set; }

    /// <summary>Whether <see cref="Address"/> is an address, and not yet a name only.</summary>
    internal bool AddressKnown => IPAddress.TryParse(Address, out _);

    /// <summary>The node's name in DNS or a hosts file, as the connection was made to it; null when it was made to an address.</summary>
    internal string? DnsName { get; set; }

    readonly List<PemChange> _changes = [];

    internal void Add(PemChange change)
    {
        lock (_changes) _changes.Add(change);
    }

    /// <summary>Puts the address that a name stands for in its place.</summary>
    /// <exception cref="ArgumentException">The address is another node's or the virtual IP.</exception>
    internal void Resolve(string address)
    {
        // Hosts are connected at the same time.
        lock (Cluster.Hosts)
        {
            if (Taken(address) is { } taken) throw new ArgumentException(taken, nameof(address));
            Address = address;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    string? Taken(string address) =>
        string.Equals(address, Cluster.VirtualIp, StringComparison.Ordinal) ? $"{address} is the virtual IP of the cluster; give the node's own address."
        : Cluster.Hosts.FirstOrDefault(h => h != this && string.Equals(h.Address, address, StringComparison.OrdinalIgnoreCase)) is { } other
            ? $"{other.Name} ({other.Address}) is in cluster {Cluster.Name} already." : null;
}
