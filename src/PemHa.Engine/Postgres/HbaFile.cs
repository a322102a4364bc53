using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>A block of rules in <c>pg_hba.conf</c>; on every data node, since the file is not replicated (T6).</summary>
sealed class HbaFile : ManagedFile
{
    /// <summary>The block's name.</summary>
    public required string Block { get; init; }

    /// <summary>The rules, without their type; one that begins with <c>host</c> holds for connections with and without TLS.</summary>
    public required IReadOnlyList<string> Rules { get; init; }

    /// <summary>Whether the block goes above our others when it is new (P26).</summary>
    public bool First { get; init; }

    /// <summary>Blocks of earlier steps whose lines become <c>hostssl</c> as well (P28).</summary>
    public IReadOnlyList<string> Secured { get; init; } = [];

    /// <summary>Major version of the server.</summary>
    public required int Version { get; init; }

    /// <summary>Rules are <c>hostssl</c> where the server has TLS on, and plain <c>host</c> where not: never a rule that locks out (T16, P28).</summary>
    public override string Probe => $"{base.Probe}\n{ServerFacts.Probe}\nup || exit 0\n{HbaShadow.Probe(Version)}";

    /// <summary>An address as a rule wants it.</summary>
    public static string Single(string address) => address.Contains(':', StringComparison.Ordinal) ? $"{address}/128" : $"{address}/32";

    /// <summary>Whether TLS is a condition of the step, so that it is on when this is done.</summary>
    public bool AfterTls { get; init; }

    public override Facts? Blank => Facts.Of(("file.text", ""), ("file.mode", $"{Mode} {Owner}"));

    protected override string Edit(string? current, Facts facts)
    {
        if (current is null) throw Database.Missing(PathOf(facts));
        RefuseToLockOut(current, PathOf(facts));
        var text = MarkedBlock.Set(current, Block, [.. Lines(facts).Select(Utf8)], top: true, First);
        foreach (var block in Tls(facts) ? Secured : [])
            if (MarkedBlock.Get(text, block) is { } lines)
                text = MarkedBlock.Set(text, block, [.. lines.Select(l => l.StartsWith("host ", StringComparison.Ordinal) ? "hostssl " + l[5..] : l)], top: true);
        return text;
    }

    /// <summary>Whether rules may demand TLS: it is on, or the step refuses to do anything before it is.</summary>
    bool Tls(Facts facts) => AfterTls || facts["ssl"] == "on";

    IEnumerable<string> Lines(Facts facts) =>
        Rules.Select(r => r.StartsWith('#') || r.StartsWith("host ", StringComparison.Ordinal) ? r : $"{(Tls(facts) ? "hostssl" : "host")} {r}");

    protected override Recipe ByHand(Facts facts, string wanted) => new($"set_block \"$F\" {Sh.Quote(Block)} {(First ? "first" : "top")} <<'RULES'\n{string.Join('\n', Lines(facts))}\nRULES"
        + string.Concat((Tls(facts) ? Secured : []).Select(b => $"\nsecure_block \"$F\" {b}")));

    /// <summary>A node that is no longer described would lose its rules, and with its next connection its replication, agent or EFM.</summary>
    void RefuseToLockOut(string current, string path)
    {
        static IEnumerable<string> Addresses(IEnumerable<string> rules) => rules.SelectMany(r => r.Split(' ')).Where(w => w.EndsWith("/32", StringComparison.Ordinal) || w.EndsWith("/128", StringComparison.Ordinal));
        var lost = Addresses(MarkedBlock.Get(current, Block) ?? []).Except(Addresses(Rules)).Distinct().ToList();
        if (lost.Count > 0)
            throw new PemException("HbaWouldLockOut", Trouble.InvalidOperation, $"{string.Join(", ", lost)} would lose its rules in {path} (block {Block}): it is not described any more.",
                "Describe every node of the cluster. If the node is really gone, remove its lines from the block on each data node first.");
    }

    /// <summary>Those whom a rule above ours lets in by another way.</summary>
    public override string? Remark(Facts facts) => Shadows(facts).FirstOrDefault(s => !s.Fatal) is { } shadow
        ? $"{shadow.Where} comes before PemHa's rules and decides for some of whom these are for, such as {shadow.Victim}." : null;

    IReadOnlyList<HbaShadow> Shadows(Facts facts) => HbaShadow.Of(facts["rules"], facts["members"], PathOf(facts), facts["file.text"], Block);

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (Shadows(facts).FirstOrDefault(s => s.Fatal) is { } shadow)
            throw new PemException("HbaShadowed", Trouble.InvalidOperation,
                $"{shadow.Where} comes before PemHa's rules, and the first that matches decides: it keeps out whom {shadow.Victim} is for.",
                "Move that line below PemHa's blocks, or make it narrower, then run the step again.");
        if (base.Compare(facts, triggered) is not { } change) return null;
        // The server itself judges the new file before it reads it; a bad one is taken back at once.
        // T16: a server whose key or certificate it could not load says "on" all the same, and then no hostssl rule matches.
        const string Proof = "speaks_tls || fail \"ssl is on in this server's configuration, but it speaks no TLS (its log says why): "
            + "with hostssl rules nobody would get in; run Set-PemSsl first\"\n";
        string Judged(string path, string edit) => $$"""
            {{path}}
            {{(Tls(facts) ? Proof : "")}}
            cp -p "$F" "$T/hba"
            {{edit}}
            if up; then
                E=$(echo "SELECT concat('line ', line_number, ': ', error) FROM pg_hba_file_rules
                    WHERE error IS NOT NULL LIMIT 3" | sql postgres)
                if [ -n "$E" ]; then cat "$T/hba" > "$F"; fail "the server refuses the new pg_hba.conf, the old one is back: $E"; fi
            fi
            """;
        return change with { Apply = Judged($"F={Sh.Quote(PathOf(facts))}", change.Apply), Recipe = new Recipe(Judged(FindPath, change.Recipe.Script)) };
    }
}
