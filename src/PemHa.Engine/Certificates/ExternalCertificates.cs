using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Certificates;

/// <summary>
/// The user's own certificates (P23), from a folder of conventional names (docs/certificates.md): <c>root.crt</c>, perhaps <c>root.crl</c>, and a
/// <c>.crt</c> and a <c>.key</c> for each server and agent. All of them are judged before anything is changed anywhere.
/// </summary>
sealed class ExternalCertificates : CertificateSource
{
    /// <summary>A certificate that ends sooner than this is worth a warning.</summary>
    static readonly TimeSpan Soon = TimeSpan.FromDays(30);

    readonly Dictionary<(PemHost, CertificatePurpose), ExternalPair> _pairs = [];
    readonly ExternalRoot _root;
    readonly string _folder;
    readonly bool _locked;

    ExternalCertificates(ExternalRoot root, string folder, bool locked) => (_root, _folder, _locked) = (root, folder, locked);

    /// <inheritdoc/>
    public override string Root => _root.Text;

    /// <inheritdoc/>
    public override string? Revoked => _root.Revoked;

    /// <summary>The folder is the truth: a list that it does not hold any more is not forgotten silently.</summary>
    public override bool LeavesRevoked => false;

    /// <inheritdoc/>
    public override string? RootRemark => _root.Remark(Soon);

    /// <summary>Reads and judges a folder.</summary>
    /// <param name="specs">What the nodes need.</param>
    /// <param name="password">Opens encrypted keys; null when there was none given.</param>
    /// <exception cref="PemException">Something in the folder will not do; the message lists all of it.</exception>
    public static ExternalCertificates Open(string folder, IReadOnlyList<CertificateRequestSpec> specs, string? password)
    {
        var faults = new List<string>();
        var source = new ExternalCertificates(ExternalRoot.Read(folder, faults), folder, password is not null);
        try
        {
            var read = new Dictionary<string, ExternalPair?>(StringComparer.Ordinal);
            foreach (var spec in specs)
            {
                var stems = Stems(spec);
                var stem = stems.FirstOrDefault(s => File.Exists(Path.Combine(folder, s + ".crt")) || File.Exists(Path.Combine(folder, s + ".key")));
                if (stem is null)
                {
                    // The web server shows the database server's, which is missed already.
                    if (spec.Purpose != CertificatePurpose.Web) faults.Add($"{stems[0]}.crt: there is none for {Of(spec)}{(stems.Count > 1 ? $" (nor {string.Join(".crt, ", stems.Skip(1))}.crt)" : "")}");
                    continue;
                }
                if (!read.TryGetValue(stem, out var pair)) read[stem] = pair = ExternalPair.Read(folder, stem, password, faults);
                if (pair is null) continue;
                foreach (var fault in pair.Faults(spec, source._root).Select(f => $"{stem}.crt: {f}").Where(f => !faults.Contains(f))) faults.Add(fault);
                source._pairs[(spec.Host!, spec.Purpose)] = pair;
            }
        }
        catch
        {
            source.Dispose();
            throw;
        }
        if (faults.Count == 0) return source;
        source.Dispose();
        throw new PemException("CertificatesUnfit", Trouble.InvalidArgument, $"The certificates in {folder} will not do; nothing was changed:\n{string.Join('\n', faults)}",
            "Mend each of these, then run the step again; docs/certificates.md tells what the folder has to hold.");
    }

    /// <summary>Names of the files for a certificate, the first that is there counts.</summary>
    internal static IReadOnlyList<string> Stems(CertificateRequestSpec spec)
    {
        var host = spec.Host!;
        // A colon is no part of a file's name on Windows.
        string[] names = [.. new[] { host.Name, host.DnsName ?? host.Name, host.Address, host.Address.Replace(':', '-') }.Distinct()];
        return spec.Purpose switch
        {
            CertificatePurpose.Server => names,
            CertificatePurpose.Web => [.. names.Select(n => $"{n}-web"), .. names],
            _ when host.Cluster.AgentUser is { } user => [.. names.Select(n => $"{user}-{n}"), user],
            _ => [spec.CommonName],
        };
    }

    /// <inheritdoc/>
    public override string? Fault(string certificate, string publicKey, CertificateRequestSpec spec, TimeSpan renewBefore)
    {
        if (certificate.Length == 0) return "there is none";
        var pair = Pair(spec);
        try
        {
            if (certificate == pair.Pair.Certificate)
                return pair.PublicKey.AsSpan().SequenceEqual(PrivateKeys.Public(publicKey)) ? null : "its key is another one";
            return _root.Issued(certificate) ? $"it is not {pair.Name}.crt" : Foreign;
        }
        catch (CryptographicException)
        {
            return "it cannot be read";
        }
    }

    /// <inheritdoc/>
    public override KeyPair Issue(CertificateRequestSpec spec, TimeSpan validity) => Pair(spec).Pair;

    /// <inheritdoc/>
    public override Recipe ByHand(CertificateRequestSpec spec, TimeSpan validity)
    {
        // The certificates are no secret, and those that were judged; the key stays in the folder until it is needed.
        var key = Sh.Quote(Path.Combine(_folder, Pair(spec).Name + ".key"));
        return new("")
        {
            Secrets = _locked ? ["KEY_PASSWORD"] : [],
            Local = $"KEY=$({(_locked ? "KEY_PASSWORD=$KEY_PASSWORD " : "")}openssl pkey -in {key}{(_locked ? " -passin env:KEY_PASSWORD" : "")})\n"
                + $"CRT={Sh.Quote(Pair(spec).Pair.Certificate.TrimEnd('\n'))}\nROOT={Sh.Quote(Root.TrimEnd('\n'))}",
        };
    }

    /// <inheritdoc/>
    public override bool Lists(string revoked) => RevocationList.ReadAll(revoked) is { Count: > 0 } lists && lists.All(_root.Knows);

    /// <inheritdoc/>
    public override string Describe(CertificateRequestSpec spec) => $"{Pair(spec).Name}.crt, {Pair(spec).Leaf.Subject}";

    /// <inheritdoc/>
    public override string? Remark(CertificateRequestSpec spec) => Pair(spec).Remark(Soon);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var pair in _pairs.Values) pair.Dispose();
        _root.Dispose();
    }

    ExternalPair Pair(CertificateRequestSpec spec) => _pairs[(spec.Host!, spec.Purpose)];

    static string Of(CertificateRequestSpec spec) => spec.Purpose == CertificatePurpose.Agent ? $"the agent of {spec.Host!.Name}, role {spec.CommonName}" : $"the server {spec.Host!.Name}";
}
