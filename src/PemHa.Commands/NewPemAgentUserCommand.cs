using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section E: the role that all agents share, where the cluster is described with -AgentUser; nothing otherwise (P30).</summary>
[Cmdlet(VerbsCommon.New, "PemAgentUser", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost))]
public sealed class NewPemAgentUserCommand : StepCommand
{
    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct) =>
        SectionE.AgentUser(cluster, hosts, await PrimaryAsync(cluster, hosts, "New-PemAgentUser", ct));
}
