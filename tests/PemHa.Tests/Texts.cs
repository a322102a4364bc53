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

    /// <summary>What nobody wrote on purpose: control characters, halves of surrogate pairs, escapes of terminals, numbers beyond every type.</summary>
    static readonly string[] Foul =
    [
        "\0", "\u001b[2J", "\u001b]0;x\a", "\u009b", "\ud800", "\udfff", "\ufeff", "\ufffd", "\u2028", "\u202e", "99999999999999999999", "-1", "2147483648",
        "NaN", "1e999", "0x", "../../..", "%00", "\t=", "\n\n", "|1|", "::::", "1.2.3.4/999", "\"\"\"", "[[[[[[[[", "{{{{{{{{", "((((((((", "********", "*a*a*a*a*a*b",
        new('a', 5000), new('*', 40), new('\n', 300), new('{', 500), new('\\', 99),
    ];

    /// <summary>Any text at all, of whatever nobody should send.</summary>
    public static Gen<string> Hostile { get; } = Gen.OneOf(Of(12, [.. Pieces, .. Foul]), Gen.String, Gen.Byte.Array[0, 60].Select(System.Text.Encoding.Latin1.GetString));

    /// <summary>Texts that were well-formed before something was cut out, doubled, moved or put in.</summary>
    public static Gen<string> Damaged(params string[] samples) => Gen.Select(Gen.OneOfConst(samples), Gen.Select(Gen.Int[0, 5], Gen.Int[0, 100_000], Gen.Int[0, 60], Hostile).Array[0, 5],
        (text, edits) => edits.Aggregate(text, (t, edit) =>
        {
            var (kind, place, length, noise) = edit;
            var at = place % (t.Length + 1);
            var end = Math.Min(t.Length, at + length);
            return kind switch
            {
                0 => t[..at] + t[end..],
                1 => t[..at],
                2 => t[..end] + t[at..],
                3 => t[..at] + noise + t[at..],
                4 => t[..at] + noise + t[end..],
                _ => at < t.Length ? t[..at] + (char)(t[at] ^ (1 << (length % 8))) + t[(at + 1)..] : t,
            };
        }));

    /// <summary>Texts made of the pieces given.</summary>
    public static Gen<string> Of(int most, params string[] pieces) => Gen.OneOfConst(pieces).Array[0, most].Select(string.Concat);
}
