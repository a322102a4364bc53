using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace PemHa.Engine.Efm;

/// <summary>Finds the reports of <c>efm cluster-status</c> and <c>cluster-status-json</c> in what a person copied (F1, F2).</summary>
static partial class EfmReport
{
    /// <summary>A line and its number in what was pasted.</summary>
    internal sealed record Line(int Number, string Text);

    /// <summary>Reads every report, in order.</summary>
    /// <exception cref="PemException">EfmStatusUnreadable: there is none, or one that cannot be read; says where.</exception>
    public static IReadOnlyList<EfmStatus> Read(string pasted)
    {
        var text = Clean(pasted);
        var lines = text.Split('\n').Select((line, i) => new Line(i + 1, line)).ToList();
        var bytes = Encoding.UTF8.GetBytes(text);
        var begins = new int[lines.Count];
        for (var i = 1; i < begins.Length; i++) begins[i] = begins[i - 1] + Encoding.UTF8.GetByteCount(lines[i - 1].Text) + 1;
        var found = new List<EfmStatus>();
        string? name = null;
        var width = 0;
        for (var i = 0; i < lines.Count;)
        {
            if (Command().Match(lines[i].Text) is { Success: true } command) name = command.Groups["name"].Value;
            // watch fills its first line, up to the clock at its end.
            if (Watch().IsMatch(lines[i].Text)) width = lines[i].Text.Length;
            if (JsonStart().Match(lines[i].Text) is { Success: true } json)
            {
                var brace = lines[i].Text.AsSpan(0, json.Index + json.Value.IndexOf('{', StringComparison.Ordinal));
                var status = Json(lines, ref i, bytes.AsSpan(begins[i] + Encoding.UTF8.GetByteCount(brace)));
                found.Add(status with { Cluster = name });
            }
            else if (EfmStatusText.Begins(lines[i].Text))
            {
                var end = i + 1;
                // A heading without the line before it begins a report too, but only where it cannot belong to this one.
                var headed = EfmStatusText.IsHeading(lines[i].Text);
                while (end < lines.Count && !EfmStatusText.IsTitle(lines[end].Text) && !JsonStart().IsMatch(lines[end].Text)
                    && !Command().IsMatch(lines[end].Text) && !(headed && EfmStatusText.IsHeading(lines[end].Text)))
                {
                    headed |= EfmStatusText.IsHeading(lines[end].Text);
                    end++;
                }
                var status = EfmStatusText.Read(lines[i..end], width);
                found.Add(status with { Cluster = status.Cluster ?? name });
                i = end;
            }
            else
            {
                i++;
            }
        }
        return found.Count > 0 ? found : throw Nothing(lines);
    }

    /// <summary>The error for something that is not as expected.</summary>
    internal static PemException Unreadable(Line line, string expected)
    {
        var text = line.Text.Trim();
        var shown = text.Length == 0 ? "it ends" : $"it says '{(text.Length > 100 ? text[..100] + "…" : text)}'";
        return new PemException("EfmStatusUnreadable", Trouble.InvalidArgument,
            $"Line {line.Number} of EFM's status cannot be read: {shown}; expected {expected}.",
            "Give the whole output of `efm cluster-status NAME` or `efm cluster-status-json NAME`, as the command printed it.");
    }

    /// <summary>Whether a word can stand for a node: an address or a host's name.</summary>
    internal static bool IsAddress(string word) =>
        word.AsSpan().IndexOfAny('.', ':') >= 0 && IPAddress.TryParse(word, out _) || HostName().IsMatch(word);

