namespace PemHa.Engine.Remote;

/// <summary>Quoting for the POSIX shell.</summary>
static class Sh
{
    /// <summary>One word that <c>sh</c> reads back as exactly this text.</summary>
    /// <exception cref="ArgumentException">The text holds a NUL, which no shell word can.</exception>
    public static string Quote(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal)) throw new ArgumentException("A shell word cannot hold a NUL character.", nameof(text));
        return text.Length > 0 && text.All(IsPlain) ? text : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
    }

    /// <summary>The words of a command, quoted and joined.</summary>
    public static string Join(params string[] words) => string.Join(' ', words.Select(Quote));

    static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or ':' or ',' or '+' or '@' or '%';
}
