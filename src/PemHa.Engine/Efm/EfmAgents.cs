using System.Globalization;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Efm;

/// <summary>What the first agent said last of its cluster; null while it says nothing.</summary>
sealed class EfmSighting
{
    /// <summary>Its status.</summary>
    public EfmStatus? Status { get; set; }
}

/// <summary>The first agent's list of the nodes that may join (P20).</summary>
sealed class EfmAllowedNodes(PemHost host, EfmSighting sighting) : Resource
{
    public override string Name => "nodes that EFM lets in";

    public override string Probe => EfmStatus.Probe(host.Cluster);

    public override Change? Compare(Facts facts, bool triggered)
    {
        sighting.Status = EfmStatus.Parse(facts["status"], host.Cluster);
        // One that is started anew while it is alone in its cluster begins with a list of its own.
        var alone = triggered && sighting.Status?.Nodes.Keys.Any(a => a != host.Address) != true;
        var allowed = alone ? [] : sighting.Status?.AllowedNodes ?? [];
        var missing = host.Cluster.Hosts.Where(h => h != host && !allowed.Contains(h.Address)).ToList();
        if (missing.Count == 0) return null;

        var efm = $"{host.Cluster.EfmCommand} allow-node {Sh.Quote(host.Cluster.Name)}";
        var commands = string.Join('\n', missing.Select(h => $"{efm} {Sh.Quote(h.Address)}"));
        var names = string.Join(", ", missing.Select(h => h.Name));
        var log = $"/var/log/efm-{host.Cluster.EfmVersion}";

        // allow-node only sends a signal; the list changes a moment later (B12).
        return new Change("allow", commands, $$"""
            {{commands}}
            {{EfmStatus.Function(host.Cluster)}}
            allowed() {
                efm_status
                case "$S" in *'"allowednodes":['*) A=${S#*\"allowednodes\":[}; A=${A%%]*};; *) return 1;; esac
                {{string.Join("\n    ", missing.Select(h => EfmStatus.Mentions("A", h, "")))}}
            }
            wait_for 30 allowed ||
                fail "EFM does not list {{names}} as allowed 30 s after allow-node: see {{log}}"
            """);
    }
}

/// <summary>
/// An agent that runs is in the first agent's cluster. Agents that were all stopped one by one forget each other: started again, each
/// makes a cluster of its own, and stays alone in it until it is started with the first one's address.
/// </summary>
sealed class EfmTogether(PemHost host, PemHost first, EfmSighting sighting) : Resource
{
    bool _restarted;

    public override string Name => "EFM agent in the first agent's cluster";

    public override string Probe => "agent_active && fact active 1\n:";

    public override Change? Compare(Facts facts, bool triggered)
    {
        // One that is started anyway joins by itself.
        if (_restarted || triggered || !facts.Is("active") || sighting.Status is not { } seen || seen.Nodes.ContainsKey(host.Address)) return null;
        _restarted = true;
        var nodes = $"{host.Cluster.EfmConfigDirectory}/{host.Cluster.Name}.nodes";
        var address = Sh.Quote(NodeAddress.At(first.Address, host.Cluster.EfmPort));

        // Agents rewrite the file and may write an IPv6 address as Java prints it (B11).
        var other = Sh.Quote(NodeAddress.At(EfmAddress.AsJava(first.Address), host.Cluster.EfmPort));
        var java = other == address ? "" : $" -e {other}";
        return new Change("rejoin", $"systemctl restart {host.Cluster.EfmServiceName}, with {first.Name} in {nodes}", $$"""
            systemctl stop "$EFMSERVICE"
            grep -qwF -e {{address}}{{java}} {{Sh.Quote(nodes)}} || printf '%s\n' {{address}} >> {{Sh.Quote(nodes)}}
            systemctl start "$EFMSERVICE"
            """);
    }
}

/// <summary>
/// An agent that is idle, though its database is well, takes it under watch again (P22, T13): a standby that streams, or the server that
/// takes writes while no agent knows of another primary. What else there is, a person has to look at first.
/// </summary>
sealed class EfmWatching(PemHost host, EfmSighting sighting) : Resource
{
    bool _resumed;

