using System.Text.RegularExpressions;
using Line = PemHa.Engine.Efm.EfmReport.Line;

namespace PemHa.Engine.Efm;

/// <summary>
/// Reads the text of <c>efm cluster-status</c> (F1) by its words, not by its columns: what is copied from terminals, pages and mails has
/// lost or won blanks, and lines are broken. Sections that are not there count as empty; the table of the nodes must be.
/// </summary>
sealed partial class EfmStatusText
{
    readonly Dictionary<string, EfmNode> _nodes = new(StringComparer.Ordinal);
    readonly Dictionary<string, Wal> _wal = new(StringComparer.Ordinal);
    readonly List<string> _allowed = [];
    readonly List<string> _priority = [];
    string? _cluster, _coordinator;
    string _verdict = "";

    // Where we are: what a line means depends on the heading above it.
    Action<Line> _section = _ => { };
    bool _agentColumn, _blank, _done;
    Line? _heading;
    Wal? _row;

    /// <summary>What one line of the promote or the idle section tells; its text may go on in the next lines.</summary>
    sealed class Wal
    {
        public string? Received { get; init; }

        public string? Replayed { get; init; }

        public string Info { get; set; } = "";

        /// <summary>The type of the database; empty in the idle section, which has no types.</summary>
        public string Type { get; init; } = "";
    }

    public static bool IsTitle(string line) => Title().IsMatch(line);

    public static bool IsHeading(string line) => Heading().IsMatch(line);

    /// <summary>Whether a report begins with this line.</summary>
    public static bool Begins(string line) => IsTitle(line) || IsHeading(line);

    /// <summary>Reads one report, which begins with the first line and may end before the last.</summary>
    /// <param name="lines">Its lines.</param>
    /// <param name="width">The columns of the terminal that it was copied from; 0 when nothing before it tells.</param>
    /// <exception cref="PemException">There is no table of nodes, or a line of it cannot be read.</exception>
    public static EfmStatus Read(IReadOnlyList<Line> lines, int width)
    {
        var reader = new EfmStatusText();
        foreach (var line in Unwrap(lines, width)) reader.Take(line);
        if (reader._heading is null)
            throw EfmReport.Unreadable(lines[0] with { Text = "" }, "the heading 'Agent Type  Address  DB  VIP' after it");
        if (reader._nodes.Count == 0) throw EfmReport.Unreadable(reader._heading, "a line for each node below it");
        return reader.Result();
    }

    void Take(Line line)
    {
        var text = line.Text.Trim();
        if (Title().Match(text) is { Success: true } title) (_cluster, _section) = (title.Groups["name"].Value, Skip);
        else if (Heading().IsMatch(text)) (_heading, _agentColumn, _section, _done) = (line, AgentColumn().IsMatch(text), Node, false);
        else if (Allowed().Match(text) is { Success: true } allowed) Begin(line, allowed, l => Add(l, _allowed));
        else if (Priority().Match(text) is { Success: true } priority) Begin(line, priority, l => Add(l, _priority));
        else if (Coordinator().Match(text) is { Success: true } coordinator) Begin(line, coordinator, CoordinatorIs);
        else if (Promote().IsMatch(text)) (_section, _row, _done) = (l => Position(l, PromoteRow()), null, false);
        else if (Idle().IsMatch(text)) (_section, _row, _done) = (l => Position(l, IdleRow()), null, false);
        else if (!Rule().IsMatch(text)) _section(line);
        _blank = text.Length == 0;
    }

    static void Skip(Line line)
    {
        // Between two sections, or after the last: a prompt, a clock, whatever stood around it.
    }

    void Begin(Line line, Match heading, Action<Line> section)
    {
        (_section, _done) = (section, false);
        section(line with { Text = heading.Groups["rest"].Value });
    }

    void Node(Line line)
    {
        string[] words = [.. line.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
        if (words.Length == 0)
        {
            if (_nodes.Count > 0) _section = Skip;
            return;
        }
        var database = _agentColumn ? 3 : 2;
        if (words.Length <= database || !words[0].All(char.IsAsciiLetter) || !EfmReport.IsAddress(words[1])
            || !State().IsMatch(words[database]))
            throw EfmReport.Unreadable(line, _agentColumn ? "a node's type, address, agent, database and virtual IP"
                : "a node's type, address, database and virtual IP");
        var vip = words.ElementAtOrDefault(database + 1) ?? "";
        var active = vip.EndsWith('*') || words.ElementAtOrDefault(database + 2) == "*";
        _nodes.TryAdd(EfmAddress.Canonical(words[1]), new EfmNode(
            _agentColumn && words[2] == "DOWN" ? "DOWN" : words[0] == "Master" ? "Primary" : words[0],
            words[database], EfmAddress.Canonical(vip.TrimEnd('*')), active, null, null, null));
    }

    void Add(Line line, List<string> list)
    {
        string[] words = [.. line.Text.Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries)];
        if (words.Length == 0 ? _done : !words.All(EfmReport.IsAddress)) _section = Skip;
        else list.AddRange(words.Select(EfmAddress.Canonical));
        _done |= words.Length > 0;
    }

    void CoordinatorIs(Line line)
    {
        var word = line.Text.Trim();
        if (word.Length == 0) return;
        if (EfmReport.IsAddress(word)) _coordinator = EfmAddress.Canonical(word);
        _section = Skip;
    }

