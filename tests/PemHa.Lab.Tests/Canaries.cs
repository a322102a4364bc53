using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace PemHa.Lab.Tests;

/// <summary>
/// Secrets that nobody else has, and the search for them: as they are, and in each form in which a text may carry them on (base64 wherever it
/// begins, also of PowerShell's UTF-16; hexadecimal digits; hashes without salt). Each half by itself, so that no line's end hides one.
/// </summary>
sealed class Canaries
{
    readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    SearchValues<string>? _patterns;

    /// <summary>A new secret of letters and digits, and what has to be quoted at its end.</summary>
    public static string Make(string end = "'\"$@%`") => "cnry" + RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 20) + end;

    /// <summary>Adds a password; what is searched for are its letters and digits, which no quoting changes.</summary>
    public void Add(string name, string secret)
    {
        var core = string.Concat(secret.TakeWhile(char.IsAsciiLetterOrDigit));
        foreach (var half in Halves(core)) Pattern(name, half);
        Encoded(name, Encoding.UTF8.GetBytes(core));
        Encoded(name, Encoding.Unicode.GetBytes(core));
        // What a server that knows no SCRAM would be sent, and what people take for one.
        foreach (var hashed in new[] { secret, secret + name })
        {
#pragma warning disable CA5351
            Pattern(name, Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(hashed))));
#pragma warning restore CA5351
            Pattern(name, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(hashed))));
        }
    }

    /// <summary>Adds a number of a private key, in every form but the bytes themselves.</summary>
    public void Add(string name, byte[] secret) => Encoded(name, secret);

    /// <summary>Whose secrets are in a text.</summary>
    public IEnumerable<string> In(string text)
    {
        _patterns ??= SearchValues.Create([.. _names.Keys], StringComparison.Ordinal);
        var found = new HashSet<string>();
        for (var rest = text.AsSpan(); rest.IndexOfAny(_patterns) is var at and >= 0; rest = rest[(at + 1)..])
            foreach (var (pattern, name) in _names)
                if (rest[at..].StartsWith(pattern, StringComparison.Ordinal)) found.Add(name);
        return found;
    }

    /// <summary>The files below folders, of this machine, that hold some: "FILE: whose".</summary>
    /// <param name="which">What <c>find</c> takes after the folders, to choose among the files.</param>
    public async Task<IReadOnlyList<string>> InFilesAsync(IReadOnlyList<string> folders, params IReadOnlyList<string> which)
    {
        // In a file, so that no command line holds them.
        var patterns = Directory.CreateTempSubdirectory("pemha-patterns");
        try
        {
            var file = Path.Combine(patterns.FullName, "patterns");
            await File.WriteAllLinesAsync(file, _names.Keys, ProcedureLab.Cancellation);
            var search = $"find \"$@\" -type f -print0 2>/dev/null | LC_ALL=C xargs -0r grep -aosHF -f {file} || :";
            var result = (await Command.RunAsync(["sh", "-c", search, "sh", .. folders, .. which], ProcedureLab.Cancellation)).Check("The search");
            return
            [
                .. result.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith(patterns.FullName, StringComparison.Ordinal))
                    .Select(l => (File: l[..l.LastIndexOf(':')], Pattern: l[(l.LastIndexOf(':') + 1)..])).Select(l => $"{l.File}: {_names[l.Pattern]}").Distinct(),
            ];
        }
        finally
        {
            patterns.Delete(recursive: true);
        }
    }

    void Encoded(string name, byte[] secret)
    {
        foreach (var half in new[] { secret[..(secret.Length / 2)], secret[(secret.Length / 2)..] })
        {
            Pattern(name, Convert.ToHexString(half));
            Pattern(name, Convert.ToHexStringLower(half));
            for (var before = 0; before < 3; before++)
            {
                // Only the digits that no byte before or after has a part in.
                var text = Convert.ToBase64String([.. new byte[before], .. half]);
                Pattern(name, text[((before * 8 + 5) / 6)..((before + half.Length) * 8 / 6)]);
            }
        }
    }

    static string[] Halves(string text) => [text[..(text.Length / 2)], text[(text.Length / 2)..]];

    void Pattern(string name, string text)
    {
        _names.TryAdd(text, name);
        _patterns = null;
    }
}
