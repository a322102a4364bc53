using System.Net;

namespace PemHa.Lab.Efm;

/// <summary>The role of an agent as the status shows it. [F1]</summary>
enum AgentType { Primary, Standby, Witness, Idle, Promoting, DOWN }

/// <summary>One agent as it describes itself to the others.</summary>
sealed record NodeInfo
{
    public required string Address { get; init; }
    public required int Port { get; init; }
    public required AgentType Type { get; init; }

    /// <summary>UP, DOWN, UNKNOWN or N/A.</summary>
    public required string Db { get; init; }
    public string Vip { get; init; } = "";
    public bool VipActive { get; init; }
    public bool Promotable { get; init; } = true;

    /// <summary>The database this agent watches was a primary when it failed, so a promotion must fence it.</summary>
    public bool FailedPrimary { get; init; }
}

/// <summary>
/// What the agents agree on, kept by the membership coordinator and sent to all: an immutable value with its transitions.
/// Members are in the order in which they joined; the first is the coordinator.
/// </summary>
sealed record ClusterView
{
    public long Version { get; init; }
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <summary>Failed nodes; they count for the quorum until they come back or are removed by reset-members (since 5.0).</summary>
    public IReadOnlyList<string> Down { get; init; } = [];
    public IReadOnlyList<string> Allowed { get; init; } = [];
    public IReadOnlyList<string> Priority { get; init; } = [];

    /// <summary>Where each node that was ever seen listens, as address:port.</summary>
    public IReadOnlyDictionary<string, int> Ports { get; init; } = new Dictionary<string, int>();

    /// <summary>The address that last was primary.</summary>
    public string Primary { get; init; } = "";

    /// <summary>The primary agent left in an orderly way: its absence is no failure. [F6]</summary>
    public bool PrimaryLeft { get; init; }

    /// <summary>The number of calls of reset-members.</summary>
    public int Resets { get; init; }

    public string Coordinator => Members.Count > 0 ? Members[0] : "";

    /// <summary>Where an agent listens.</summary>
    internal IPEndPoint At(string address) => new(IPAddress.Parse(address), Ports.GetValueOrDefault(address, 7800));

    public int Known => Members.Count + Down.Count;

    internal static ClusterView Alone(string address, int port, IEnumerable<string> allowed) => new()
    {
        Version = 1,
        Members = [address],
        Allowed = [.. allowed.Append(address).Distinct()],
        Ports = new Dictionary<string, int> { [address] = port },
    };

    internal ClusterView Join(string address, int port) => Next() with
    {
        Members = [.. Members.Where(m => m != address), address],
        Down = [.. Down.Where(d => d != address)],
        Ports = new Dictionary<string, int>(Ports) { [address] = port },
    };

    /// <summary>An orderly stop: the node is no longer counted, but stays allowed.</summary>
    internal ClusterView Leave(string address, bool wasPrimary) => Next() with
    {
        Members = [.. Members.Where(m => m != address)],
        Down = [.. Down.Where(d => d != address)],
        Priority = [.. Priority.Where(p => p != address)],
        PrimaryLeft = PrimaryLeft || wasPrimary,
    };

    internal ClusterView Fail(IReadOnlyCollection<string> addresses) => Next() with
    {
        Members = [.. Members.Where(m => !addresses.Contains(m))],
        Down = [.. Down.Concat(Members.Where(addresses.Contains)).Distinct()],
        Priority = [.. Priority.Where(p => !addresses.Contains(p))],
    };

    internal ClusterView Allow(string address) => Allowed.Contains(address) ? this : Next() with { Allowed = [.. Allowed, address] };

    internal ClusterView Disallow(string address) => Next() with { Allowed = [.. Allowed.Where(a => a != address)] };

    /// <summary>Failed nodes are forgotten; every .nodes file is rewritten, a stable one too. [O23]</summary>
    internal ClusterView Reset() =>
        Next() with { Down = [], Allowed = [.. Allowed.Where(Members.Contains)], Resets = Resets + 1 };

    /// <summary>Puts a standby at a place in the failover order; 0 takes it out.</summary>
    internal ClusterView SetPriority(string address, int place)
    {
        var order = Priority.Where(p => p != address).ToList();
        if (place > 0) order.Insert(Math.Min(place - 1, order.Count), address);
        return Next() with { Priority = order };
    }

    /// <summary>Takes note of what an agent says of itself: new standbys go to the end of the failover order, others leave it.</summary>
    internal ClusterView Note(AgentType? before, NodeInfo now)
    {
        var changed = this;
        if (now.Type == AgentType.Standby && before != AgentType.Standby && now.Promotable && !Priority.Contains(now.Address))
            changed = changed with { Priority = [.. Priority, now.Address] };
        if (now.Type != AgentType.Standby && Priority.Contains(now.Address))
            changed = changed with { Priority = [.. Priority.Where(p => p != now.Address)] };
        if (now.Type == AgentType.Primary && (Primary != now.Address || PrimaryLeft))
            changed = changed with { Primary = now.Address, PrimaryLeft = false };
        return ReferenceEquals(changed, this) ? this : changed.Next();
    }

    ClusterView Next() => this with { Version = Version + 1 };
}
