using System.Text;

namespace PemHa;

/// <summary>Texts of hosts and files as a terminal may be given them: what would move its cursor, or turn the order of letters, is shown and not done.</summary>
static class Printable
{
    /// <summary>The text with a visible sign in place of each such character; line breaks and tabs stay.</summary>
    public static string Text(string text)
    {
        if (!Enumerable.Range(0, text.Length).Any(i => Unfit(text, i))) return text;
        var shown = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
            shown.Append(!Unfit(text, i) ? text[i] : text[i] < ' ' ? (char)('\u2400' + text[i]) : text[i] == '\u007f' ? '\u2421' : '\ufffd');
        return shown.ToString();
    }

    static bool Unfit(string text, int at) => text[at] switch
    {
        '\n' or '\t' => false,
        '\r' => at + 1 == text.Length || text[at + 1] != '\n',
        var c => char.IsControl(c) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'),
    };
}
