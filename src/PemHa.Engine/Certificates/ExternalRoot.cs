using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PemHa.Engine.Certificates;

/// <summary>What the user's servers and agents trust: <c>root.crt</c>, one authority or several, and <c>root.crl</c>, the lists of what they took back.</summary>
sealed class ExternalRoot : IDisposable
{
    const string File = "root.crt", ListFile = "root.crl";

    // What today's OpenSSL and RHEL's crypto policy do not accept any more.
    static readonly string[] OldSignatures = ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.2.840.10040.4.3"];

    readonly X509Certificate2Collection _certificates;
    readonly IReadOnlyList<RevocationList>? _lists;

    ExternalRoot(X509Certificate2Collection certificates, IReadOnlyList<RevocationList>? lists)
    {
        _certificates = certificates;
        _lists = lists;
        Text = string.Concat(certificates.Select(c => c.ExportCertificatePem() + "\n"));
        Revoked = lists is null ? null : string.Concat(lists.Select(l => l.Text));
    }

    /// <summary>The certificates of <c>root.crt</c>, in PEM form.</summary>
    public string Text { get; }

    /// <summary>The lists of <c>root.crl</c>, in PEM form; null when there is no such file.</summary>
    public string? Revoked { get; }

    /// <summary>Reads both files and notes what is wrong with them.</summary>
    public static ExternalRoot Read(string folder, List<string> faults)
    {
        var certificates = ExternalPair.ReadCertificates(folder, File, faults);
        foreach (var authority in certificates)
        {
            if (!IsAuthority(authority)) faults.Add($"{File}: {authority.Subject} is no authority (basicConstraints CA)");
            if (Untimely(authority) is { } untimely) faults.Add($"{File}: {authority.Subject} {untimely}");
        }
        if (certificates.Count > 0 && !certificates.Any(IsSelfSigned))
            faults.Add($"{File}: it holds no root, only {certificates[0].Subject}, which {certificates[0].Issuer} signed; Postgres wants the chain's end too");
        IReadOnlyList<RevocationList>? lists = null;
        var path = Path.Combine(folder, ListFile);
        if (System.IO.File.Exists(path))
        {
            try
            {
                lists = RevocationList.ReadAll(System.IO.File.ReadAllText(path));
                if (lists.Count == 0) faults.Add($"{ListFile}: it holds no revocation list in PEM form");
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or FormatException)
            {
                faults.Add($"{ListFile}: it cannot be read: {e.Message}");
            }
        }
        var root = new ExternalRoot(certificates, lists);
        foreach (var list in lists ?? [])
        {
            if (list.From > DateTime.UtcNow.AddMinutes(5)) faults.Add($"{ListFile}: the list of {list.Issuer} begins only on {CertificateAuthority.Day(list.From)}");
            if (list.Until < DateTime.UtcNow) faults.Add($"{ListFile}: the list of {list.Issuer} ended on {CertificateAuthority.Day(list.Until.Value)}; with it the servers would refuse every certificate");
        }
        return root;
    }

    /// <summary>What is wrong with a chain: it does not end here, is not valid now, was taken back, or nobody could tell whether it was.</summary>
    /// <param name="chain">The certificate and those behind it.</param>
    /// <param name="client">Whether servers judge it by the revocation lists.</param>
    public IEnumerable<string> Faults(X509Certificate2Collection chain, bool client)
    {
        using var built = Build(chain, out var complete);
        var elements = built.ChainElements.Select(e => e.Certificate).ToList();
        if (!complete) yield return $"{Broken(chain, elements)}{string.Concat(built.ChainStatus.Select(s => s.StatusInformation.Trim()).Where(s => s.Length > 0).Distinct().Select(s => $" ({s})"))}";
        foreach (var element in elements)
        {
            var name = element.RawData.AsSpan().SequenceEqual(chain[0].RawData) ? "it" : element.Subject;
            if (!IsSelfSigned(element) && OldSignatures.Contains(element.SignatureAlgorithm.Value))
                yield return $"{name} is signed with {element.SignatureAlgorithm.FriendlyName}, which servers of today refuse";
            if (!_certificates.Contains(element) && Untimely(element) is { } untimely) yield return $"{name} {untimely}";
            if (_lists?.FirstOrDefault(l => l.Revokes(element)) is { } list) yield return $"{name} was revoked by {list.Issuer} ({ListFile})";
        }
        // Postgres has the lists asked for each certificate of a client's chain, the root's own included.
        foreach (var authority in elements.Skip(1).Where(a => client && _lists is { Count: > 0 }))
        {
            var mine = _lists!.Where(l => l.IsOf(authority)).ToList();
            if (mine.Count == 0) yield return $"{ListFile} has no list of {authority.Subject}, and with any list there Postgres wants one of each authority";
            else if (!mine.Any(l => l.IsSignedBy(authority))) yield return $"{ListFile}: {authority.Subject} did not sign the list that bears its name, or signed it with an algorithm of yesterday";
        }
    }

