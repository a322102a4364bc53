using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PemHa.Lab.Tests;

/// <summary>An authority as an organisation has one, root or intermediate: issues certificates into a folder, takes them back, lists what it took back.</summary>
sealed class TestAuthority : IDisposable
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1", ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    readonly X509Certificate2 _certificate;
    readonly TestAuthority? _parent;
    readonly List<byte[]> _revoked = [];

    /// <summary>Makes one.</summary>
    /// <param name="parent">Who signs it; itself when null.</param>
    /// <param name="days">From when to when, counted from now.</param>
    public TestAuthority(string name, TestAuthority? parent = null, (int From, int Until)? days = null, bool ec = false, bool authority = true)
    {
        _parent = parent;
        var (from, until) = Span(days ?? (-1, 3000));
        if (parent is not null && until > parent._certificate.NotAfter) until = parent._certificate.NotAfter;
        using AsymmetricAlgorithm key = ec ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2048);
        var request = Request($"CN={name}, O=Example", key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var made = parent is null ? request.CreateSelfSigned(from, until) : parent.Sign(request, from, until);
        _certificate = parent is null ? X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null) : WithKey(made, key);
    }

    /// <summary>Its certificate in PEM form.</summary>
    public string Pem => _certificate.ExportCertificatePem() + "\n";

    public string Subject => _certificate.Subject;

    /// <summary>A list of what it took back.</summary>
    public string List((int From, int Until)? days = null, string? signer = null, HashAlgorithmName? hash = null)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var serial in _revoked) builder.AddEntry(serial);
        var (from, until) = Span(days ?? (-1, 30));
        // A list that bears this authority's name, and somebody else's signature.
        using var stranger = signer is null ? null : new TestAuthority(signer);
        var issuer = stranger?._certificate ?? _certificate;
        var padding = issuer.GetRSAPublicKey() is null ? null : RSASignaturePadding.Pkcs1;
        var der = builder.Build(issuer, 1, until, hash ?? HashAlgorithmName.SHA256, padding, from);
        return PemEncoding.WriteString("X509 CRL", der) + "\n";
    }

    /// <summary>Takes a certificate back; the next <see cref="List"/> says so.</summary>
    public void Revoke(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        _revoked.Add(certificate.SerialNumberBytes.ToArray());
    }

    /// <summary>A certificate and its key, in PEM form; intermediates stand behind it.</summary>
    public (string Certificate, string Key) Issue(TestCertificate wanted)
    {
        using AsymmetricAlgorithm key = wanted.Rsa > 0 ? RSA.Create(wanted.Rsa) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(wanted.Subject, key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        if (wanted.Usage is { } usage) request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        if (wanted.Purpose is { } purpose) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in wanted.Names)
        {
            if (IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(name);
        }
        if (wanted.Names.Count > 0) request.CertificateExtensions.Add(names.Build());
        var (from, until) = Span(wanted.Days);
        using var made = Sign(request, from, until);
        var chain = made.ExportCertificatePem() + "\n";
        if (!wanted.WithoutChain)
            for (var above = this; above._parent is not null; above = above._parent) chain += above.Pem;
        var pem = wanted.KeyPassword is { } password
            ? key.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000))
            : key.ExportPkcs8PrivateKeyPem();
        return (chain, pem + "\n");
    }

    /// <summary>Issues into a folder, under a name.</summary>
    /// <returns>The certificate.</returns>
    public string Issue(string folder, string name, TestCertificate wanted)
    {
        var (certificate, key) = Issue(wanted);
        File.WriteAllText(Path.Combine(folder, name + ".crt"), certificate);
        File.WriteAllText(Path.Combine(folder, name + ".key"), key);
        return certificate;
    }

    public void Dispose() => _certificate.Dispose();

    X509Certificate2 Sign(CertificateRequest request, DateTimeOffset from, DateTimeOffset until)
    {
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        var serial = RandomNumberGenerator.GetBytes(16);
        // Both kinds: with and without the zero byte that DER puts before some.
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm?)_certificate.GetRSAPrivateKey() ?? _certificate.GetECDsaPrivateKey()!;
        var generator = key is RSA rsa ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
        return request.Create(_certificate.SubjectName, generator, from, until, serial);
    }

    static CertificateRequest Request(string subject, AsymmetricAlgorithm key) => key is RSA rsa
        ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);

    static X509Certificate2 WithKey(X509Certificate2 certificate, AsymmetricAlgorithm key) =>
        key is RSA rsa ? certificate.CopyWithPrivateKey(rsa) : certificate.CopyWithPrivateKey((ECDsa)key);

    static (DateTimeOffset From, DateTimeOffset Until) Span((int From, int Until) days) =>
        (DateTimeOffset.UtcNow.AddDays(days.From), DateTimeOffset.UtcNow.AddDays(days.Until));
}

/// <summary>What a certificate is to be like; a good one of a server unless told otherwise.</summary>
sealed record TestCertificate(string Subject, params IReadOnlyList<string> Names)
{
    public string? Purpose { get; init; } = TestAuthority.ServerAuthentication;

    public X509KeyUsageFlags? Usage { get; init; } = X509KeyUsageFlags.DigitalSignature;

    /// <summary>From when to when, counted from now.</summary>
    public (int From, int Until) Days { get; init; } = (-1, 300);

    /// <summary>Bits of an RSA key; an EC key when 0.</summary>
    public int Rsa { get; init; }

    public string? KeyPassword { get; init; }

    public bool WithoutChain { get; init; }

    /// <summary>A good one of an agent.</summary>
    public static TestCertificate Agent(string role) => new($"CN={role}, O=Example") { Purpose = TestAuthority.ClientAuthentication };
}
