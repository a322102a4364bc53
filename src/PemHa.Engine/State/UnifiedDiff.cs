using System.Globalization;
using System.Text;

namespace PemHa.Engine.State;

/// <summary>Unified diffs of small texts, for previews.</summary>
static class UnifiedDiff
{
    const int Context = 1;

    /// <summary>The difference in unified form; empty when the texts are equal.</summary>
    public static string Of(string path, string before, string after)
    {
        if (before == after) return "";
        string[] a = Lines(before), b = Lines(after);
        int start = 0;
        while (start < a.Length && start < b.Length && a[start] == b[start]) start++;
        int endA = a.Length, endB = b.Length;
        while (endA > start && endB > start && a[endA - 1] == b[endB - 1])
        {
            endA--;
            endB--;
        }
        var from = Math.Max(0, start - Context);
        int toA = Math.Min(a.Length, endA + Context), toB = Math.Min(b.Length, endB + Context);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"--- {path}\n+++ {path}\n@@ -{Range(from, toA)} +{Range(from, toB)} @@\n");
        for (var i = from; i < start; i++) text.Append(' ').Append(a[i]).Append('\n');
        foreach (var (kind, line) in Middle(a[start..endA], b[start..endB])) text.Append(kind).Append(line).Append('\n');
        for (var i = endA; i < toA; i++) text.Append(' ').Append(a[i]).Append('\n');
        return text.ToString().TrimEnd('\n');
    }

    static string[] Lines(string text) => text.Length == 0 ? [] : (text.EndsWith('\n') ? text[..^1] : text).Split('\n');

    static string Range(int from, int to) => string.Create(CultureInfo.InvariantCulture, $"{(to > from ? from + 1 : from)},{to - from}");

    /// <summary>Longest common subsequence; the changed middles are a few dozen lines. Of larger ones than anybody reads all goes and all comes.</summary>
    static IEnumerable<(char Kind, string Line)> Middle(string[] a, string[] b)
    {
        if ((long)a.Length * b.Length > 4_000_000)
        {
            foreach (var line in a) yield return ('-', line);
            foreach (var line in b) yield return ('+', line);
            yield break;
        }
        var length = new int[a.Length + 1, b.Length + 1];
        for (var i = a.Length - 1; i >= 0; i--)
            for (var j = b.Length - 1; j >= 0; j--)
                length[i, j] = a[i] == b[j] ? length[i + 1, j + 1] + 1 : Math.Max(length[i + 1, j], length[i, j + 1]);
        int x = 0, y = 0;
        while (x < a.Length || y < b.Length)
        {
            if (x < a.Length && y < b.Length && a[x] == b[y])
            {
                yield return (' ', a[x]);
                x++;
                y++;
            }
            else if (x < a.Length && (y == b.Length || length[x + 1, y] >= length[x, y + 1]))
            {
                yield return ('-', a[x++]);
            }
            else
            {
                yield return ('+', b[y++]);
            }
        }
    }
}