    /// <summary>Whether a certificate (and what is behind it), valid now or not, ends here.</summary>
    /// <exception cref="CryptographicException">It cannot be read.</exception>
    public bool Issued(string pem)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        if (chain.Count == 0) throw new CryptographicException("no certificate");
        using var built = Build(chain, out var complete);
        return complete;
    }

    /// <summary>Whether a revocation list is of an authority that we trust, or of one that it vouches for.</summary>
    public bool Knows(RevocationList list) => _certificates.Any(list.IsSignedBy) || (_lists ?? []).Any(l => l.Issuer == list.Issuer);

    /// <summary>Says which of it ends soon.</summary>
    public string? Remark(TimeSpan soon)
    {
        var first = _certificates.FirstOrDefault(c => c.NotAfter.ToUniversalTime() - DateTime.UtcNow < soon);
        if (first is not null) return $"{File}: {first.Subject} ends on {CertificateAuthority.Day(first.NotAfter)}; every certificate under it ends with it.";
        // Lists live for days where certificates live for months.
        var list = _lists?.FirstOrDefault(l => l.Until - DateTime.UtcNow < TimeSpan.FromDays(3));
        return list is null ? null : $"{ListFile}: the list of {list.Issuer} ends on {CertificateAuthority.Day(list.Until!.Value)}; from then on the servers refuse every certificate.";
    }

    public void Dispose()
    {
        foreach (var certificate in _certificates) certificate.Dispose();
    }

    X509Chain Build(X509Certificate2Collection certificates, out bool complete)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        foreach (var authority in _certificates) (IsSelfSigned(authority) ? chain.ChainPolicy.CustomTrustStore : chain.ChainPolicy.ExtraStore).Add(authority);
        chain.ChainPolicy.ExtraStore.AddRange(certificates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        // Dates are judged one by one, with words of our own.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        try
        {
            complete = chain.Build(certificates[0])
                // What this machine happens to know besides, the servers do not.
                && chain.ChainElements.All(e => certificates.Contains(e.Certificate) || _certificates.Contains(e.Certificate));
        }
        catch (CryptographicException)
        {
            // OpenSSL gives up on some that are damaged inside.
            complete = false;
        }
        return chain;
    }

    static string Broken(X509Certificate2Collection chain, List<X509Certificate2> elements)
    {
        var last = elements.LastOrDefault(chain.Contains) ?? chain[0];
        return IsSelfSigned(last) ? $"it does not lead to {File}, but to {last.Subject}"
            : $"it does not lead to {File}: {last.Issuer}, which signed {(last.Equals(chain[0]) ? "it" : last.Subject)}, is neither there nor behind it, or its signature is wrong";
    }

    static string? Untimely(X509Certificate2 certificate) =>
        certificate.NotBefore.ToUniversalTime() > DateTime.UtcNow ? $"begins only on {CertificateAuthority.Day(certificate.NotBefore)}"
        : certificate.NotAfter.ToUniversalTime() < DateTime.UtcNow ? $"ended on {CertificateAuthority.Day(certificate.NotAfter)}" : null;

    static bool IsSelfSigned(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    static bool IsAuthority(X509Certificate2 certificate) => certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(b => b.CertificateAuthority);
}
