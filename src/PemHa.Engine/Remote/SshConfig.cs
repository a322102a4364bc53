using System.Text;
using System.Text.RegularExpressions;

namespace PemHa.Engine.Remote;

/// <summary>The words of one directive of ssh_config, and where they were read.</summary>
/// <param name="Words">Its arguments without their quotes; never empty.</param>
/// <param name="Where">File and line, for messages.</param>
/// <param name="Doubt">Why PemHa cannot tell whether the directive applies; null when it does.</param>
sealed record SshConfigValue(IReadOnlyList<string> Words, string Where, string? Doubt)
{
    /// <summary>The first word; most keywords have one.</summary>
    public string Word => Words[0];

    /// <summary>The value, unless nobody can tell whether it applies.</summary>
    /// <exception cref="PemException">It stands behind a <c>Match</c> that PemHa does not evaluate.</exception>
    public SshConfigValue Sure() => Doubt is null ? this : throw SshConfig.Unsupported(Doubt, "PemHa cannot tell whether it applies",
        "Put a Host block with the same settings before it");
}

/// <summary>An ssh_config file: <c>Host</c> and <c>Match</c> blocks, <c>Include</c>, first value wins.</summary>
/// <remarks>
/// Format: ssh_config(5). Of <c>Match</c> the criteria all, host, originalhost, user and localuser are evaluated. A block with another one is
/// passed over, unless it would set what PemHa uses: then using it is an error.
/// </remarks>
sealed class SshConfig
{
    const int MostIncludes = 16;

    readonly List<Node> _nodes;

    SshConfig(List<Node> nodes) => _nodes = nodes;

    /// <summary>No file at all.</summary>
    public static SshConfig None { get; } = new([]);

    /// <summary>The file that was asked for; the user's own, where there is one, when none was named.</summary>
    /// <param name="path">A file; empty or <c>none</c> for no file at all.</param>
    /// <exception cref="PemException">It cannot be read or understood.</exception>
    public static SshConfig Choose(string? path, string home)
    {
        var own = Path.Combine(home, ".ssh", "config");
        return path is "" or "none" ? None : path is not null ? Read(path, home) : File.Exists(own) ? Read(own, home, guarded: true) : None;
    }

    /// <summary>Reads a file and what it includes.</summary>
    /// <param name="home">What <c>~</c> stands for.</param>
    /// <param name="guarded">Whether a file that others may write to is refused, as ssh does with the user's own.</param>
    /// <exception cref="PemException">It cannot be read or understood.</exception>
    public static SshConfig Read(string path, string home, bool guarded = false) => new(ReadFile(path, home, guarded, 0));

    /// <summary>Reads a text; includes are looked for in <paramref name="home"/>.</summary>
    /// <exception cref="PemException">It cannot be understood.</exception>
    public static SshConfig Parse(string text, string path, string home) => new(ParseText(text, path, home, false, 0));

    /// <summary>What the file says of a host.</summary>
    /// <param name="alias">The host's name as it was asked for.</param>
    /// <param name="user">The user name asked for; null for the file's.</param>
    public SshConfigHost For(string alias, string? user)
    {
        var found = new SshConfigHost();
        Walk(_nodes, Verdict.Yes, null, new Question(alias, user, found));
        return found;
    }

    /// <summary>The hosts that <c>Host</c> lines name, each once, and where; patterns are none.</summary>
    public IEnumerable<(string Alias, string Where)> Aliases() => Named(_nodes).DistinctBy(a => a.Alias);

    static IEnumerable<(string Alias, string Where)> Named(List<Node> nodes) => nodes.SelectMany(node => node switch
    {
        Block { Keyword: "host" } block => block.Words.Where(w => w.AsSpan().IndexOfAny('*', '?', '!') < 0).Select(w => (w, block.Where)),
        Include include => include.Files.SelectMany(Named),
        _ => [],
    });

