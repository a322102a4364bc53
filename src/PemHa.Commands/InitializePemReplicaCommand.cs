using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section B on the standbys: a base backup of the primary that streams (P12). Refuses where data might be lost (T4).</summary>
[Cmdlet(VerbsData.Initialize, "PemReplica", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(PemHost), typeof(Job))]
public sealed class InitializePemReplicaCommand : LongStepCommand
{
    /// <summary>The replication role.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UsualCompleter))]
    public string UserName { get; set; } = "repl";

    /// <summary>Replaces a data directory that is not proven to be disposable; it is kept beside the new one, under a dated name, for you to remove.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        var user = RoleName(UserName);
        return SectionB.Replicas(cluster, hosts, await PrimaryAsync(cluster, hosts, "Initialize-PemReplica", ct, given: false), user, Force);
    }
}
