using CsCheck;

namespace PemHa.Tests;

/// <summary>Generators of texts made of awkward pieces.</summary>
static class Texts
{
    static readonly string[] Pieces =
    [
        "a", "Z", "0", " ", "  ", "\t", "\n", "\r", "\r\n", "'", "''", "\"", "\\", "\\\\", "`", "$", "$(id)", "${x}", "&", "|", ";", "<",
        ">", "<<E", "(", ")", "*", "?", "[", "]",
        "{", "}", "#", "!", "~", "=", "%", "%s", "-", "--", "/", ":", ",", ".", "\u0001", "\u007f", "é", "ß", "€", "日", "\u00a0", "\u200b",
        "😀", "EOF", "PEMHA",
    ];

    /// <summary>Any text without a NUL, of well-formed Unicode.</summary>
    public static Gen<string> Any { get; } = Of(12, Pieces);

    /// <summary>Any text on one line.</summary>
    public static Gen<string> Line { get; } = Of(12, [.. Pieces.Where(p => p.AsSpan().IndexOfAny('\r', '\n') < 0)]);

    /// <summary>Texts made of the pieces given.</summary>
    public static Gen<string> Of(int most, params string[] pieces) => Gen.OneOfConst(pieces).Array[0, most].Select(string.Concat);
}