    /// <summary>The error for what PemHa cannot do.</summary>
    public static PemException Unsupported(string where, string what, string remedy) => new("SshConfigUnsupported", Trouble.InvalidArgument,
        $"{where}: {what}.", $"{remedy}, or give what is needed by parameters and -SshConfigFile none.");

    /// <summary>The error for what makes no sense.</summary>
    public static PemException Invalid(string where, string what) => new("SshConfigInvalid", Trouble.InvalidArgument, $"{where}: {what}.",
        "Mend that line; `ssh -G HOST` shows what ssh makes of the file.");

    /// <summary>Whether a text matches a pattern of <c>*</c> and <c>?</c>.</summary>
    public static bool Glob(string pattern, string text)
    {
        // Goes back to the last star only: linear in practice, whatever the pattern.
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && (pattern[p] == '?' || (pattern[p] != '*' && pattern[p] == text[t]))) (p, t) = (p + 1, t + 1);
            else if (p < pattern.Length && pattern[p] == '*') (star, mark, p) = (p, t, p + 1);
            else if (star >= 0) (p, t) = (star + 1, ++mark);
            else return false;
        }
        return pattern.AsSpan(p).Trim('*').IsEmpty;
    }

    /// <summary>Whether a text matches one of the patterns and none of those behind a <c>!</c>.</summary>
    public static bool Matches(IEnumerable<string> patterns, string text)
    {
        var matched = false;
        foreach (var pattern in patterns)
        {
            if (pattern.StartsWith('!'))
            {
                if (Glob(pattern[1..], text)) return false;
            }
            else
            {
                matched |= Glob(pattern, text);
            }
        }
        return matched;
    }

    abstract record Node(string Where);

    sealed record Directive(string Keyword, IReadOnlyList<string> Words, string Where) : Node(Where);

    sealed record Block(string Keyword, IReadOnlyList<string> Words, string Where) : Node(Where);

    sealed record Include(IReadOnlyList<List<Node>> Files, string Where) : Node(Where);

    enum Verdict
    {
        No,
        Maybe,
        Yes,
    }

    sealed record Question(string Alias, string? User, SshConfigHost Found);

    /// <param name="outer">Whether the file applies at all: it may be included from a block that does not.</param>
    /// <param name="doubt">The <c>Match</c> that makes it doubtful.</param>
    static void Walk(List<Node> nodes, Verdict outer, string? doubt, Question question)
    {
        var (active, reason) = (outer, doubt);
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Block block:
                    var own = outer == Verdict.No ? Verdict.No : block.Keyword == "host" ? Judge(Matches(block.Words, question.Alias)) : Match(block, question);
                    (active, reason) = own == Verdict.Maybe ? (own, $"{block.Where}: Match {string.Join(' ', block.Words)}")
                        : own == Verdict.Yes ? (outer, doubt) : (own, null);
                    break;
                case Include include:
                    // A block that an included file starts ends with that file.
                    foreach (var file in include.Files) Walk(file, active, reason, question);
                    break;
                case Directive directive when active != Verdict.No:
                    question.Found.Add(directive.Keyword, new SshConfigValue(directive.Words, directive.Where, reason));
                    break;
            }
        }
    }

    static Verdict Judge(bool holds) => holds ? Verdict.Yes : Verdict.No;

    static Verdict Match(Block block, Question question)
    {
        var verdict = Verdict.Yes;
        for (var i = 0; i < block.Words.Count; i++)
        {
            var word = block.Words[i];
            var negated = word.StartsWith('!');
            var (name, given) = word.TrimStart('!').Split('=', 2) is [var n, var v] ? (n.ToLowerInvariant(), v) : (word.TrimStart('!').ToLowerInvariant(), null);
            if (name is "canonical" or "final") return Verdict.Maybe;
            if (name == "all")
            {
                if (block.Words.Count > 1) throw Invalid(block.Where, "Match all stands alone");
                return Judge(!negated);
            }
            var argument = given ?? (++i < block.Words.Count ? block.Words[i] : throw Invalid(block.Where, $"Match {name} has no argument"));
            var text = name switch
            {
                "host" => question.Found.First("hostname") is { Doubt: null } h ? h.Word.Replace("%h", question.Alias, StringComparison.Ordinal) : question.Alias,
                "originalhost" => question.Alias,
                "user" => question.User ?? (question.Found.First("user") is { Doubt: null } u ? u.Word : Environment.UserName),
                "localuser" => Environment.UserName,
                _ => null,
            };
            if (text is null) verdict = verdict == Verdict.No ? verdict : Verdict.Maybe;
            else if (Holds(name, argument, text) == negated) verdict = Verdict.No;
        }
        return block.Words.Count == 0 ? throw Invalid(block.Where, "Match has no criterion") : verdict;
    }

    /// <summary>Host names are compared without regard to case, here but not by <c>Host</c>; users with it.</summary>
    static bool Holds(string name, string patterns, string text) => name.EndsWith("host", StringComparison.Ordinal)
        ? Matches(patterns.ToLowerInvariant().Split(','), text.ToLowerInvariant())
        : Matches(patterns.Split(','), text);

    static List<Node> ReadFile(string path, string home, bool guarded, int depth)
    {
        string text;
        try
        {
            if (guarded && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
                throw new PemException("SshConfigUnsafe", Trouble.SecurityError, $"{path} can be written to by others: what it says of hosts cannot be trusted.",
                    $"chmod go-w {path}, after a look at what is in it.");
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PemException("SshConfigUnreadable", Trouble.ObjectNotFound, $"The ssh_config file {path} cannot be read: {e.Message}",
                "Give -SshConfigFile a file that can be read, or none.", e);
        }
        return ParseText(text, path, home, guarded, depth);
    }

    static List<Node> ParseText(string text, string path, string home, bool guarded, int depth)
    {
        var nodes = new List<Node>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            var where = FormattableString.Invariant($"{path}:{++number}");
            if (Keyword(line, where) is not var (keyword, rest)) continue;
            var words = Words(rest, where);
            if (words.Count == 0) throw Invalid(where, $"{keyword} has no value");
            nodes.Add(keyword switch
            {
                "host" or "match" => new Block(keyword, words, where),
                "include" => new Include([.. words.SelectMany(w => Files(w, home, where)).Select(f => ReadFile(f, home, guarded, Deeper(depth, where)))], where),
                _ => new Directive(keyword, words, where),
            });
        }
        return nodes;
    }

    /// <summary>The lower-case keyword of a line and what follows it; null when the line is empty or a comment.</summary>
    static (string Keyword, string Value)? Keyword(string line, string where)
    {
        line = line.Trim(' ', '\t', '\r', '\f');
        if (line.Length == 0 || line[0] == '#') return null;
        string keyword, rest;
        if (line[0] == '"')
        {
            var end = line.IndexOf('"', 1);
            if (end < 0) throw Invalid(where, "a quote has no end");
            (keyword, rest) = (line[1..end], line[(end + 1)..]);
        }
        else
        {
            var end = line.AsSpan().IndexOfAny(' ', '\t', '=');
            (keyword, rest) = end < 0 ? (line, "") : (line[..end], line[end..]);
        }
        rest = rest.TrimStart(' ', '\t');
        if (rest.StartsWith('=')) rest = rest[1..].TrimStart(' ', '\t');
        return (keyword.ToLowerInvariant(), rest);
    }

    /// <summary>The words of a value: blanks part them, quotes of both kinds keep them together, a # before a word ends them.</summary>
    internal static IReadOnlyList<string> Words(string text, string where)
    {
        var words = new List<string>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is ' ' or '\t') continue;
            if (text[i] == '#') break;
            var word = new StringBuilder();
            var quote = '\0';
            for (; i < text.Length; i++)
            {
                var c = text[i];
                if (c == '\\' && i + 1 < text.Length && (text[i + 1] is '\'' or '"' or '\\' || (quote == '\0' && text[i + 1] == ' '))) word.Append(text[++i]);
                else if (quote == '\0' && c is ' ' or '\t') break;
                else if (quote == '\0' && c is '"' or '\'') quote = c;
                else if (quote != '\0' && c == quote) quote = '\0';
                else word.Append(c);
            }
            if (quote != '\0') throw Invalid(where, "a quote has no end");
            words.Add(word.ToString());
        }
        return words;
    }

    static int Deeper(int depth, string where) => depth < MostIncludes ? depth + 1 : throw Invalid(where, $"more than {MostIncludes} files include each other");

    /// <summary>The files that an <c>Include</c> names: below ~/.ssh unless it says otherwise, in order, none being no error.</summary>
    static List<string> Files(string pattern, string home, string where)
    {
        var path = SshTokens.Environment(SshTokens.Tilde(pattern, home), where);
        if (!Path.IsPathRooted(path)) path = Path.Combine(home, ".ssh", path);
        var parts = path.Split(['/', Path.DirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> found = [Path.GetPathRoot(path)!];
        foreach (var (i, part) in parts.Select((p, i) => (i, p)).Skip(Path.GetPathRoot(path)!.Trim('/', Path.DirectorySeparatorChar).Length > 0 ? 1 : 0))
        {
            var last = i == parts.Length - 1;
            if (part.AsSpan().IndexOfAny('*', '?', '[') < 0) found = found.Select(f => Path.Combine(f, part));
            // Hidden files are not meant by a star.
            else found = found.Where(Directory.Exists).SelectMany(f => last ? Directory.GetFiles(f) : Directory.GetDirectories(f))
                .Where(f => (part[0] == '.' || Path.GetFileName(f)[0] != '.') && Wildcard(part, where).IsMatch(Path.GetFileName(f))).Order(StringComparer.Ordinal);
        }
        return [.. found.Where(File.Exists)];
    }

    static Regex Wildcard(string pattern, string where)
    {
        try
        {
            return new("^" + Regex.Replace(Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal),
                @"\\\[(!?)([^\]]+)\]", m => $"[{(m.Groups[1].Length > 0 ? "^" : "")}{m.Groups[2].Value}]") + "$",
                RegexOptions.Singleline | RegexOptions.NonBacktracking);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw Invalid(where, $"{pattern} is no pattern of file names");
        }
    }
}

