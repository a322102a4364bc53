using System.Text.RegularExpressions;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Efm;

/// <summary>EFM's password as its files hold it: encrypted once, on the primary, for all nodes, as the key derives from the cluster's name (P18).</summary>
sealed partial class EfmPassword(PemHost primary, string clear, Role role)
{
    public PemHost Primary => primary;

    /// <summary>The text; empty until the primary's probe has told it.</summary>
    public string Encrypted { get; set; } = "";

    /// <summary>Whether texts made before are of another password.</summary>
    public bool Changed => role.PasswordChanged;

    /// <summary>The command that encrypts it, without where it comes from.</summary>
    string Command => $"{Sh.Quote(primary.Cluster.EfmCommand)} encrypt {Sh.Quote(primary.Cluster.Name)}";

    /// <summary>The variable with it in a runbook.</summary>
    public string Variable => Recipe.PasswordOf(role.RoleName);

    /// <summary>
    /// Asks <c>efm encrypt</c>; the password goes through the environment of that one short process, as documented.
    /// Some failures are reported on standard output (B6), so both streams and the status are facts, and
    /// <see cref="From"/> judges them.
    /// </summary>
    public string Ask => Encrypted.Length > 0 ? ":" : $$"""
        if [ -x {{Sh.Quote(primary.Cluster.EfmCommand)}} ]; then
            if [ ! -f "$T/encrypt.status" ]; then
                EFMPASS={{Sh.Quote(clear)}} {{Command}} --from-env \
                    >"$T/encrypted" 2>"$T/encrypt.error" && R=0 || R=$?
                echo "$R" > "$T/encrypt.status"
            fi
            fact encrypt.status "$(cat "$T/encrypt.status")"
            fact64 encrypted < "$T/encrypted"
            fact64 encrypt.error < "$T/encrypt.error"
        fi
        """;

    /// <summary>
    /// Asks only where no running agent has proven the text in its file; two encryptions of one password differ (P18).
    /// </summary>
    /// <param name="path">The file.</param>
    public string AskUnlessProven(string path) => $$"""
        {{Proven(path)}}
        if ! efm_proven; then
        {{Ask}}
        fi
        :
        """;

    /// <summary>Shell that reports as fact <c>works</c> that an agent runs with the text in its file.</summary>
    public string Proven(string path) => $$"""
        efm_proven() {
            {{(Changed ? "false" : "agent_active")}} &&
                grep -q '^db\.password\.encrypted=.' {{Sh.Quote(path)}} 2>/dev/null
        }
        efm_proven && fact works 1
        agent_active && fact active 1
        :
        """;

    /// <summary>What the command prints is judged before anything is changed.</summary>
    /// <param name="path">The primary's file.</param>
    public Requirement Encrypts(string path) => new("efm encrypt", AskUnlessProven(path), facts =>
    {
        if (!facts.Is("works") && facts.Has("encrypt.status")) From(facts);
        return null;
    });

    /// <summary>The encrypted password in what <see cref="Ask"/> reported.</summary>
    /// <exception cref="PemException">EfmEncryptFailed: the command failed, or printed something else.</exception>
    public string From(Facts facts)
    {
        var printed = facts["encrypted"].Trim();
        if (facts["encrypt.status"] == "0" && IsEncrypted(printed)) return printed;

        var message = $"efm encrypt gave no encrypted password on {primary.Name}";
        message += facts.Has("encrypt.status")
            ? $": status {facts["encrypt.status"]}, output {Quoted(printed)}, "
                + $"error output {Quoted(facts["encrypt.error"].Trim())}."
            : ".";
        throw new PemException("EfmEncryptFailed", Trouble.InvalidResult, message,
            Remedy(printed + facts["encrypt.error"]));
    }

