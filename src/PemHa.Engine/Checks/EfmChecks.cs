using PemHa.Engine.Efm;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Checks;

/// <summary>Agents of EFM and PEM that are there already, their number, and the boot order (P16, P20, P31, T13, T20).</summary>
static class EfmChecks
{
    public static IEnumerable<Check> All(PemCluster cluster) =>
    [
        new("EFM", ["P16", "P20"], host => $$"""
            {{new EfmUnit(cluster).Probe}}
            fact others "$(systemctl list-units --no-legend --plain --state=active 'edb-efm-*.service' 2>/dev/null | awk '{ print $1 }' | grep -vxF "$EFMSERVICE.service" | tr '\n' ' ')"
            [ -f {{Sh.Quote($"{cluster.EfmConfigDirectory}/{cluster.Name}.properties")}} ] && fact files 1
            agent_active || exit 0
            fact agent 1
            {{EfmStatus.Probe(cluster)}}
            """, (host, sights) => JudgeEfm(cluster, sights[host])),
        new("EFM agents", ["T20"], _ => ":", (_, _) => null)
        {
            JudgeCluster = (c, _) => new AgentCount(c).Remark(new Facts()) is { } remark ? Verdict.Warning(remark, "It works all the same; so go on if you want it so.")
                : Verdict.Passed($"{c.Hosts.Count} are an odd number."),
        },
        new("boot order", ["T13"], _ => $$"""
            systemctl show -p After --value "$PGSERVICE" 2>/dev/null | tr ' ' '\n' | grep -qxF "$EFMSERVICE.service" && fact ordered 1
            [ "$(systemctl is-enabled "$PGSERVICE" 2>/dev/null)" = enabled ] && fact database 1
            [ "$(systemctl is-enabled "$EFMSERVICE" 2>/dev/null)" = enabled ] && fact agent 1
            :
            """, (host, sights) => JudgeBootOrder(cluster, sights[host])) { On = Check.IsData },
        Check.Of("PEM agent", ["P31"], SectionE.AgentIdentity, facts => facts["agent_id"] is { Length: > 0 } id ? $"It is agent {id}, as described." : "None is registered yet.")
            with { On = Check.IsData },
    ];

    internal static Verdict JudgeEfm(PemCluster cluster, Facts facts)
    {
        if (facts["others"].Trim() is { Length: > 0 } others)
            return Verdict.Warning($"Another agent of EFM runs here: {others}.",
                "If it is this cluster's, describe its version (New-PemCluster -EfmVersion). One of another cluster may stay, with ports and a virtual IP of its own.");
        if (facts["cluster"].Length == 0) return Verdict.Passed("Install-PemEpas brings it.");
        if (Check.Of(new EfmUnit(cluster), facts) is { } refused) return refused;
        if (!facts.Is("agent"))
            return Verdict.Passed(facts.Is("files") ? $"The cluster {cluster.Name} has files here already, which are kept and edited; its agent does not run." : "It is installed, and nothing of this cluster yet.");
        var status = EfmStatus.Parse(facts["status"], cluster);
        var known = cluster.Hosts.Select(h => h.Address).ToHashSet(StringComparer.Ordinal);
        var strangers = status?.Nodes.Keys.Concat(status.AllowedNodes).Distinct().Where(a => !known.Contains(a)).ToList() ?? [];
        return status is null ? Verdict.Warning($"The agent of {cluster.Name} runs and tells nothing of its cluster.", $"Look at `{cluster.EfmCommand} cluster-status {cluster.Name}`.")
            : strangers.Count > 0
                ? Verdict.Failed($"The cluster {cluster.Name} runs, and {string.Join(", ", strangers)} is in it but not described.",
                    $"Describe every node; or take it out: {cluster.EfmCommand} disallow-node {cluster.Name} {strangers[0]}. Two clusters of one name in a network are one.")
            : Verdict.Passed($"The agent of {cluster.Name} runs, with nobody in the cluster who is not described.");
    }

    internal static Verdict JudgeBootOrder(PemCluster cluster, Facts facts) =>
        facts.Is("ordered") ? Verdict.Passed($"{cluster.EfmServiceName} starts before {cluster.ServiceName}.")
        : facts.Is("database") && facts.Is("agent")
            ? Verdict.Warning($"{cluster.ServiceName} may start before {cluster.EfmServiceName}: an old primary that boots can come back as a second one.",
                "New-PemEfmCluster sees to the order, unless it is told -BootGuard None.")
        : Verdict.Passed("New-PemEfmCluster sees to it.");
}
