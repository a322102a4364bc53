using System.Globalization;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Efm;

/// <summary>The first agent's list of the nodes that may join (P20).</summary>
sealed class EfmAllowedNodes(PemHost host) : Resource
{
    public override string Name => "nodes that EFM lets in";

    public override string Probe => EfmStatus.Probe(host.Cluster);

    public override Change? Compare(Facts facts, bool triggered)
    {
        var allowed = EfmStatus.Parse(facts["status"])?.AllowedNodes ?? [];
        var missing = host.Cluster.Hosts.Select(h => h.Address).Except(allowed).Where(a => a != host.Address).ToList();
        if (missing.Count == 0) return null;
        var commands = string.Join('\n', missing.Select(a => $"{host.Cluster.EfmCommand} allow-node {Sh.Quote(host.Cluster.Name)} {Sh.Quote(a)}"));
        return new Change("allow", commands, commands);
    }
}

/// <summary>Every agent has joined and sees its database (P20, P21); given time to come about.</summary>
sealed class EfmMembership(PemHost host, IReadOnlyList<PemHost> members) : Resource
{
    public override string Name => $"EFM cluster {host.Cluster.Name}";

    public override string Probe => EfmStatus.Probe(host.Cluster);

    public override Change? Compare(Facts facts, bool triggered)
    {
        var status = EfmStatus.Parse(facts["status"]);
        var missing = members.Where(h => !Joined(status, h)).Select(h => h.Name).ToList();
        return missing.Count == 0 ? null : new Change("await", $"until {string.Join(", ", missing)} joined", $$"""
            status() { {{Sh.Quote(host.Cluster.EfmCommand)}} cluster-status-json {{Sh.Quote(host.Cluster.Name)}}; }
            joined() {
                S=$(status 2>/dev/null | tr -d ' \n')
                for a in {{Sh.Join([.. members.Select(h => h.Address)])}}; do
                    case "$S" in *"\"$a\":{"*) ;; *) return 1;; esac
                done
                case "$S" in *'"db":"DOWN"'*|*'"db":"UNKNOWN"'*|*'"type":"Idle"'*) return 1;; esac
            }
            wait_for 60 joined || { {{host.Cluster.EfmCommand}} cluster-status {{Sh.Quote(host.Cluster.Name)}} >&2; fail "not every agent joined; one that is Idle wants `efm resume` once its database is well"; }
            """);
    }

    static bool Joined(EfmStatus? status, PemHost h) => status is not null && status.Nodes.TryGetValue(h.Address, out var node)
        && (h.Role == PemRole.Witness ? node.Type == "Witness" : node is { Database: "UP", Type: "Primary" or "Standby" });
}

/// <summary>T20: a number of agents that outlives no more failures than one agent fewer would; obeyed, and said.</summary>
sealed class AgentCount(PemCluster cluster) : Resource
{
    public override string Name => "number of EFM agents";

    public override string Probe => ":";

    public override Change? Compare(Facts facts, bool triggered) => null;

    public override string? Remark(Facts facts)
    {
        var (agents, data) = (cluster.Hosts.Count, cluster.DataNodes.Count());
        if (agents % 2 != 0) return null;
        var advice = data == agents ? "describe a witness as well" : data > 2 ? $"{data} data nodes need no witness" : "describe one witness fewer";
        return string.Create(CultureInfo.InvariantCulture,
            $"{agents} EFM agents are an even number: when half of them are lost or cut off, nobody has a majority and there is no failover, so they outlive no more than {agents - 1} would; {advice}.");
    }
}
