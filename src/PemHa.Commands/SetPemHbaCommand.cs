using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section D: the HBA rules of PEM, and hostssl instead of host everywhere (P26, P28).</summary>
[Cmdlet(VerbsCommon.Set, "PemHba", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost))]
public sealed class SetPemHbaCommand : StepCommand
{
    /// <summary>The superuser that configures PEM.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UsualCompleter))]
    public string SuperUser { get; set; } = "pemsuper";

    private protected override Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct) =>
        Task.FromResult(SectionD.Hba(cluster, hosts, RoleName(SuperUser)));
}