    /// <summary>
    /// Whether a text has the form of an encrypted password: one word of hexadecimal digits, at least 16 bytes (R3,
    /// R5). Its error messages are sentences, so no stricter test is needed.
    /// </summary>
    public static bool IsEncrypted(string text) =>
        text.Length >= 32 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);

    /// <summary>
    /// Shell for a runbook: puts the encrypted password into <c>$E</c>, or fails with what the command printed. The
    /// same judgement as <see cref="From"/>; a password encrypted beside other text is not shown, since its key is no
    /// secret (T8).
    /// </summary>
    public string AskByHand => $$"""
        E=$(EFMPASS="${{Variable}}" {{Command}} --from-env 2>"$T/x") && R=0 || R=$?
        case "$R $E" in '0 '|'0 '*[!0-9A-Fa-f]*|[!0]*) R=1;; esac
        [ "$R" = 0 ] && [ ${#E} -ge 32 ] && [ $(( ${#E} % 2 )) = 0 ] ||
            fail "efm encrypt gave no encrypted password: $(printf '%s\n' "$E" | cat - "$T/x" |
                sed 's/[0-9A-Fa-f]\{32,\}/********/g')"
        """;

    static string Remedy(string printed) =>
        printed.Contains("JRE", StringComparison.Ordinal)
            || printed.Contains("java", StringComparison.OrdinalIgnoreCase)
            ? "EFM finds no Java on the host: run Install-PemEpas, which installs it, or put `java` into root's PATH."
        : printed.Contains("EFMPASS", StringComparison.Ordinal)
            ? "EFM did not get the password through its environment: see whether its `efm` command, or a sudo rule for "
                + "it, resets the environment."
            : "Run `efm encrypt NAME --from-env` by hand on the host, with EFMPASS set; EFM needs Java.";

    static string Quoted(string printed)
    {
        if (printed.Length == 0) return "empty";

        var text = LongHex().Replace(printed, "********");
        return $"'{(text.Length > 500 ? text[..500] + "…" : text)}'";
    }

    [GeneratedRegex("[0-9a-fA-F]{32,}", RegexOptions.CultureInvariant)]
    private static partial Regex LongHex();
}

/// <summary><c>efm.properties</c> of a node, begun from the package's sample (P17–P19).</summary>
/// <remarks>0640, not the page's world-readable: the password's key derives from the cluster's name (T8).</remarks>
sealed class EfmProperties(PemHost host, EfmPassword password) : ManagedFile
{
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>Those of the names that a person typed.</summary>
    public IEnumerable<string> AskedFor { get; init; } = [];

    public override Facts? Blank =>
        Facts.Of(("sample.text", ""), ("encrypt.status", "0"), ("encrypted", new string('0', 32)));

    public override string Probe => $$"""
        {{base.Probe}}
        fact_file sample {{Sample}}
        fact nic "$(nic {{Sh.Quote(host.Address)}})"
        {{(host == password.Primary ? password.AskUnlessProven(Path) : password.Proven(Path))}}
        """;

    string Sample => SampleOf(host.Cluster, "properties");

    /// <summary>
    /// EFM's shell scripts find the same directories in the file as EFM does (G50). Checked before anything is changed:
    /// a line that was added to an existing file can be the one that they read.
    /// </summary>
    public static Requirement HelpersAgree(PemHost host, IReadOnlyDictionary<string, string> values)
    {
        var path = $"{host.Cluster.EfmConfigDirectory}/{host.Cluster.Name}.properties";
        return new("directories in efm.properties", $"""
            fact_file file {Sh.Quote(path)}
            fact_file sample {SampleOf(host.Cluster, "properties")}
            :
            """, facts =>
        {
            if (!facts.Has("sample.text")) return null;

            var text = PropertiesText.Set(facts.Has("file.text") ? facts["file.text"] : facts["sample.text"], values);
            var name = PropertiesText.ReadByHelpers
                .FirstOrDefault(n => PropertiesText.HelpersValue(text, n) != PropertiesText.Get(text, n));
            return name is null ? null : new PemException("PropertyAmbiguous", Trouble.InvalidOperation,
                $"EFM's shell scripts would not read {name}={PropertiesText.Get(text, name)} from {path} on "
                    + $"{host.Name}. They would read the line '{PropertiesText.HelpersLine(text, name)?.Trim()}', "
                    + $"because they take the last line without a '#' that contains {name}.",
                $"Remove that line or put a '#' in front of it, and leave no '#' in the line of {name} itself.");
        });
    }

