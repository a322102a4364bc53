using System.Globalization;

namespace PemHa.Engine;

/// <summary>Numbers in what hosts and people write.</summary>
static class Digits
{
    /// <summary>
    /// A whole number of ASCII digits and nothing else; null for any other text, and for one that does not fit.
    /// </summary>
    /// <remarks><c>int.TryParse</c> alone would pass over NUL characters at the end.</remarks>
    public static int? Whole(ReadOnlySpan<char> text) =>
        !text.ContainsAnyExceptInRange('0', '9')
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
