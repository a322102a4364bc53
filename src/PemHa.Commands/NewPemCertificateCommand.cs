using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Certificates;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>
/// Section D: certificates for the servers, the agents and the web application, from where the cluster's SSL model says: an authority of our
/// own, your own files, or the authority that PEM's sslutils signs with (P23, P24, P30, P31).
/// </summary>
[Cmdlet(VerbsCommon.New, "PemCertificate", SupportsShouldProcess = true, DefaultParameterSetName = nameof(PemSslModel.SslUtils))]
[OutputType(typeof(PemHost))]
public sealed class NewPemCertificateCommand : CertificateStepCommand
{
    readonly List<CertificateSource> _sources = [];

    /// <summary>How long certificates that are made here are valid, in days; they are renewed 30 days before their end.</summary>
    [Parameter]
    [ValidateRange(31, 3650)]
    public int ValidDays { get; set; } = 730;

    /// <summary>Replaces certificates that another authority signed; every server, agent and client has to follow.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        try
        {
            var source = await Options.SourceAsync(cluster, hosts, () => PrimaryAsync(cluster, hosts, "New-PemCertificate", ct), IsPreview);
            _sources.Add(source);
            return SectionD.Certificates(cluster, hosts, source, TimeSpan.FromDays(ValidDays), Force);
        }
        catch (PemException e)
        {
            throw e.At(null, "New-PemCertificate");
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) foreach (var source in _sources) source.Dispose();
        base.Dispose(disposing);
    }
}
