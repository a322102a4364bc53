using System.Text;
using CsCheck;
using PemHa.Engine.Remote;

namespace PemHa.Tests.Remote;

/// <summary>Quoting, judged by the real shell.</summary>
public class ShTests
{
    [Fact]
    [Fuzzes("Sh.Quote")]
    public void The_shell_reads_back_every_quoted_text() =>
        Texts.Any.Array[500].Holds(texts => Assert.Equal(texts, Echo(string.Join(' ', texts.Select(Sh.Quote)))), cases: 40, each: 500, threads: 2);

    [Fact]
    public void Joined_words_stay_as_many_words()
    {
        string[] words = ["", "plain", "two words", "'", "*", "$HOME", "-n", "a\nb"];
        Assert.Equal(words, Echo(Sh.Join(words)));
    }

    [Theory]
    [InlineData("/usr/edb/as17/bin")]
    [InlineData("172.16.161.200:7800")]
    [InlineData("edb-as17-server")]
    public void Plain_words_stay_readable(string word) => Assert.Equal(word, Sh.Quote(word));

    [Fact]
    public void A_NUL_is_refused() => Assert.Throws<ArgumentException>(() => Sh.Quote("a\0b"));

    static string[] Echo(string words)
    {
        var read = new[] { "sh", "bash" }.Select(shell =>
        {
            var result = Shell.Run(shell, Encoding.UTF8.GetBytes($"printf '%s\\0' {words}\n"));
            Assert.Equal(0, result.ExitCode);
            return Encoding.UTF8.GetString(result.Bytes);
        }).ToList();
        Assert.Equal(read[0], read[1]);
        return read[0].Split('\0')[..^1];
    }
}