/// <summary>What an ssh_config says of one host, keyword by keyword.</summary>
sealed class SshConfigHost
{
    readonly Dictionary<string, List<SshConfigValue>> _values = new(StringComparer.Ordinal);
    readonly List<string> _order = [];

    /// <summary>Notes what a directive says.</summary>
    public void Add(string keyword, SshConfigValue value)
    {
        if (!_values.TryGetValue(keyword, out var all))
        {
            _values[keyword] = all = [];
            _order.Add(keyword);
        }
        all.Add(value);
    }

    /// <summary>The value that wins, in doubt or not; null when there is none.</summary>
    public SshConfigValue? First(string keyword) => _values.TryGetValue(keyword, out var all) ? all[0] : null;

    /// <summary>The first value of a keyword; null when there is none.</summary>
    /// <exception cref="PemException">Nobody can tell whether it applies.</exception>
    public SshConfigValue? Get(string keyword) => First(keyword)?.Sure();

    /// <summary>Every value of a keyword that may be given several times.</summary>
    /// <exception cref="PemException">Nobody can tell whether one applies.</exception>
    public IEnumerable<SshConfigValue> All(string keyword) => _values.TryGetValue(keyword, out var all) ? all.Select(v => v.Sure()) : [];

    /// <summary>Whether the first keyword was given before the other, or the other was not at all.</summary>
    public bool Precedes(string keyword, string other) =>
        _order.IndexOf(keyword) is >= 0 and var at && (_order.IndexOf(other) is var then && (then < 0 || at < then));
}
