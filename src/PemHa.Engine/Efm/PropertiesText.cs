using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PemHa.Engine.Efm;

/// <summary>Edits <c>efm.properties</c>: sets values where they stand; comments, order and unknown lines stay as they are (P19).</summary>
/// <remarks>
/// Read as Java's <c>Properties.load</c> does: a name ends at <c>=</c>, <c>:</c> or a blank, a backslash at its end goes on with a line on the
/// next one, and the last of several settings counts. Values have no quotes; names are case-sensitive (F5; manual, "The cluster properties file").
/// </remarks>
static partial class PropertiesText
{
    /// <summary>A comment, a blank line, or a setting with the lines that it goes on over.</summary>
    /// <param name="From">Where it begins.</param>
    /// <param name="End">Where its last line's text ends.</param>
    /// <param name="To">Where the next one begins.</param>
    /// <param name="Name">The name that is set; null for none.</param>
    /// <param name="Value">Its value.</param>
    /// <param name="Open">Whether it would go on over a line that came after it.</param>
    readonly record struct Entry(int From, int End, int To, string? Name, string Value, bool Open);

    /// <summary>The value of a property; null when it is not set.</summary>
    public static string? Get(string text, string name) => Entries(text).LastOrDefault(e => e.Name == name) is { Name: not null } entry ? entry.Value.Trim() : null;

    /// <summary>Why the format cannot hold a property; null when it can.</summary>
    public static string? Refusal(string name, string value) =>
        name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? $"'{name}' is no name of a property"
        : value.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0 || value.Trim() != value ? $"the value of {name} cannot hold line breaks, or blanks at its ends"
        : ReadByHelpers.Contains(name) && HelpersValue($"{name}={Escape(value)}", name) != value
            ? $"EFM's shell scripts would read another value for {name}: they drop lines with '#', "
                + "cut at a second '=', and know no escapes (G50)"
        : null;

    /// <summary>
    /// The properties that EFM's shell scripts read themselves, with grep and cut instead of Java's rules (G50, B15):
    /// see <see cref="HelpersValue"/>.
    /// </summary>
    public static readonly IReadOnlyList<string> ReadByHelpers = ["db.bin", "db.data.dir", "db.config.dir"];

    /// <summary>
    /// The value that EFM's shell scripts read; null if no line matches. They search for the name anywhere in a line,
    /// with a dot matching any character, and use the last match that contains no '#'. The value is the text between
    /// the first and the second '=', with runs of white space replaced by one space.
    /// </summary>
    public static string? HelpersValue(string text, string name)
    {
        var fields = HelpersLine(text, name)?.Split('=');
        if (fields is null) return null;

        var value = fields.Length > 1 ? fields[1] : fields[0];
        return string.Join(' ', value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>The line from which EFM's shell scripts take a property; null when there is none.</summary>
    public static string? HelpersLine(string text, string name)
    {
        var pattern = Regex.Escape(name).Replace("\\.", ".", StringComparison.Ordinal);

        return text.Split('\n').LastOrDefault(l => !l.Contains('#', StringComparison.Ordinal)
            && Regex.IsMatch(l, pattern, RegexOptions.CultureInvariant));
    }

    /// <summary>Whether a text names the property, commented out or not.</summary>
    public static bool Knows(string text, string name) => text.Split('\n').Select(l => l.TrimStart('#', ' ', '\t')).Any(l => l.Contains('=', StringComparison.Ordinal) && l.Split('=')[0].Trim() == name);

    /// <summary>The text with the values set.</summary>
    /// <exception cref="ArgumentException">A name or value that the format cannot hold.</exception>
    public static string Set(string text, IEnumerable<KeyValuePair<string, string>> values)
    {
        var end = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var (name, value) in values)
        {
            if (Refusal(name, value) is { } refusal) throw new ArgumentException(refusal, nameof(values));
            if (!wanted.ContainsKey(name)) names.Add(name);
            wanted[name] = $"{name}={Escape(value)}";
        }
        var result = new StringBuilder();
        var last = default(Entry);
        foreach (var entry in Entries(text))
        {
            last = entry;
            if (entry.Name is null || !wanted.TryGetValue(entry.Name, out var line))
            {
                result.Append(text, entry.From, entry.To - entry.From);
                continue;
            }
            // All of several settings say the same afterwards.
            names.Remove(entry.Name);
            result.Append(line).Append(text, entry.End, entry.To - entry.End);
            last = entry with { Open = false };
        }
        if (names.Count == 0) return result.ToString();
        if (result.Length > 0 && last.End == last.To) result.Append(end);
        // A last line that ends in a continuation would swallow the first appended line. After a lone carriage return a
        // single line feed does not help: it belongs to the same line end.
        if (last.Open) result.Append(result[^1] == '\r' ? end + end : end);
        foreach (var name in names) result.Append(wanted[name]).Append(end);
        return result.ToString();
    }

    /// <summary>A value as Java reads it back, whichever encoding it takes the file for.</summary>
    public static string Escape(string value) =>
        string.Concat(value.Select(c => c is '\\' ? @"\\" : c is >= ' ' and <= '~' ? c.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}")));

    static IEnumerable<Entry> Entries(string text)
    {
        for (int at = 0, next; at < text.Length; at = next)
        {
            var end = Line(text, at, out next);
            var begin = Begin(text, at, end);
            if (begin == end || text[begin] is '#' or '!')
            {
                yield return new(at, end, next, null, "", false);
                continue;
            }
            var line = new StringBuilder().Append(text, begin, end - begin);
            // Where nothing stands before the backslash, the next line is a new one.
            while (Continues(line) && line.Length > 1 && next < text.Length)
            {
                line.Length--;
                var from = next;
                end = Line(text, from, out next);
                begin = Begin(text, from, end);
                line.Append(text, begin, end - begin);
            }
            var (name, value) = Split(line.ToString());
            yield return new(at, end, next, line.Length > 1 || line[0] != '\\' ? name : null, value, Continues(line));
        }
    }

    /// <summary>Where the line's text ends, and where the next line begins.</summary>
    static int Line(string text, int at, out int next)
    {
        var end = text.AsSpan(at).IndexOfAny('\r', '\n') is >= 0 and var found ? at + found : text.Length;
        next = end == text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
        return end;
    }

    static int Begin(string text, int at, int end)
    {
        while (at < end && text[at] is ' ' or '\t' or '\f') at++;
        return at;
    }

    static bool Continues(StringBuilder line)
    {
        var backslashes = 0;
        while (backslashes < line.Length && line[line.Length - 1 - backslashes] == '\\') backslashes++;
        return backslashes % 2 == 1;
    }

    static (string Name, string Value) Split(string line)
    {
        var end = 0;
        while (end < line.Length && line[end] is not ('=' or ':' or ' ' or '\t' or '\f')) end += line[end] == '\\' ? 2 : 1;
        end = Math.Min(end, line.Length);
        var value = Begin(line, end, line.Length);
        if (value < line.Length && line[value] is '=' or ':') value = Begin(line, value + 1, line.Length);
        return (Unescaped(line[..end]), Unescaped(line[value..]));
    }

    static string Unescaped(string text) => Escapes().Replace(text, e => e.Groups[1].Value switch
    {
        "t" => "\t",
        "n" => "\n",
        "r" => "\r",
        "f" => "\f",
        ['u', .. { Length: 4 } digits] => ((char)int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToString(),
        var other => other,
    });

    [GeneratedRegex(@"\\(u[0-9A-Fa-f]{4}|[^\r\n]|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex Escapes();
}
