using PemHa.Engine.State;

namespace PemHa.Engine.Certificates;

/// <summary>What a certificate is for.</summary>
enum CertificatePurpose
{
    /// <summary>A database server.</summary>
    Server,

    /// <summary>The web server of a data node.</summary>
    Web,

    /// <summary>A PEM agent, a client of the database.</summary>
    Agent,
}

/// <summary>A certificate that a node needs.</summary>
/// <param name="CommonName">CN; for an agent its role's name (F9).</param>
/// <param name="AlternativeNames">Addresses and names for which it stands (P24).</param>
/// <param name="Purpose">What it is for.</param>
sealed record CertificateRequestSpec(string CommonName, IReadOnlyList<string> AlternativeNames, CertificatePurpose Purpose)
{
    /// <summary>The node.</summary>
    public PemHost? Host { get; init; }

    /// <summary>Name and names, as people see them.</summary>
    public override string ToString() => string.Join(", ", AlternativeNames.Prepend($"CN={CommonName}"));
}

/// <summary>A certificate (its chain behind it) and its key, in PEM form.</summary>
sealed record KeyPair(string Certificate, string Key);

/// <summary>Where a cluster's certificates come from (P23): one of the three SSL models.</summary>
abstract class CertificateSource : IDisposable
{
    /// <summary>The fault of a certificate that our authority did not sign.</summary>
    public const string Foreign = "another authority signed it";

    /// <summary>What everybody trusts, in PEM form: <c>root.crt</c>.</summary>
    public abstract string Root { get; }

    /// <summary>The revocation lists, in PEM form: <c>root.crl</c>; null when there are none (P25).</summary>
    public virtual string? Revoked => null;

    /// <summary>Whether a <c>root.crl</c> of this authority that a node has, and we have not, is somebody else's business.</summary>
    public virtual bool LeavesRevoked => true;

    /// <summary>Why a certificate will not do; null when it will.</summary>
    /// <param name="certificate">What is on the host, in PEM form.</param>
    /// <param name="publicKey">The public half of the key on the host, in PEM form.</param>
    public abstract string? Fault(string certificate, string publicKey, CertificateRequestSpec spec, TimeSpan renewBefore);

    /// <summary>A certificate and its key, for a node.</summary>
    public abstract KeyPair Issue(CertificateRequestSpec spec, TimeSpan validity);

    /// <summary>How a certificate is come by on the admin's machine, for a runbook: sets KEY, CRT and ROOT.</summary>
    public abstract Recipe ByHand(CertificateRequestSpec spec, TimeSpan validity);

    /// <summary>Whether a <c>root.crt</c> on a host will do.</summary>
    public virtual bool IsRoot(string text) => text == Root;

    /// <summary>Whether the revocation lists in a text are of this authority.</summary>
    public abstract bool Lists(string revoked);

    /// <summary>What is issued, as people see it.</summary>
    public virtual string Describe(CertificateRequestSpec spec) => spec.ToString();

    /// <summary>Something about a certificate that a person should know; null when there is nothing to tell.</summary>
    public virtual string? Remark(CertificateRequestSpec spec) => null;

    /// <summary>The same about what everybody trusts.</summary>
    public virtual string? RootRemark => null;

    /// <summary>Whether it can issue at all: its key opens.</summary>
    /// <exception cref="PemException">It cannot.</exception>
    public virtual void Prove()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees keys and certificates.</summary>
    protected abstract void Dispose(bool disposing);
}
