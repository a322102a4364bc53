using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PemHa.Engine.Certificates;

/// <summary>A certificate of the user's, with the chain behind it and its key, and what is wrong with it.</summary>
sealed class ExternalPair : IDisposable
{
    const string CommonNameOid = "2.5.4.3";
    readonly X509Certificate2Collection _certificates;

    ExternalPair(string name, X509Certificate2Collection certificates, string key, byte[] publicKey)
    {
        Name = name;
        _certificates = certificates;
        PublicKey = publicKey;
        Pair = new KeyPair(string.Concat(certificates.Select(c => c.ExportCertificatePem() + "\n")), key);
    }

    /// <summary>The file's name, without its ending.</summary>
    public string Name { get; }

    /// <summary>What is sent: the certificates alone, and the key unencrypted, since the servers could not open it otherwise.</summary>
    public KeyPair Pair { get; }

    /// <summary>The public half of the key, in DER form.</summary>
    public byte[] PublicKey { get; }

    /// <summary>The certificate itself, in front of its chain.</summary>
    public X509Certificate2 Leaf => _certificates[0];

    /// <summary>Reads a certificate and its key; null when one of them cannot be read, with the reason among the faults.</summary>
    public static ExternalPair? Read(string folder, string name, string? password, List<string> faults)
    {
        var certificates = ReadCertificates(folder, name + ".crt", faults);
        AsymmetricAlgorithm? key = null;
        var file = Path.Combine(folder, name + ".key");
        try
        {
            if (!File.Exists(file)) faults.Add($"{name}.key: there is none");
            else key = PrivateKeys.Read(File.ReadAllText(file), password);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            faults.Add($"{name}.key: {e.Message}{(e.Message.Contains("password", StringComparison.Ordinal) ? " (-KeyPassword)" : "")}");
        }
        using (key)
        {
            if (key is not null && PrivateKeys.Weakness(key) is { } weakness) faults.Add($"{name}.key: {weakness}");
            return key is null || certificates.Count == 0 ? null
                : new ExternalPair(name, certificates, key.ExportPkcs8PrivateKeyPem() + "\n", key.ExportSubjectPublicKeyInfo());
        }
    }

    /// <summary>The certificates of a file; none, with the reason among the faults, when it cannot be read.</summary>
    public static X509Certificate2Collection ReadCertificates(string folder, string name, List<string> faults)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            var file = Path.Combine(folder, name);
            if (!File.Exists(file)) faults.Add($"{name}: there is none");
            else
            {
                certificates.ImportFromPem(File.ReadAllText(file));
                if (certificates.Count == 0) faults.Add($"{name}: it holds no certificate in PEM form");
                foreach (var certificate in certificates) Unfold(certificate);
            }
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            faults.Add($"{name}: it cannot be read: {e.Message}");
            certificates.Clear();
        }
        return certificates;
    }

    /// <summary>.NET reads the inside of a certificate when it is asked for, and here is the one place that expects it to be damaged.</summary>
    /// <exception cref="CryptographicException">It is.</exception>
    static void Unfold(X509Certificate2 certificate)
    {
        _ = (certificate.Subject, certificate.Issuer, certificate.NotBefore, certificate.NotAfter, certificate.SignatureAlgorithm, certificate.PublicKey.ExportSubjectPublicKeyInfo());
        foreach (var extension in certificate.Extensions)
        {
            _ = extension switch
            {
                X509BasicConstraintsExtension constraints => constraints.CertificateAuthority,
                X509KeyUsageExtension usage => usage.KeyUsages != 0,
                X509EnhancedKeyUsageExtension purposes => purposes.EnhancedKeyUsages.Count > 0,
                X509SubjectAlternativeNameExtension names => names.EnumerateDnsNames().Any() | names.EnumerateIPAddresses().Any(),
                _ => true,
            };
        }
    }

    /// <summary>Everything that is wrong with it for a purpose.</summary>
    public IEnumerable<string> Faults(CertificateRequestSpec spec, ExternalRoot root)
    {
        if (!Leaf.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(PublicKey))
            yield return $"{Name}.key is not its key{(_certificates.Skip(1).Any(c => c.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(PublicKey)) ? "; the node's own certificate has to be the first in the file" : "")}";
        if (spec.Purpose == CertificatePurpose.Agent && CommonName(Leaf) is var name && name != spec.CommonName)
            yield return $"its CN is {(name.Length == 0 ? "empty" : name)}, not {spec.CommonName}: the database takes an agent for the role that its certificate names";
        foreach (var missing in spec.AlternativeNames.Where(n => !StandsFor(n))) yield return $"it does not stand for {missing} (subjectAltName)";
        if (!IsFor(Purposes.Oid(spec.Purpose)))
            yield return $"it is not for {(spec.Purpose == CertificatePurpose.Agent ? "clients (extendedKeyUsage clientAuth)" : "servers (extendedKeyUsage serverAuth)")}";
        if (Leaf.Extensions.OfType<X509KeyUsageExtension>().Any(u => !u.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature)))
            yield return "its key is not for signatures (keyUsage digitalSignature), which TLS wants";
        foreach (var fault in root.Faults(_certificates, spec.Purpose == CertificatePurpose.Agent)) yield return fault;
    }

    /// <summary>Says when it, or one of its chain, ends soon.</summary>
    public string? Remark(TimeSpan soon) =>
        _certificates.FirstOrDefault(c => c.NotAfter.ToUniversalTime() - DateTime.UtcNow < soon) is { } first
            ? $"{Name}.crt{(first.Equals(Leaf) ? "" : $", {first.Subject} in it,")} ends on {CertificateAuthority.Day(first.NotAfter)}: get a new one." : null;

    public void Dispose()
    {
        foreach (var certificate in _certificates) certificate.Dispose();
    }

    /// <summary>As a client with <c>sslmode=verify-full</c> compares names.</summary>
    bool StandsFor(string name)
    {
        try
        {
            return Leaf.MatchesHostname(name, allowWildcards: true, allowCommonName: false);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return false;
        }
    }

    bool IsFor(string purpose) => Leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().ToList() is var uses
        && (uses.Count == 0 || uses.Any(u => u.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value == purpose || o.Value == Purposes.Any)));

    static string CommonName(X509Certificate2 certificate)
    {
        try
        {
            return certificate.SubjectName.EnumerateRelativeDistinguishedNames().FirstOrDefault(n => !n.HasMultipleElements && n.GetSingleElementType().Value == CommonNameOid)
                ?.GetSingleElementValue() ?? "";
        }
        catch (CryptographicException)
        {
            // Bytes that are no name.
            return "";
        }
    }
}