    /// <param name="lines">All lines.</param>
    /// <param name="at">That of the first brace; then the one after the last.</param>
    /// <param name="bytes">All from the first brace on.</param>
    static EfmStatus Json(List<Line> lines, ref int at, ReadOnlySpan<byte> bytes)
    {
        var first = at;
        try
        {
            // What comes after the last brace, such as the next prompt, is none of its business.
            var reader = new Utf8JsonReader(bytes);
            using var document = JsonDocument.ParseValue(ref reader);
            var end = (int)reader.BytesConsumed;
            at += 1 + bytes[..end].Count((byte)'\n');
            // But a brace too many would leave out every node behind it, and nobody would miss them.
            if (GoesOn(bytes[end..]) is var (more, expected))
                throw Unreadable(lines[at - 1 + bytes.Slice(end, more).Count((byte)'\n')], expected);
            var root = document.RootElement;
            if (EfmStatus.Of(root) is not { } status)
                throw Unreadable(lines[first], root.TryGetProperty("address", out _)
                    ? "\"nodes\": this is about one node, as `efm node-status-json` tells it" : "an object with \"nodes\"");
            if (status.Nodes.Count == 0) throw Unreadable(lines[first], "an object with \"nodes\", and a node in it");
            foreach (var (address, node) in status.Nodes)
            {
                if (node.Type.Length > 0 && node.Database.Length > 0) continue;
                var line = lines.Skip(first).FirstOrDefault(l =>
                    l.Text.Contains($"\"{address}\"", StringComparison.Ordinal)
                    || l.Text.Contains($"\"{EfmAddress.AsJava(address)}\"", StringComparison.OrdinalIgnoreCase));
                throw Unreadable(line ?? lines[first],
                    $"\"type\" and \"db\" of the node {address}");
            }
            return status;
        }
        catch (JsonException e)
        {
            var line = lines[Math.Min(lines.Count - 1, first + (int)(e.LineNumber ?? 0))];
            var why = e.Message.Split([" LineNumber:", " Path:"], StringSplitOptions.None)[0].TrimEnd('.', ' ');
            throw Unreadable(line, $"valid JSON, but {why} (EFM's own manual has such examples: what the command prints is valid)");
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in a name: JSON by its grammar, but no text.
            throw Unreadable(lines[first], "an object with \"nodes\"");
        }
    }

    /// <summary>Where more stands than there may be behind an object that has just ended, and what was expected; null when it was its end.</summary>
    static (int At, string Expected)? GoesOn(ReadOnlySpan<byte> after)
    {
        const string End = "the end of the status after its last '}'";
        var at = Skip(after, 0);
        if (at < after.Length && after[at] == '}') return (at, End);
        var comma = at < after.Length && after[at] == ',';
        if (comma) at = Skip(after, at + 1);
        if (at == after.Length) return null;
        if (comma && after[at] == '"') return (at, End);
        return after[at] == '{' && !after[..at].Contains((byte)'\n') ? (at, "the next report on a line of its own") : null;

        static int Skip(ReadOnlySpan<byte> text, int from) =>
            text[from..].IndexOfAnyExcept(" \t\r\n"u8) is >= 0 and var blanks ? from + blanks : text.Length;
    }

    static PemException Nothing(List<Line> lines) => Unreadable(
        lines.FirstOrDefault(l => l.Text.Trim().Length > 0 && !Command().IsMatch(l.Text)) ?? lines[^1] with { Text = "" },
        "'Cluster Status: NAME', the heading 'Agent Type  Address  DB  VIP', or the '{' of JSON");

    /// <summary>Without colours, cursor movements, carriage returns, and the blanks and marks that chats and mails put in.</summary>
    static string Clean(string pasted) =>
        Invisible().Replace(LineEnd().Replace(Escape().Replace(pasted, ""), "\n"), "").Replace('\u00a0', ' ');

    [GeneratedRegex("\\e(\\[[0-?]*[ -/]*[@-~]|\\][^\\a\\e]*(\\a|\\e\\\\)|[@-Z\\\\-_a-z=>]|[ -/][0-~])", RegexOptions.CultureInvariant)]
    private static partial Regex Escape();

    [GeneratedRegex("\\r*\\n|\\r", RegexOptions.CultureInvariant)]
    private static partial Regex LineEnd();

    [GeneratedRegex("[\\u200b-\\u200f\\ufeff\\0-\\x08\\x0e-\\x1f]", RegexOptions.CultureInvariant)]
    private static partial Regex Invisible();

    /// <summary>The command in front of its output: a prompt's line, or the header of <c>watch</c>.</summary>
    [GeneratedRegex("\\bcluster-status(-json)?\\s+(\\S*/)?(?<name>[A-Za-z0-9_-][A-Za-z0-9._-]*?)(\\.properties)?(\\s|$)",
        RegexOptions.CultureInvariant)]
    private static partial Regex Command();

    [GeneratedRegex("^Every [0-9.,]+s: ", RegexOptions.CultureInvariant)]
    private static partial Regex Watch();

    [GeneratedRegex("^\\s*\\{|\\{\\s*\"nodes\"", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex JsonStart();

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$",
        RegexOptions.CultureInvariant)]
    private static partial Regex HostName();
}