    /// <summary>A line of the promote or the idle section: a node's positions, more of its text, or the sentence at the end.</summary>
    void Position(Line line, Regex row)
    {
        var text = line.Text.Trim();
        if (text.Length == 0)
        {
            _row = null;
        }
        else if (row.Match(text) is { Success: true } match && EfmReport.IsAddress(match.Groups["address"].Value))
        {
            string?[] positions = [.. match.Groups["lsn"].Captures.Select(c => c.Value == EfmNode.Unknown ? null : c.Value)];
            _row = new Wal
            {
                Received = positions.Length > 1 ? positions[0] : null,
                Replayed = positions.LastOrDefault(),
                Info = match.Groups["info"].Value.Trim(),
                Type = match.Groups["type"].Value is "Master" or "Primary" ? "Primary" : "",
            };
            _wal.TryAdd(EfmAddress.Canonical(match.Groups["address"].Value), _row);
            _done = true;
        }
        else if (_row is not null && !Verdict().IsMatch(text))
        {
            _row.Info = $"{_row.Info} {text}".TrimStart();
        }
        else if (_done || _blank || Verdict().IsMatch(text))
        {
            if (ColumnHeads().IsMatch(text)) return;
            _section = Sentence;
            Sentence(line);
        }
    }

    void Sentence(Line line)
    {
        var text = line.Text.Trim();
        _verdict = $"{_verdict} {text}".Trim();
        if (text.Length == 0 || text.EndsWith('.')) _section = Skip;
    }

    EfmStatus Result() => new()
    {
        Cluster = string.IsNullOrEmpty(_cluster) ? null : _cluster,
        Nodes = _nodes.ToDictionary(
            n => n.Key,
            n => _wal.TryGetValue(n.Key, out var wal) ? With(n.Value, wal) : n.Value,
            StringComparer.Ordinal),
        AllowedNodes = _allowed,
        Coordinator = _coordinator,
        FailoverPriority = _priority,
        MissingNodes = [.. _nodes.Where(n => n.Value.Type == "DOWN").Select(n => n.Key)],
        Messages = _verdict.Length == 0 || Well().IsMatch(_verdict) ? [] : [_verdict],
    };

    static EfmNode With(EfmNode node, Wal wal) => node with
    {
        ReceivedLsn = wal.Received,
        Lsn = wal.Replayed,
        Info = wal.Info.Length > 0 ? wal.Info : null,
        RowType = wal.Type.Length > 0 && wal.Type != node.Type ? wal.Type : null,
    };

    /// <summary>Joins what a narrow terminal broke, where its width can be told; a rule that goes on in the next line tells it too.</summary>
    static IEnumerable<Line> Unwrap(IReadOnlyList<Line> lines, int width)
    {
        if (width == 0)
        {
            width = lines.Where((l, i) => i + 1 < lines.Count && Rule().IsMatch(l.Text) && BareRule().IsMatch(lines[i + 1].Text))
                .Select(l => Width(l.Text)).FirstOrDefault();
        }
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            while (width > 0 && Width(lines[i].Text) == width && i + 1 < lines.Count && lines[i + 1].Text.Length > 0
                && lines[i + 1].Text[0] != '\t'
                && !lines[i + 1].Text.StartsWith("  ", StringComparison.Ordinal))
                line = line with { Text = line.Text + lines[++i].Text };
            yield return line;
        }
    }

    /// <summary>The columns that a line fills on a screen.</summary>
    static int Width(string text)
    {
        var width = 0;
        foreach (var c in text) width = c == '\t' ? (width / 8 + 1) * 8 : width + 1;
        return width;
    }

    const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.IgnoreCase;
    const string Lsn = "(\\s+(?<lsn>[0-9A-F]{1,8}/[0-9A-F]{1,8}|UNKNOWN)(?!\\S)){0,2}(?<info>.*)$";

    [GeneratedRegex("^\\s*Cluster\\s+Status:\\s*(?<name>\\S*)", Options)]
    private static partial Regex Title();

    [GeneratedRegex("^\\s*Agent\\s+Type\\s+Address\\b", Options)]
    private static partial Regex Heading();

    [GeneratedRegex("Address\\s+Agent\\b", Options)]
    private static partial Regex AgentColumn();

    [GeneratedRegex("^Allowed\\s+node\\s+host\\s+list:(?<rest>.*)", Options)]
    private static partial Regex Allowed();

    [GeneratedRegex("^Standby\\s+priority\\s+host\\s+list:(?<rest>.*)", Options)]
    private static partial Regex Priority();

    [GeneratedRegex("^Membership\\s+coordinator:(?<rest>.*)", Options)]
    private static partial Regex Coordinator();

    [GeneratedRegex("^Promote\\s+Status:", Options)]
    private static partial Regex Promote();

    [GeneratedRegex("^Idle\\s+Node\\s+Status\\b", Options)]
    private static partial Regex Idle();

    [GeneratedRegex("^(DB\\s+Type\\s+Address|Address\\s+(WAL|XLog))\\b", Options)]
    private static partial Regex ColumnHeads();

    [GeneratedRegex("^(?<type>Primary|Standby|Unknown|Master|Idle|Promoting|Witness|Down)\\s+(?<address>\\S+)" + Lsn, Options)]
    private static partial Regex PromoteRow();

    [GeneratedRegex("^(?<address>\\S+)(?=\\s+([0-9A-F]{1,8}/[0-9A-F]{1,8}|UNKNOWN)(?!\\S))" + Lsn, Options)]
    private static partial Regex IdleRow();

    [GeneratedRegex("^(Standby database\\(s\\)|One or more standby|No standby|No primary|Did not find)", Options)]
    private static partial Regex Verdict();

    [GeneratedRegex("safe\\s+to\\s+promote", Options)]
    private static partial Regex Well();

    [GeneratedRegex("^[A-Za-z]+(/[A-Za-z]+)?$", Options)]
    private static partial Regex State();

    [GeneratedRegex("^\\s*-+\\s*$", Options)]
    private static partial Regex Rule();

    [GeneratedRegex("^-+\\s*$", Options)]
    private static partial Regex BareRule();
}
