using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>
/// Judges what New-PemCertificate would be given, before any host is touched: your own files all at once, or whether the password opens our
/// authority. Passes the hosts on when it will do.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "PemCertificate", DefaultParameterSetName = nameof(PemSslModel.SslUtils))]
[OutputType(typeof(PemHost))]
public sealed class TestPemCertificateCommand : CertificateStepCommand
{
    private protected override Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        try
        {
            using var source = Options.Open(cluster, hosts);
            source?.Prove();
            foreach (var remark in source is null ? [] : SectionD.Remarks(source, hosts)) Post(() => WriteWarning(remark));
            return Task.FromResult(new Step("Test-PemCertificate", cluster, []));
        }
        catch (PemException e)
        {
            throw e.At(null, "Test-PemCertificate");
        }
    }
}
