using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section D: restarts the databases that want it, standbys first, the primary last, EFM out of the way (P29).</summary>
[Cmdlet(VerbsLifecycle.Invoke, "PemRollingRestart", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(PemHost), typeof(Job))]
public sealed class InvokePemRollingRestartCommand : LongStepCommand
{
    /// <summary>Restarts also where no setting waits for it.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct) =>
        SectionD.RollingRestart(cluster, hosts, await PrimaryAsync(cluster, hosts, "Invoke-PemRollingRestart", ct), Force);
}
