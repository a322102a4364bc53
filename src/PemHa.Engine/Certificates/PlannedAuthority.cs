using System.Globalization;
using System.Net;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Certificates;

/// <summary>An authority of our own (LocalCA) that a preview must not make: there is none yet, and it issues nothing.</summary>
sealed class PlannedAuthority(string folder, string name) : CertificateSource
{
    /// <inheritdoc/>
    public override string Root => "";

    /// <inheritdoc/>
    public override string? Fault(string certificate, string publicKey, CertificateRequestSpec spec, TimeSpan renewBefore) => "there is no authority yet";

    /// <inheritdoc/>
    public override KeyPair Issue(CertificateRequestSpec spec, TimeSpan validity) => new("", "");

    /// <inheritdoc/>
    public override Recipe ByHand(CertificateRequestSpec spec, TimeSpan validity) => OpenSsl(folder, name, spec, validity);

    /// <inheritdoc/>
    public override bool Lists(string revoked) => false;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    /// <summary>The authority in a folder, made when there is none, issues by openssl.</summary>
    public static Recipe OpenSsl(string folder, string name, CertificateRequestSpec spec, TimeSpan validity)
    {
        var quoted = Sh.Quote(folder);
        return new("") { Secrets = ["AUTHORITY_PASSWORD"], Local = $"authority {quoted} {Sh.Quote(name)}\n{Issue(quoted, spec, validity)}" };
    }

    /// <summary>The call of the runbook's function.</summary>
    /// <param name="folder">A shell word.</param>
    public static string Issue(string folder, CertificateRequestSpec spec, TimeSpan validity)
    {
        var usage = spec.Purpose == CertificatePurpose.Agent ? "clientAuth" : "serverAuth";
        var names = spec.AlternativeNames.Select(n => (IPAddress.TryParse(n, out _) ? "IP:" : "DNS:") + n);
        return string.Create(CultureInfo.InvariantCulture,
            $"issue {folder} {Sh.Quote(spec.CommonName)} {usage} {(int)validity.TotalDays} {Sh.Quote(string.Join(',', names))}");
    }
}
