using System.Collections.Concurrent;
using System.Security.Cryptography;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Certificates;

/// <summary>
/// The authority of the model in which PEM itself issues the agents' certificates (P23): its unencrypted key lies in every data directory,
/// where the sslutils extension reads it. Found on the nodes or made in memory, and never kept on the admin's machine.
/// </summary>
sealed class SslUtilsAuthority(PemHost primary) : CertificateSource
{
    readonly ConcurrentDictionary<PemHost, KeyPair> _found = [];
    CertificateAuthority? _authority;
    KeyPair? _pair;

    /// <summary>Files of the pair in a data directory; the extension and the vendor's manual name them so.</summary>
    public const string CertificateFile = "ca_certificate.crt", KeyFile = "ca_key.key";

    /// <inheritdoc/>
    public override string Root => Authority.Root;

    /// <summary>The pair as it lies on the nodes.</summary>
    public KeyPair Pair
    {
        get
        {
            _ = Authority;
            return _pair!;
        }
    }

    CertificateAuthority Authority
    {
        get
        {
            lock (_found)
            {
                if (_authority is not null) return _authority;
                // The primary's is the one: agents have been registered with it.
                _pair = _found.GetValueOrDefault(primary) ?? _found.Values.FirstOrDefault();
                _authority = _pair is null ? CertificateAuthority.CreateRsa($"PEM CA {primary.Cluster.Name}") : CertificateAuthority.OfPair(_pair);
                _pair ??= new KeyPair(_authority.Root, _authority.ExportKey());
                Redact(_pair.Key);
                return _authority;
            }
        }
    }

    /// <summary>Notes the pair that is on a node already.</summary>
    public Requirement Look(PemHost host) => new("certificate authority of sslutils",
        $"fact_file ca.crt \"$PGDATA/{CertificateFile}\"; fact_file ca.key \"$PGDATA/{KeyFile}\"", facts =>
    {
        if (!facts.Has("ca.crt.text") && !facts.Has("ca.key.text")) return null;
        Redact(facts["ca.key.text"]);
        var pair = new KeyPair(facts["ca.crt.text"], facts["ca.key.text"]);
        try
        {
            CertificateAuthority.OfPair(pair).Dispose();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return new PemException("AuthorityUnusable", Trouble.InvalidArgument, $"{CertificateFile} and {KeyFile} in {host.Cluster.DataDirectory} on {host.Name} are no authority: {e.Message}.",
                "Put the pair back that agents were registered with; when no agent was yet, move both files away and run the step again.");
        }
        _found[host] = pair;
        return null;
    });

    /// <inheritdoc/>
    public override string? Fault(string certificate, string publicKey, CertificateRequestSpec spec, TimeSpan renewBefore) =>
        Authority.Fault(certificate, publicKey, spec, renewBefore);

    /// <inheritdoc/>
    public override KeyPair Issue(CertificateRequestSpec spec, TimeSpan validity) => Authority.Issue(spec, validity);

    /// <summary>Whose pair is everybody's.</summary>
    public PemHost Primary => primary;

    /// <summary>Gets the primary's pair, or makes one, on the admin's machine.</summary>
    public string FetchByHand => $"sslutils_authority {Sh.Quote(primary.Name)} {Sh.Quote($"PEM CA {primary.Cluster.Name}")}";

    /// <inheritdoc/>
    public override Recipe ByHand(CertificateRequestSpec spec, TimeSpan validity) =>
        new("") { Local = $"{FetchByHand}\n{PlannedAuthority.Issue("\"$W/ca\"", spec, validity)}" };

    /// <summary>PEM renews its authority by itself and appends the new one to <c>root.crt</c>: what is there besides ours stays trusted.</summary>
    public override bool IsRoot(string text) => text.Contains(Root.Trim(), StringComparison.Ordinal) || text.Contains(Pair.Certificate.Trim(), StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Lists(string revoked) => Authority.Lists(revoked);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _authority?.Dispose();

    void Redact(string key)
    {
        if (key.Length == 0) return;
        foreach (var host in primary.Cluster.Hosts)
            if (host.Session is SshSession session) session.Redactor.Add(key, key.Trim(), Convert.ToBase64String(System.Text.Encoding.Latin1.GetBytes(key)));
    }
}

/// <summary>The pair of <see cref="SslUtilsAuthority"/> in a data directory, the same one on every data node.</summary>
sealed class SslUtilsFiles(SslUtilsAuthority authority, PemHost host, bool replace) : Resource
{
    string Folder => host.Cluster.DataDirectory;

    string Owner => $"{host.Cluster.ServiceOwner}:{host.Cluster.ServiceOwner}";

    public override string Name => $"certificate authority of sslutils in {Folder}";

    public override Facts? Blank => Facts.Of(("folder", "1"));

    public override string Probe => $"""
        [ -d "$PGDATA" ] && fact folder 1
        fact_file ca.crt "$PGDATA/{SslUtilsAuthority.CertificateFile}"; fact_file ca.key "$PGDATA/{SslUtilsAuthority.KeyFile}"
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!facts.Is("folder")) throw Postgres.Database.Missing(Folder);
        var mode = $"600 {Owner}";
        string certificate = $"{Folder}/{SslUtilsAuthority.CertificateFile}", key = $"{Folder}/{SslUtilsAuthority.KeyFile}";
        var pair = authority.Pair;
        if (facts["ca.crt.text"] == pair.Certificate && facts["ca.key.text"] == pair.Key)
        {
            return facts["ca.crt.mode"] == mode && facts["ca.key.mode"] == mode ? null
                : new Change("mend", $"mode {mode}", $"chown {Sh.Quote(Owner)} {Sh.Join(certificate, key)}; chmod 600 {Sh.Join(certificate, key)}");
        }
        var there = facts.Has("ca.crt.text") || facts.Has("ca.key.text");
        if (there && !replace)
            throw new PemException("AuthorityChanged", Trouble.SecurityError, $"{certificate} on {host.Name} is another authority than the primary's.",
                "The primary's is the one that agents were registered with: compare the two, then give -Force to put it here as well.");
        return new Change(there ? "replace" : "create", $"{certificate}\n{key}",
            $"rm -f {Sh.Join(key, certificate)}\n" + ManagedFile.Put(key, mode, pair.Key, null) + ManagedFile.Put(certificate, mode, pair.Certificate, null))
        {
            Recipe = new Recipe($"rm -f {Sh.Join(key, certificate)}\nprintf '%s\\n' \"$KEY\" | rewrite {Sh.Join(key, Owner)} 600\nprintf '%s\\n' \"$CRT\" | rewrite {Sh.Join(certificate, Owner)} 600")
            {
                Local = $"{authority.FetchByHand}\nKEY=$(cat \"$W/ca/ca_key.key\") CRT=$(cat \"$W/ca/ca_certificate.crt\")",
                Sent = ["KEY", "CRT"],
            },
        };
    }
}
