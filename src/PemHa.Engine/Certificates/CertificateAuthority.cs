using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PemHa.Engine.Certificates;

/// <summary>What a certificate is for.</summary>
/// <param name="CommonName">CN; for an agent its role's name (F9).</param>
/// <param name="AlternativeNames">Addresses and names for which it stands (P24).</param>
/// <param name="Server">Whether for a server; otherwise for a client.</param>
sealed record CertificateRequestSpec(string CommonName, IReadOnlyList<string> AlternativeNames, bool Server);

/// <summary>A certificate and its key, in PEM form.</summary>
sealed record KeyPair(string Certificate, string Key);

/// <summary>A local certificate authority (P23) on the admin's machine; its key is encrypted at rest and never goes to a node.</summary>
sealed class CertificateAuthority : IDisposable
{
    const string KeyFile = "ca_key.key", CertificateFile = "ca_certificate.crt";

    /// <summary>The fault of a certificate that this authority did not sign.</summary>
    public const string Foreign = "another authority signed it";

    // As OpenSSL's default for encrypted PKCS#8 keys, with the iterations that OWASP asks of PBKDF2-SHA256.
    static readonly PbeParameters Encryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 600_000);

    readonly X509Certificate2 _certificate;
    readonly Func<ECDsa> _openKey;
    ECDsa? _key;

    CertificateAuthority(X509Certificate2 certificate, Func<ECDsa> openKey)
    {
        _certificate = certificate;
        _openKey = openKey;
        Certificate = certificate.ExportCertificatePem() + "\n";
    }

    /// <summary>The authority's certificate in PEM form: <c>root.crt</c>.</summary>
    public string Certificate { get; }

    /// <summary>Opens the authority in a folder.</summary>
    /// <param name="password">Opens its key, when it is needed.</param>
    /// <returns>Null when there is none yet.</returns>
    /// <exception cref="PemException">The files cannot be read, or are no authority.</exception>
    public static CertificateAuthority? Open(string folder, string password)
    {
        string certificate = Path.Combine(folder, CertificateFile), key = Path.Combine(folder, KeyFile);
        // The certificate is written last: without it the authority was never finished; Create goes on with its key.
        if (!File.Exists(certificate)) return null;
        try
        {
            return new CertificateAuthority(X509Certificate2.CreateFromPem(File.ReadAllText(certificate)), () => ReadKey(key, password));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Unusable(folder, e);
        }
    }

    /// <summary>Makes an authority and keeps it in a folder; a key that is there already, as a run that was cut leaves it, is used.</summary>
    /// <exception cref="PemException">The folder cannot be written, or the password does not open the key that is there.</exception>
    public static CertificateAuthority Create(string folder, string name, string password)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var keyPath = Path.Combine(folder, KeyFile);
            var found = File.Exists(keyPath);
            var key = found ? ReadKey(keyPath, password) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={Escape(name)}", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            var now = DateTimeOffset.UtcNow;
            using var made = request.CreateSelfSigned(now.AddHours(-1), now.AddYears(10));
            var certificate = X509Certificate2.CreateFromPem(made.ExportCertificatePem());
            if (!found) PrivateFile.Write(keyPath, key.ExportEncryptedPkcs8PrivateKeyPem(password, Encryption) + "\n");
            PrivateFile.Write(Path.Combine(folder, CertificateFile), certificate.ExportCertificatePem() + "\n");
            return new CertificateAuthority(certificate, () => key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(folder, e);
        }
    }

    /// <summary>Issues a certificate with a key of its own (EC P-256, P24).</summary>
    /// <exception cref="PemException">The authority's password is wrong.</exception>
    public KeyPair Issue(CertificateRequestSpec spec, TimeSpan validity)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Escape(spec.CommonName)}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(spec.Server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        if (spec.AlternativeNames.Count > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var name in spec.AlternativeNames)
            {
                if (IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
                else names.AddDnsName(name);
            }
            request.CertificateExtensions.Add(names.Build());
        }
        var now = DateTimeOffset.UtcNow;
        var until = now + validity < _certificate.NotAfter ? now + validity : _certificate.NotAfter;
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        using var issued = request.Create(_certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(Key()), now.AddHours(-1), until, serial);
        return new KeyPair(issued.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Why a certificate will not do; null when it will.</summary>
    /// <param name="certificate">What is on the host, in PEM form.</param>
    /// <param name="publicKey">The public half of the key on the host, in PEM form.</param>
    public string? Fault(string certificate, string publicKey, CertificateRequestSpec spec, TimeSpan renewBefore)
    {
        if (certificate.Length == 0) return "there is none";
        try
        {
            using var found = X509Certificate2.CreateFromPem(certificate);
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(_certificate);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.DisableCertificateDownloads = true;
            chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
            if (!chain.Build(found)) return Foreign;
            if (found.GetNameInfo(X509NameType.SimpleName, false) != spec.CommonName) return $"it is not {spec.CommonName}'s";
            if (found.NotAfter.ToUniversalTime() - DateTime.UtcNow < renewBefore) return $"it ends on {found.NotAfter.ToUniversalTime():yyyy-MM-dd}";
            if (!found.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(PublicKey(publicKey))) return "its key is another one";
            var names = found.Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString()))).ToHashSet(StringComparer.OrdinalIgnoreCase);
            // An address can be written in several ways.
            return spec.AlternativeNames.FirstOrDefault(n => !names.Contains(IPAddress.TryParse(n, out var a) ? a.ToString() : n)) is { } missing ? $"it does not stand for {missing}" : null;
        }
        catch (CryptographicException)
        {
            return "it cannot be read";
        }
    }

    public void Dispose()
    {
        _key?.Dispose();
        _certificate.Dispose();
    }

    ECDsa Key() => _key ??= _openKey();

    static ECDsa ReadKey(string path, string password)
    {
        try
        {
            var key = ECDsa.Create();
            key.ImportFromEncryptedPem(File.ReadAllText(path), password);
            return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException)
        {
            throw new PemException("AuthorityKeyLocked", Trouble.AuthenticationError, $"The key of the certificate authority cannot be opened: {e.Message}",
                "Give New-PemCertificate the password with which the authority was made.", e);
        }
    }

    static byte[] PublicKey(string pem)
    {
        var fields = PemEncoding.TryFind(pem, out var f) ? f : throw new CryptographicException("no public key");
        return Convert.FromBase64String(pem[fields.Base64Data]);
    }

    static string Escape(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    static PemException Unusable(string folder, Exception e) => new("AuthorityUnusable", Trouble.InvalidArgument,
        $"The certificate authority in {folder} cannot be used: {e.Message}", $"The folder must hold {CertificateFile} and {KeyFile}, or be empty and writable.", e);
}
