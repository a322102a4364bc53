using System.Text;

namespace PemHa.Engine.State;

/// <summary>What a probe found on a host: named texts, written by the shell function <c>fact</c>.</summary>
sealed class Facts
{
    readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Reads the lines <c>name TAB base64</c> (or, for plain one-line values, <c>name TAB =value</c>).</summary>
    public static Facts Parse(string output)
    {
        var facts = new Facts();
        foreach (var line in output.Split('\n'))
        {
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (tab <= 0) continue;
            var value = line[(tab + 1)..];
            facts._values[line[..tab]] = value.StartsWith('=') ? value[1..] : Decode(value);
        }
        return facts;
    }

    /// <summary>Facts made up for a preview.</summary>
    public static Facts Of(params (string Name, string Value)[] values)
    {
        var facts = new Facts();
        foreach (var (name, value) in values) facts._values[name] = value;
        return facts;
    }

    /// <summary>These facts, and those of others where these say nothing.</summary>
    public Facts Or(Facts others)
    {
        var both = new Facts();
        foreach (var (name, value) in others._values.Concat(_values.Where(v => v.Value.Length > 0))) both._values[name] = value;
        return both;
    }

    /// <summary>The value, or an empty text when the probe did not find it.</summary>
    public string this[string name] => _values.GetValueOrDefault(name, "");

    /// <summary>The names of everything that the probe found.</summary>
    public IEnumerable<string> Names => _values.Keys;

    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>Whether the value is <c>1</c>, <c>t</c> or <c>true</c>, as sh, psql and a boolean in a text say yes.</summary>
    public bool Is(string name) => this[name] is "1" or "t" or "true";

    /// <summary>The value as a count; 0 when the probe did not find it.</summary>
    /// <exception cref="PemException">The host tells something else.</exception>
    public int Count(string name) => this[name].Length == 0 ? 0
        : Digits.Whole(this[name]) is { } count ? count
        : throw new PemException("AnswerUnfit", Trouble.InvalidResult, $"What the host tells of '{name}' is no number.", "Look at the host: its shell, psql or database says what it should not.");

    static string Decode(string base64)
    {
        try
        {
            // Latin-1 keeps every byte of a file as it is, whatever its encoding; only ASCII is ever looked at or added.
            return Encoding.Latin1.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException)
        {
            return "";
        }
    }
}
