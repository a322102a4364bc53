namespace PemHa.Engine.Postgres;

/// <summary>Lines of ours between two comment lines in a file of somebody else's; everything outside stays byte for byte.</summary>
static class MarkedBlock
{
    /// <summary>Sets a block's lines: in place when it is there, otherwise at the top (below our other blocks, if any) or at the end.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="name">The block's name.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="top">Where a new block goes.</param>
    /// <param name="first">Whether a new block at the top goes above our other blocks.</param>
    public static string Set(string text, string name, IReadOnlyList<string> lines, bool top, bool first = false)
    {
        string begin = $"# BEGIN PemHa {name}", end = $"# END PemHa {name}";
        // A file keeps the line ends that it has; the first half of one at its very end is completed.
        var half = text.EndsWith('\r');
        var newline = text.Contains("\r\n", StringComparison.Ordinal) || (half && !top) ? "\r\n" : "\n";
        var block = string.Concat(new[] { begin }.Concat(lines).Append(end).Select(l => l + newline));
        if (Find(text, begin, end) is var (from, to) && from >= 0) return string.Concat(text.AsSpan(0, from), block, text.AsSpan(to));
        if (!top) return text.Length == 0 || text.EndsWith('\n') ? text + block : text + (half ? "\n" : newline) + block;
        var at = first ? 0 : EndOfOurs(text);
        return string.Concat(text.AsSpan(0, at), block, text.AsSpan(at));
    }

    /// <summary>The lines of a block; null when there is none.</summary>
    public static IReadOnlyList<string>? Get(string text, string name)
    {
        var (from, to) = Find(text, $"# BEGIN PemHa {name}", $"# END PemHa {name}");
        return from < 0 ? null : [.. text[from..to].TrimEnd('\n').Split('\n').Select(l => l.TrimEnd('\r')).Skip(1).SkipLast(1)];
    }

    /// <summary>The numbers of the lines, counted from 1, at which a block begins and ends; zeros when there is none.</summary>
    public static (int From, int To) Lines(string text, string name)
    {
        var (from, to) = Find(text, $"# BEGIN PemHa {name}", $"# END PemHa {name}");
        return from < 0 ? (0, 0) : (LineOf(text, from), LineOf(text, to - 1));
    }

    /// <summary>The numbers of the lines, counted from 1, at which each of our blocks begins and ends.</summary>
    public static IReadOnlyList<(int From, int To)> All(string text)
    {
        const string Mark = "# BEGIN PemHa ";
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var at = text.IndexOf(Mark, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Mark, at + 1, StringComparison.Ordinal))
        {
            var end = text.IndexOf('\n', at);
            if (end < 0) break;
            names.Add(text[(at + Mark.Length)..end].TrimEnd('\r'));
            // Ours are four; a file with a thousand was made to keep somebody busy.
            if (names.Count > 100) break;
        }
        return [.. names.Select(n => Lines(text, n)).Where(l => l.From > 0)];
    }

    static int LineOf(string text, int at) => 1 + text.AsSpan(0, at).Count('\n');

    static (int From, int To) Find(string text, string begin, string end)
    {
        var from = LineStart(text, begin, 0);
        if (from < 0) return (-1, -1);
        var last = LineStart(text, end, from);
        if (last < 0) return (-1, -1);
        // A mark that lost its partner to somebody's editor begins no block: what follows it is not ours.
        for (var next = from; next >= 0 && next < last; next = LineStart(text, begin, next + 1)) from = next;
        var to = text.IndexOf('\n', last);
        return (from, to < 0 ? text.Length : to + 1);
    }

    /// <summary>Where the line that is exactly this begins; -1 when there is none.</summary>
    static int LineStart(string text, string line, int start)
    {
        for (var at = text.IndexOf(line, start, StringComparison.Ordinal); at >= 0; at = text.IndexOf(line, at + 1, StringComparison.Ordinal))
        {
            var after = at + line.Length;
            if ((at == 0 || text[at - 1] == '\n') && (after == text.Length || text[after] is '\n' or '\r')) return at;
        }
        return -1;
    }

    /// <summary>Just after our last block at the very top of the file.</summary>
    static int EndOfOurs(string text)
    {
        const string Mark = "# BEGIN PemHa ";
        var at = 0;
        while (string.CompareOrdinal(text, at, Mark, 0, Mark.Length) == 0)
        {
            var line = text.IndexOf('\n', at);
            if (line < 0) break;
            var name = text[(at + Mark.Length)..line].TrimEnd('\r');
            var last = LineStart(text, $"# END PemHa {name}", at);
            var next = last < 0 ? -1 : text.IndexOf('\n', last);
            if (next < 0) break;
            at = next + 1;
        }
        return at;
    }
}
