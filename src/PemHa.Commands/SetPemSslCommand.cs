using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section D: TLS on in every database, proven by a handshake (P25).</summary>
[Cmdlet(VerbsCommon.Set, "PemSsl", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost))]
public sealed class SetPemSslCommand : StepCommand
{
    private protected override Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct) =>
        Task.FromResult(SectionD.Ssl(cluster, hosts));
}
