using CsCheck;
using PemHa.Engine.State;

namespace PemHa.Tests.State;

/// <summary>Differences, judged by applying them.</summary>
public class UnifiedDiffTests
{
    static readonly Gen<string> Text = Texts.Of(15, "a\n", "b\n", "c\n", "\n", "-\n", "+\n", " \n", "@@\n");

    [Fact]
    public void A_difference_applied_to_the_one_text_gives_the_other() => Gen.Select(Text, Text).Holds((before, after) =>
        Assert.Equal(after, Apply(before, UnifiedDiff.Of("x", before, after))), cases: 5000);

    [Fact]
    public void Equal_texts_have_no_difference() => Text.Holds(text => Assert.Equal("", UnifiedDiff.Of("x", text, text)), cases: 500);

    [Fact]
    public void It_reads_as_people_know_it() =>
        Assert.Equal("--- /etc/x\n+++ /etc/x\n@@ -2,3 +2,3 @@\n b\n-c\n+C\n d",
            UnifiedDiff.Of("/etc/x", "a\nb\nc\nd\ne\n", "a\nb\nC\nd\ne\n"));

    [Fact]
    public void The_patch_program_agrees()
    {
        Assert.SkipUnless(Shell.Has("patch"), "patch is not on PATH");
        using var folder = new TemporaryFolder();
        Gen.Select(Text, Text).Where((a, b) => a != b && a.Length > 0 && b.Length > 0).Holds((before, after) =>
        {
            File.WriteAllText(folder["x"], before);
            File.WriteAllText(folder["d"], UnifiedDiff.Of("x", before, after) + "\n");
            var result = Shell.Run("patch", [], "-s", folder["x"], folder["d"]);
            Assert.True(result.ExitCode == 0, result.Output);
            Assert.Equal(after, File.ReadAllText(folder["x"]));
        }, cases: 20, threads: 1);
    }

    static string Apply(string before, string difference)
    {
        if (difference.Length == 0) return before;
        var lines = before.Split('\n')[..^1].ToList();
        var hunk = difference.Split('\n');
        Assert.StartsWith("@@ -", hunk[2], StringComparison.Ordinal);
        var range = hunk[2].Split(' ')[1][1..].Split(',').Select(n => int.Parse(n, System.Globalization.CultureInfo.InvariantCulture))
            .ToArray();
        var at = range[1] == 0 ? range[0] : range[0] - 1;
        var start = at;
        foreach (var line in hunk[3..])
        {
            if (line[0] == '+')
            {
                lines.Insert(at++, line[1..]);
                continue;
            }
            Assert.Equal(lines[at], line[1..]);
            if (line[0] == '-') lines.RemoveAt(at);
            else at++;
        }
        Assert.Equal(range[1], hunk[3..].Count(l => l[0] != '+'));
        Assert.True(start <= at);
        return string.Concat(lines.Select(l => l + "\n"));
    }
}