    public override string Name => "EFM agent's watch over its database";

    public override string Probe => $"{ServerFacts.Probe}\nagent_active && fact active 1\n:";

    public override Change? Compare(Facts facts, bool triggered)
    {
        // One that is started anyway looks by itself.
        if (_resumed || triggered || !facts.Is("active") || sighting.Status?.Nodes is not { } nodes) return null;
        if (!nodes.TryGetValue(host.Address, out var node) || node.Type != "Idle") return null;
        var well = facts["recovery"] == "true" ? facts["receiver"].StartsWith("streaming ", StringComparison.Ordinal)
            : facts["recovery"] == "false" && !nodes.Values.Any(n => n.Type is "Primary" or "Promoting");
        if (!well) return null;
        _resumed = true;
        var command = $"{host.Cluster.EfmCommand} resume {Sh.Quote(host.Cluster.Name)}";
        // It may have done so by itself meanwhile; whether all are well is judged in the end.
        return new Change("resume", command, $"{command} || :");
    }
}

/// <summary>Every agent has joined and sees its database (P20, P21); given time to come about.</summary>
sealed class EfmMembership(PemHost host, IReadOnlyList<PemHost> members) : Resource
{
    public override string Name => $"EFM cluster {host.Cluster.Name}";

    public override string Probe => EfmStatus.Probe(host.Cluster);

    public override Change? Compare(Facts facts, bool triggered)
    {
        var status = EfmStatus.Parse(facts["status"], host.Cluster);
        var missing = members.Where(h => !Joined(status, h)).Select(h => h.Name).ToList();
        return missing.Count == 0 ? null : new Change("await", $"until {string.Join(", ", missing)} joined", $$"""
            {{EfmStatus.Function(host.Cluster)}}
            joined() {
                efm_status
                {{string.Join("\n    ", members.Select(h => EfmStatus.Mentions("S", h, ":{")))}}
                case "$S" in *'"db":"down"'*|*'"db":"unknown"'*|*'"type":"idle"'*) return 1;; esac
            }
            wait_for 60 joined || {
                {{host.Cluster.EfmCommand}} cluster-status {{Sh.Quote(host.Cluster.Name)}} >&2 || :
                fail "not every agent has joined within 60 s. One that is not there: its log is in /var/log/efm-{{host.Cluster.EfmVersion}}, and port {{host.Cluster.EfmPort}} must be open between all nodes (Test-PemPrerequisite tells). One that is Idle is resumed when this is run again, once its database is well"
            }
            """);
    }

    static bool Joined(EfmStatus? status, PemHost h) => status is not null && status.Nodes.TryGetValue(h.Address, out var node)
        && (h.Role == PemRole.Witness ? node.Type == "Witness" : node is { Database: "UP", Type: "Primary" or "Standby" });
}

/// <summary>T20: a number of agents that outlives no more failures than one agent fewer would; obeyed, and said.</summary>
sealed class AgentCount(PemCluster cluster) : Resource
{
    /// <summary>
    /// The first EFM version that never promotes a second primary when the network of a cluster with an even number of
    /// agents splits gradually (G5).
    /// </summary>
    static readonly Version EvenSplitFixed = new(5, 4);

    public override string Name => "number of EFM agents";

    public override string Probe => ":";

    public override Change? Compare(Facts facts, bool triggered) => null;

    public override string? Remark(Facts facts)
    {
        var (agents, data) = (cluster.Hosts.Count, cluster.DataNodes.Count());
        if (agents % 2 != 0) return null;
        var advice = data == agents ? "describe a witness as well" : data > 2 ? $"{data} data nodes need no witness" : "describe one witness fewer";
        var split = cluster.EfmVersion < EvenSplitFixed
            ? $" EFM {cluster.EfmVersion} may even promote a second primary when the network splits step by step; "
                + $"{EvenSplitFixed} does not (G5)."
            : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{agents} EFM agents are an even number: if half of them fail or are cut off, the others are not a "
            + $"majority and EFM does not fail over. {agents - 1} agents tolerate as many failures; {advice}.{split}");
    }
}
