using System.Management.Automation;
using System.Security;
using PemHa.Engine.Certificates;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section D: certificates of a local authority for the servers, the agents and the web application (P24, P31).</summary>
[Cmdlet(VerbsCommon.New, "PemCertificate", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost))]
public sealed class NewPemCertificateCommand : StepCommand
{
    CertificateAuthority? _authority;

    /// <summary>Folder of the authority on this machine; made when there is none. Its key never goes to a node.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string AuthorityPath { get; set; } = "";

    /// <summary>Encrypts the authority's key at rest.</summary>
    [Parameter(Mandatory = true)]
    public SecureString AuthorityPassword { get; set; } = new();

    /// <summary>How long new certificates are valid, in days; they are renewed 30 days before their end.</summary>
    [Parameter]
    [ValidateRange(31, 3650)]
    public int ValidDays { get; set; } = 730;

    /// <summary>Replaces certificates that another authority signed; every server, agent and client has to follow.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        var folder = GetUnresolvedProviderPathFromPSPath(AuthorityPath);
        var password = new System.Net.NetworkCredential("", AuthorityPassword).Password;
        _authority = CertificateAuthority.Open(folder, password)
            ?? (IsPreview ? null : CertificateAuthority.Create(folder, $"PEM CA {cluster.Name}", password));
        return Task.FromResult(SectionD.Certificates(cluster, hosts, _authority, TimeSpan.FromDays(ValidDays), Force));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _authority?.Dispose();
        base.Dispose(disposing);
    }
}
