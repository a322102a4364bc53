using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Certificates;

/// <summary>A certificate of ours and its key on a node, with the authority's certificate beside them (P24, P31).</summary>
/// <param name="source">Where it comes from.</param>
sealed class CertificateFiles(CertificateSource source, Redactor redactor) : Resource
{
    internal static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    public required string CertificatePath { get; init; }

    public required string KeyPath { get; init; }

    public required string RootPath { get; init; }

    /// <summary><c>user:group</c> of the files.</summary>
    public required string Owner { get; init; }

    public required CertificateRequestSpec Spec { get; init; }

    public required TimeSpan Validity { get; init; }

    /// <summary>Whether the folder is made; otherwise it must be there.</summary>
    public bool MakeFolder { get; init; }

    /// <summary>Whether certificates of another authority may be replaced.</summary>
    public bool ReplaceAuthority { get; init; }

    public override string Name => $"certificate {CertificatePath}";

    public override Facts? Blank => Facts.Of(("folder", "1"));

    public override string Probe => $$"""
        [ -d {{Sh.Quote(Folder)}} ] && fact folder 1
        fact_file crt {{Sh.Quote(CertificatePath)}}; fact_file root {{Sh.Quote(RootPath)}}
        if [ -f {{Sh.Quote(KeyPath)}} ]; then
            fact key.mode "$(stat -Lc '%a %U:%G' {{Sh.Quote(KeyPath)}})"
            openssl pkey -in {{Sh.Quote(KeyPath)}} -pubout 2>/dev/null | fact64 public
        fi
        :
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!MakeFolder && !facts.Is("folder")) throw Postgres.Database.Missing(Folder);
        var mode = $"600 {Owner}";
        var fault = source.Fault(facts["crt.text"], facts["public"], Spec, RenewBefore);
        if (fault == CertificateSource.Foreign && !ReplaceAuthority)
            throw new PemException("AuthorityChanged", Trouble.SecurityError, $"{CertificatePath} was signed by another authority than the one that you give.",
                "Give the authority that the cluster was built with. To replace it everywhere, agents and clients included, give -Force.");
        var folder = MakeFolder ? $"install -d -m 755 {Sh.Quote(Folder)}\n" : "";
        if (fault is not null)
        {
            var pair = source.Issue(Spec, Validity);
            redactor.Add(Convert.ToBase64String(System.Text.Encoding.Latin1.GetBytes(pair.Key)), pair.Key);
            // The old key is not kept: on a standby it is a copy of the primary's (T14), and nobody needs it again.
            return new Change(facts.Has("crt.text") ? "renew" : "create", $"{source.Describe(Spec)}: {fault}",
                folder + $"rm -f {Sh.Quote(KeyPath)}\n" + ManagedFile.Put(KeyPath, mode, pair.Key, null)
                + Replace(CertificatePath, mode, pair.Certificate) + Replace(RootPath, mode, Root(facts)))
            {
                Recipe = source.ByHand(Spec, Validity) with
                {
                    Script = $"{folder}rm -f {Sh.Join(KeyPath, CertificatePath, RootPath)}\n"
                        + ByHand(KeyPath, "KEY") + ByHand(CertificatePath, "CRT") + ByHand(RootPath, "ROOT"),
                    Sent = ["KEY", "CRT", "ROOT"],
                },
            };
        }
        var fixes = "";
        if (Root(facts) != facts["root.text"]) fixes += Replace(RootPath, mode, Root(facts));
        if (facts["crt.mode"] != mode || facts["key.mode"] != mode || (facts.Has("root.mode") && facts["root.mode"] != mode))
            fixes += $"chown {Sh.Quote(Owner)} {Sh.Join(CertificatePath, KeyPath, RootPath)}; chmod 600 {Sh.Join(CertificatePath, KeyPath, RootPath)}\n";
        return fixes.Length == 0 ? null : new Change("mend", $"{RootPath}, mode {mode}", folder + fixes);
    }

    public override string? Remark(Facts facts) => source.Remark(Spec);

    string ByHand(string path, string variable) => $"printf '%s\\n' \"${variable}\" | rewrite {Sh.Join(path, Owner)} 600\n";

    string Root(Facts facts) => source.IsRoot(facts["root.text"]) ? facts["root.text"] : source.Root;

    string Folder => KeyPath[..KeyPath.LastIndexOf('/')];

    static string Replace(string path, string mode, string text) => $"rm -f {Sh.Quote(path)}\n" + ManagedFile.Put(path, mode, text, null);
}
