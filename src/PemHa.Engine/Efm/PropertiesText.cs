using System.Text.RegularExpressions;

namespace PemHa.Engine.Efm;

/// <summary>Edits <c>efm.properties</c>: sets values where they stand; comments, order and unknown lines stay as they are (P19).</summary>
/// <remarks>Values are taken as they are, without quotes; names are case-sensitive (F5; manual, "The cluster properties file").</remarks>
static partial class PropertiesText
{
    /// <summary>The value of a property; null when it is not set.</summary>
    public static string? Get(string text, string name)
    {
        string? value = null;
        foreach (var line in text.Split('\n'))
            if (IsSetting(line, name)) value = line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim();
        return value is null ? null : Escaped().Replace(value, "$1");
    }

    /// <summary>Why the format cannot hold a property; null when it can.</summary>
    public static string? Refusal(string name, string value) =>
        name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? $"'{name}' is no name of a property"
        : value.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0 || value.Trim() != value ? $"the value of {name} cannot hold line breaks, or blanks at its ends"
        : null;

    /// <summary>Whether a text names the property, commented out or not.</summary>
    public static bool Knows(string text, string name) => text.Split('\n').Any(l => IsSetting(l.TrimStart('#', ' ', '\t'), name));

    /// <summary>The text with the values set.</summary>
    /// <exception cref="ArgumentException">A name or value that the format cannot hold.</exception>
    public static string Set(string text, IEnumerable<KeyValuePair<string, string>> values)
    {
        var end = text.Contains("\r\n", StringComparison.Ordinal) ? "\r" : "";
        var lines = text.Split('\n').ToList();
        foreach (var (name, value) in values)
        {
            if (Refusal(name, value) is { } refusal) throw new ArgumentException(refusal, nameof(values));
            // Java reads a backslash as the start of an escape.
            var line = $"{name}={value.Replace("\\", "\\\\", StringComparison.Ordinal)}";
            // The last one counts for EFM; all of them say the same afterwards.
            var found = false;
            for (var i = 0; i < lines.Count; i++)
            {
                if (!IsSetting(lines[i], name)) continue;
                found = true;
                lines[i] = lines[i].EndsWith('\r') ? line + "\r" : line;
            }
            if (found) continue;
            if (lines[^1].Length > 0)
            {
                lines[^1] += end;
                lines.Add("");
            }
            lines.Insert(lines.Count - 1, line + end);
        }
        return string.Join('\n', lines);
    }

    static bool IsSetting(string line, string name)
    {
        var equals = line.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && line.AsSpan(0, equals).Trim().SequenceEqual(name);
    }

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escaped();
}
