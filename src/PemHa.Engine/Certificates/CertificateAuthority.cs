using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PemHa.Engine.State;

namespace PemHa.Engine.Certificates;

/// <summary>A certificate authority of our own (P23): as LocalCA on the admin's machine, its key encrypted at rest and never sent to a node.</summary>
sealed class CertificateAuthority : CertificateSource
{
    const string KeyFile = "ca_key.key", CertificateFile = "ca_certificate.crt";

    // As OpenSSL's default for encrypted PKCS#8 keys, with the iterations that OWASP asks of PBKDF2-SHA256.
    static readonly PbeParameters Encryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 600_000);

    /// <summary>By how much a clock here may be ahead of the hosts' (a wrong time zone is the usual reason) without what is made now being invalid there.</summary>
    static readonly TimeSpan ClocksDiffer = TimeSpan.FromDays(1);

    readonly X509Certificate2 _certificate;
    readonly Func<AsymmetricAlgorithm> _openKey;
    AsymmetricAlgorithm? _key;

    /// <summary>Where it is kept; null for one in memory.</summary>
    string? Folder { get; init; }

    CertificateAuthority(X509Certificate2 certificate, Func<AsymmetricAlgorithm> openKey)
    {
        _certificate = certificate;
        _openKey = openKey;
        Root = certificate.ExportCertificatePem() + "\n";
    }

    /// <summary>The authority's certificate.</summary>
    public override string Root { get; }

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
            return new CertificateAuthority(X509Certificate2.CreateFromPem(File.ReadAllText(certificate)), () => ReadKey(key, password)) { Folder = folder };
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
            if (!found && !Kept(keyPath, key.ExportEncryptedPkcs8PrivateKeyPem(password, Encryption)))
            {
                key.Dispose();
                key = ReadKey(keyPath, password);
            }
            var certificate = SelfSigned(name, key);
            return Kept(Path.Combine(folder, CertificateFile), certificate.ExportCertificatePem()) ? new CertificateAuthority(certificate, () => key) { Folder = folder }
                : Open(folder, password) ?? throw Unusable(folder, new IOException("somebody else changes it now"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(folder, e);
        }
    }

    /// <summary>Whether a file could be written: another run that makes the same authority may have been first, and then its is the one.</summary>
    static bool Kept(string path, string pem)
    {
        try
        {
            PrivateFile.Write(path, pem + "\n", replace: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }

    /// <summary>An authority in memory, of the RSA key that PEM's sslutils wants.</summary>
    public static CertificateAuthority CreateRsa(string name)
    {
        var key = RSA.Create(4096);
        return new CertificateAuthority(SelfSigned(name, key), () => key);
    }

    /// <summary>An authority of a certificate and an RSA key, as they lie in a data directory.</summary>
    /// <exception cref="CryptographicException">They are no such pair; the message says why.</exception>
    public static CertificateAuthority OfPair(KeyPair pair)
    {
        var certificate = X509Certificate2.CreateFromPem(pair.Certificate);
        var key = PrivateKeys.Read(pair.Key, null);
        if (key is not RSA) throw new CryptographicException("its key is not an RSA key, and sslutils reads no other");
        if (!key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo()))
            throw new CryptographicException("key and certificate do not belong to each other");
        if (certificate.NotAfter.ToUniversalTime() < DateTime.UtcNow) throw new CryptographicException($"it ended on {Day(certificate.NotAfter)}");
        return new CertificateAuthority(certificate, () => key);
    }

    /// <summary>The key in PEM form, unencrypted; for a model in which it lies so on the nodes.</summary>
    public string ExportKey() => Key().ExportPkcs8PrivateKeyPem() + "\n";

    /// <inheritdoc/>
    public override void Prove() => Key();

    /// <summary>Issues a certificate with a key of its own (EC P-256, P24).</summary>
    /// <exception cref="PemException">The authority's password is wrong.</exception>
    public override KeyPair Issue(CertificateRequestSpec spec, TimeSpan validity)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Escape(spec.CommonName)}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(Purposes.Oid(spec.Purpose))], false));
        // Authorities that sslutils made for itself have no identifier.
        if (_certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any())
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
        var signer = Key() is RSA rsa ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : X509SignatureGenerator.CreateForECDsa((ECDsa)Key());
        // An authority that somebody else made may be younger.
        var from = now - ClocksDiffer > _certificate.NotBefore ? now - ClocksDiffer : _certificate.NotBefore;
        using var issued = request.Create(_certificate.SubjectName, signer, from, until, serial);
        return new KeyPair(issued.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <inheritdoc/>
    public override Recipe ByHand(CertificateRequestSpec spec, TimeSpan validity) =>
        PlannedAuthority.OpenSsl(Folder!, _certificate.GetNameInfo(X509NameType.SimpleName, false), spec, validity);

    /// <inheritdoc/>
    public override string? Fault(string certificate, string publicKey, CertificateRequestSpec spec, TimeSpan renewBefore)
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
            if (found.NotAfter.ToUniversalTime() - DateTime.UtcNow < renewBefore) return $"it ends on {Day(found.NotAfter)}";
            if (!found.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(PrivateKeys.Public(publicKey))) return "its key is another one";
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

    /// <inheritdoc/>
    public override bool Lists(string revoked) => RevocationList.ReadAll(revoked) is { Count: > 0 } lists && lists.All(l => l.IsSignedBy(_certificate));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _key?.Dispose();
        _certificate.Dispose();
    }

    /// <summary>A day as people see it everywhere.</summary>
    internal static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    AsymmetricAlgorithm Key() => _key ??= _openKey();

    static X509Certificate2 SelfSigned(string name, AsymmetricAlgorithm key)
    {
        var subject = new X500DistinguishedName($"CN={Escape(name)}");
        var request = key is RSA rsa ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(now - ClocksDiffer, now.AddYears(10));
        return X509Certificate2.CreateFromPem(made.ExportCertificatePem());
    }

    static AsymmetricAlgorithm ReadKey(string path, string password)
    {
        try
        {
            return PrivateKeys.Read(File.ReadAllText(path), password);
        }
        catch (Exception e) when (e is CryptographicException or IOException)
        {
            throw new PemException("AuthorityKeyLocked", Trouble.AuthenticationError, $"The key of the certificate authority cannot be opened: {e.Message}",
                "Give New-PemCertificate the password with which the authority was made.", e);
        }
    }

    static string Escape(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    static PemException Unusable(string folder, Exception e) => new("AuthorityUnusable", Trouble.InvalidArgument,
        $"The certificate authority in {folder} cannot be used: {e.Message}", $"The folder must hold {CertificateFile} and {KeyFile}, or be empty and writable.", e);
}
