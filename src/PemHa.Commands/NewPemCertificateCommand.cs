using System.Management.Automation;
using System.Net;
using System.Security;
using PemHa.Engine;
using PemHa.Engine.Certificates;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>
/// Section D: certificates for the servers, the agents and the web application (P23, P24, P30, P31), from where the cluster's SSL model says:
/// an authority of our own, your own files, or the authority that PEM's sslutils signs with.
/// </summary>
[Cmdlet(VerbsCommon.New, "PemCertificate", SupportsShouldProcess = true, DefaultParameterSetName = nameof(PemSslModel.SslUtils))]
[OutputType(typeof(PemHost))]
public sealed class NewPemCertificateCommand : StepCommand
{
    readonly List<CertificateSource> _sources = [];

    /// <summary>Folder of our own authority on this machine; made when there is none. Its key never goes to a node.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(PemSslModel.LocalCA))]
    [ValidateNotNullOrEmpty]
    public string AuthorityPath { get; set; } = "";

    /// <summary>Encrypts the authority's key at rest.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(PemSslModel.LocalCA))]
    public SecureString AuthorityPassword { get; set; } = new();

    /// <summary>Folder of your own certificates and keys: root.crt, perhaps root.crl, NAME.crt and NAME.key of each node and agent.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(PemSslModel.ExternalCA))]
    [ValidateNotNullOrEmpty]
    public string CertificatePath { get; set; } = "";

    /// <summary>Opens your keys, where they are encrypted; servers get them unencrypted.</summary>
    [Parameter(ParameterSetName = nameof(PemSslModel.ExternalCA))]
    public SecureString? KeyPassword { get; set; }

    /// <summary>How long new certificates are valid, in days; they are renewed 30 days before their end.</summary>
    [Parameter(ParameterSetName = nameof(PemSslModel.LocalCA))]
    [Parameter(ParameterSetName = nameof(PemSslModel.SslUtils))]
    [ValidateRange(31, 3650)]
    public int ValidDays { get; set; } = 730;

    /// <summary>Replaces certificates that another authority signed; every server, agent and client has to follow.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        if (cluster.SslModel.ToString() != ParameterSetName) throw Differs(cluster);
        try
        {
            CertificateSource? source = cluster.SslModel switch
            {
                PemSslModel.LocalCA => Local(cluster),
                PemSslModel.ExternalCA => External(hosts),
                _ => new SslUtilsAuthority(await PrimaryAsync(cluster, hosts, "New-PemCertificate", ct)),
            };
            if (source is not null) _sources.Add(source);
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

    CertificateAuthority? Local(PemCluster cluster)
    {
        var folder = GetUnresolvedProviderPathFromPSPath(AuthorityPath);
        var password = new NetworkCredential("", AuthorityPassword).Password;
        // A preview makes nothing, not even here.
        return CertificateAuthority.Open(folder, password) ?? (IsPreview ? null : CertificateAuthority.Create(folder, $"PEM CA {cluster.Name}", password));
    }

    ExternalCertificates External(IReadOnlyList<PemHost> hosts) => ExternalCertificates.Open(GetUnresolvedProviderPathFromPSPath(CertificatePath),
        [.. hosts.Where(h => h.Role != PemRole.Witness).SelectMany(SectionD.Specs)],
        KeyPassword is null ? null : new NetworkCredential("", KeyPassword).Password);

    static PemException Differs(PemCluster cluster) => new("SslModelDiffers", Trouble.InvalidArgument,
        $"The cluster {cluster.Name} is described with -SslModel {cluster.SslModel}, which takes {Parameters(cluster.SslModel)}.",
        $"Give New-PemCertificate {Parameters(cluster.SslModel)}, or describe another model with New-PemCluster -SslModel.")
    { Step = "New-PemCertificate" };

    static string Parameters(PemSslModel model) => model switch
    {
        PemSslModel.LocalCA => "-AuthorityPath and -AuthorityPassword",
        PemSslModel.ExternalCA => "-CertificatePath",
        _ => "neither -AuthorityPath nor -CertificatePath",
    };
}
