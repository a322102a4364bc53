using System.Management.Automation;
using System.Net;
using System.Security;
using PemHa.Engine.Procedure;

namespace PemHa.Commands;

/// <summary>A step about certificates: where they come from is said by one of three parameter sets, one for each SSL model (P23).</summary>
public abstract class CertificateStepCommand : StepCommand
{
    /// <summary>LocalCA: folder of the authority on this machine; made when there is none. Its key never goes to a node.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(PemSslModel.LocalCA))]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string AuthorityPath { get; set; } = "";

    /// <summary>LocalCA: encrypts the authority's key at rest.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(PemSslModel.LocalCA))]
    public SecureString AuthorityPassword { get; set; } = new();

    /// <summary>ExternalCA: folder of your own files: root.crt, perhaps root.crl, NAME.crt and NAME.key of each node and agent.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(PemSslModel.ExternalCA))]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string CertificatePath { get; set; } = "";

    /// <summary>ExternalCA: opens your keys, where they are encrypted; servers get them unencrypted, as they could not open them.</summary>
    [Parameter(ParameterSetName = nameof(PemSslModel.ExternalCA))]
    public SecureString? KeyPassword { get; set; }

    private protected CertificateOptions Options => new()
    {
        AuthorityFolder = AuthorityPath.Length == 0 ? null : GetUnresolvedProviderPathFromPSPath(AuthorityPath),
        AuthorityPassword = new NetworkCredential("", AuthorityPassword).Password,
        CertificateFolder = CertificatePath.Length == 0 ? null : GetUnresolvedProviderPathFromPSPath(CertificatePath),
        KeyPassword = KeyPassword is null ? null : new NetworkCredential("", KeyPassword).Password,
    };
}
