using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section E: the web application's port, SELinux policy and certificate (P37).</summary>
[Cmdlet(VerbsCommon.Set, "PemWebApplication", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost))]
public sealed class SetPemWebApplicationCommand : StepCommand
{
    private protected override Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct) =>
        Task.FromResult(SectionE.Web(cluster, hosts));
}