    /// <summary>
    /// Worth knowing: values that stay as an administrator chose them, a password that changes under running agents
    /// (O80), and auto.rewind, which cannot work (B13).
    /// </summary>
    public override string? Remark(Facts facts)
    {
        var remarks = new List<string>();
        var kept = ChosenByHand(facts.Has("file.text") ? facts["file.text"] : null, facts["sample.text"]).ToList();
        if (kept.Count > 0)
            remarks.Add($"kept as set by hand in {Path}: {string.Join(", ", kept)}; -Property changes them.");
        if (host == password.Primary && password.Changed && facts.Is("active"))
            remarks.Add(Hurry);
        var rewinds = "true".Equals(Values.GetValueOrDefault("auto.rewind"), StringComparison.OrdinalIgnoreCase);
        if (host == password.Primary && rewinds)
            remarks.Add(NoRewind);
        return remarks.Count == 0 ? null : string.Join(" ", remarks);
    }

    const string Hurry =
        "the password of EFM's role has changed while its agents run with the old one. This run gives them the new "
        + "one. If it stops before the end, run it again at once: after local.timeout (60 s by default) an agent that "
        + "cannot log in treats its database as failed.";

    const string NoRewind =
        "auto.rewind=true has no effect with the roles and rules that PemHa creates: pg_rewind logs in to a database "
        + "as the replication role, but the rules for that role allow replication only. It also needs EXECUTE on "
        + "pg_read_binary_file and three other functions, and wal_log_hints or data checksums. Without these, EFM "
        + "leaves a failed primary stopped. Use auto.basebackup=true (EFM 5.2) or Initialize-PemReplica -Force.";

    /// <summary>By hand each node encrypts for itself: the texts differ, the password does not.</summary>
    protected override Recipe ByHand(Facts facts, string wanted)
    {
        IEnumerable<string> nic = Values.ContainsKey("virtual.ip.interface") ? [] : ["virtual.ip.interface=${1}"];
        IEnumerable<string> prefix = Values.ContainsKey("virtual.ip.prefix") ? [] : ["virtual.ip.prefix=${2}"];
        return new($$"""
            {{FindPath}}
            {{password.AskByHand}}
            set -- $(nic {{Sh.Quote(host.Address)}})
            { cat <<'VALUES'
            {{PropertiesText.Set("", Values).TrimEnd('\n')}}
            VALUES
            printf '%s\n' {{string.Join(' ', nic.Concat(prefix).Append("db.password.encrypted=$E").Select(l => $"\"{l}\""))}}; } | set_properties "$F" {{Sample}} {{Rights}}
            """)
        { Secrets = [password.Variable] };
    }

    /// <summary>The package's sample of a file; it is named for the cluster <c>efm</c>, whatever ours is (P16, P17).</summary>
    public static string SampleOf(PemCluster cluster, string kind) => Sh.Quote($"{cluster.EfmConfigDirectory}/efm.{kind}.in");

    /// <summary>Interface and prefix length of the virtual IP, where they are not given: those of the node's own address.</summary>
    IEnumerable<KeyValuePair<string, string>> Found(Facts facts)
    {
        if (facts["nic"].Split(' ') is not [var nic, var prefix]) yield break;
        if (!Values.ContainsKey("virtual.ip.interface")) yield return new("virtual.ip.interface", nic);
        if (!Values.ContainsKey("virtual.ip.prefix")) yield return new("virtual.ip.prefix", prefix);
    }

    /// <summary>Whoever reads the text can decrypt it (T8).</summary>
    protected override string Shown(string text) =>
        string.Join('\n', text.Split('\n').Select(l => l.Split('=')[0].Trim() == "db.password.encrypted" ? "db.password.encrypted=********" : l));

