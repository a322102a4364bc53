using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;

namespace PemHa.Commands;

/// <summary>Hashtables of texts, as parameters take them.</summary>
static partial class TextTable
{
    /// <summary>The entries as texts, none of no table; a truth value as the products write it.</summary>
    public static SortedDictionary<string, string> Of(Hashtable? table)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in table ?? []) texts[Text(entry.Key)] = Text(entry.Value);
        return texts;
    }

    /// <summary>The entries of one table, and of another on top.</summary>
    public static Dictionary<string, string> Over(IReadOnlyDictionary<string, string> below, IReadOnlyDictionary<string, string> above)
    {
        var all = new Dictionary<string, string>(below, StringComparer.Ordinal);
        foreach (var (name, value) in above) all[name] = value;
        return all;
    }

    /// <summary>Whether a key looks like that of a secret.</summary>
    public static bool IsSecret(string key) => SecretKey().IsMatch(key);

    /// <summary>What to say of such a key.</summary>
    public static string NoSecrets(string key) =>
        $"{key} looks like a secret, and none is kept here; keep it in a secret store and give its name only: SecretName = @{{ Replication = 'pem-repl' }}";

    /// <summary>Whether a text can be the name of a secret.</summary>
    public static bool IsName(string text) => NameText().IsMatch(text);

    static string Text(object? value) => value is bool truth ? (truth ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    [GeneratedRegex("passw|passphrase|pwd|credential|secret|token|(private|api).?key", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretKey();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameText();
}
