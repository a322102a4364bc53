using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section B on every data node: the .pgpass lines of the replication role (P11).</summary>
[Cmdlet(VerbsCommon.Set, "PemPassFile", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost))]
public sealed class SetPemPassFileCommand : StepCommand
{
    /// <summary>The replication role and its password.</summary>
    [Parameter(Mandatory = true)]
    [Credential]
    public PSCredential Credential { get; set; } = PSCredential.Empty;

    private protected override Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        var login = Login(Credential);
        return Task.FromResult(SectionB.PassFile(cluster, hosts, login.UserName, login.Password));
    }
}
