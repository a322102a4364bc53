using CsCheck;
using PemHa.Engine.Remote;

namespace PemHa.Tests.Remote;

/// <summary>Masking of secrets.</summary>
public class RedactorTests
{
    static readonly Gen<string> Secret = Texts.Of(6, "a", "b", "ab", "ba", "'", "\\").Where(s => s.Length > 0);

    [Fact]
    [Fuzzes("Redactor.Redact")]
    public void No_part_of_a_secret_stays_however_secrets_overlap() =>
        Gen.Select(Secret.Array[1, 4], Texts.Of(20, "a", "b", "c", "'", "\\", " ")).Holds((secrets, text) =>
    {
        var redactor = new Redactor();
        redactor.Add(secrets);
        // An independent reading: every character that some secret covers must be gone, every other one must be there.
        var covered = new bool[text.Length];
        foreach (var secret in secrets)
            for (var at = text.IndexOf(secret, StringComparison.Ordinal); at >= 0; at =
                text.IndexOf(secret, at + 1, StringComparison.Ordinal))
                Array.Fill(covered, true, at, secret.Length);
        var kept = string.Concat(text.Where((_, i) => !covered[i]));
        Assert.Equal(kept, redactor.Redact(text).Replace("*", "", StringComparison.Ordinal));
    }, cases: 5000);

    [Fact]
    public void Texts_without_a_secret_stay_as_they_are()
    {
        var redactor = new Redactor();
        redactor.Add("", "s3cret");
        Assert.Equal("CREATE ROLE repl", redactor.Redact("CREATE ROLE repl"));
        Assert.Equal("PASSWORD '********'", redactor.Redact("PASSWORD 's3cret'"));
    }
}
