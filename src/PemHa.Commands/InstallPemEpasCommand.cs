using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section A: repositories, packages, firewall ports, and the first database on the primary; sslutils where the SSL model wants it (P1–P6).</summary>
[Cmdlet(VerbsLifecycle.Install, "PemEpas", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost), typeof(Job))]
public sealed class InstallPemEpasCommand : LongStepCommand
{
    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct) =>
        SectionA.Packages(cluster, hosts, await PrimaryAsync(cluster, hosts, "Install-PemEpas", ct));
}
