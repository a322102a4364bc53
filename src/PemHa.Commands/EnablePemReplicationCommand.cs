using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section B on the primary: replication role, settings and HBA rules (P7–P10).</summary>
[Cmdlet(VerbsLifecycle.Enable, "PemReplication", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost))]
public sealed class EnablePemReplicationCommand : StepCommand
{
    /// <summary>The replication role and its password.</summary>
    [Parameter(Mandatory = true)]
    [Credential]
    public PSCredential Credential { get; set; } = PSCredential.Empty;

    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        var login = Login(Credential);
        return SectionB.Replication(cluster, hosts, await PrimaryAsync(cluster, hosts, "Enable-PemReplication", ct), login.UserName, login.Password);
    }
}