    protected override string Edit(string? current, Facts facts)
    {
        if (!facts.Has("sample.text"))
            throw new PemException("EfmMissing", Trouble.ObjectNotFound, $"{host.Cluster.EfmPackage} is not installed on {host.Name}.", "Run Install-PemEpas first.");
        if (AskedFor.FirstOrDefault(n => !PropertiesText.Knows(facts["sample.text"], n)) is { } unknown && facts["sample.text"].Length > 0)
            throw new PemException("PropertyUnknown", Trouble.InvalidArgument, $"{host.Cluster.EfmPackage} knows no property {unknown}; its agents would refuse to start (F5).",
                $"See {host.Cluster.EfmConfigDirectory}/efm.properties.in for the names; they are case-sensitive.");
        var old = current is null ? "" : PropertiesText.Get(current, "db.password.encrypted") ?? "";
        if (host == password.Primary && password.Encrypted.Length == 0)
            password.Encrypted = facts.Is("works") ? old : password.From(facts);
        var encrypted = facts.Is("works") ? old : password.Encrypted;
        foreach (var (name, value) in Found(facts).Append(new("db.password.encrypted", encrypted)))
            if (PropertiesText.Refusal(name, value) is not null)
                throw new PemException("AnswerUnfit", Trouble.InvalidResult, $"What {host.Name} tells for {name} cannot stand in efm.properties.", "Look at the host: its interfaces (ip addr) and what efm encrypt prints.");
        // Java would not mind, but EFM's shell helpers take the carriage return of another system's lines for a part of
        // the value (G50).
        var text = (current ?? facts["sample.text"]).Replace("\r\n", "\n", StringComparison.Ordinal);
        var kept = ChosenByHand(current, facts["sample.text"]).ToHashSet(StringComparer.Ordinal);
        var values = Values.Where(v => !kept.Contains(v.Key)).Concat(Found(facts));
        return PropertiesText.Set(text, values.Append(new("db.password.encrypted", encrypted)));
    }

    /// <summary>
    /// Properties that PemHa sets for a switchover, and that an administrator may have chosen in another way: such a
    /// value stays. The three of release.vip belong together (O5).
    /// </summary>
    static readonly string[][] Tuned =
        [["application.name"], ["release.vip.background", "release.vip.pre.wait", "release.vip.post.wait"]];

    /// <summary>
    /// The names of a node's file whose values are neither the package's nor ours, and which the user did not give.
    /// </summary>
    IEnumerable<string> ChosenByHand(string? current, string sample)
    {
        if (current is null) return [];

        bool IsChosen(string name) => PropertiesText.Get(current, name) is { Length: > 0 } value
            && value != PropertiesText.Get(sample, name)
            && value != Values.GetValueOrDefault(name);

        return Tuned
            .Where(group => group.Any(Values.ContainsKey) && !group.Any(AskedFor.Contains) && group.Any(IsChosen))
            .SelectMany(group => group);
    }
}

/// <summary><c>efm.nodes</c> of a node, from the package's sample (P16). Agents rewrite it, so only a missing or never used one is written.</summary>
sealed class EfmNodes(PemHost host, string? coordinator) : ManagedFile
{
    public override string Probe => $$"""
        {{base.Probe}}
        fact_file sample {{EfmProperties.SampleOf(host.Cluster, "nodes")}}
        agent_active && fact active 1
        :
        """;

    protected override Recipe ByHand(Facts facts, string wanted) => new($$"""
        {{FindPath}}
        { cat "$F" 2>/dev/null || cat {{EfmProperties.SampleOf(host.Cluster, "nodes")}}; } > "$T/nodes"
        {{(coordinator is null ? "" : $"grep -q '^[[:space:]]*[^#[:space:]]' \"$T/nodes\" || echo {Sh.Quote(NodeAddress.At(coordinator, host.Cluster.EfmPort))} >> \"$T/nodes\"")}}
        rewrite "$F" {{Rights}} < "$T/nodes"
        """);

    protected override string Edit(string? current, Facts facts)
    {
        if (facts.Is("active") && current is not null) return current;
        var text = current ?? facts["sample.text"];
        // T7: the witness needs the coordinator's address just as the standbys do.
        return coordinator is null || text.Split('\n').Any(l => l.Trim().Length > 0 && !l.TrimStart().StartsWith('#'))
            ? text : $"{(text.Length == 0 || text.EndsWith('\n') ? text : text + "\n")}{NodeAddress.At(coordinator, host.Cluster.EfmPort)}\n";
    }
}
