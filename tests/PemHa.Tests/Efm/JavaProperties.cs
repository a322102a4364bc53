using System.Globalization;
using System.Text;

namespace PemHa.Tests.Efm;

/// <summary>
/// A reader of properties files, written after the documentation of <c>java.util.Properties.load(InputStream)</c> and by nothing of ours;
/// where a JVM is found, it is compared with that.
/// </summary>
static class JavaProperties
{
    /// <summary>The settings; null where Java throws, at an escape that is none.</summary>
    public static IReadOnlyDictionary<string, string>? Load(string text)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in LogicalLines(text))
        {
            int at = 0, from;
            // The name ends at the first separator that no backslash stands before.
            while (at < line.Length && !(IsBlank(line[at]) || line[at] is '=' or ':')) at += line[at] == '\\' ? 2 : 1;
            at = Math.Min(at, line.Length);
            for (from = at; from < line.Length && IsBlank(line[from]);) from++;
            if (from < line.Length && line[from] is '=' or ':')
                for (from++; from < line.Length && IsBlank(line[from]);) from++;
            if (Unescape(line[..at]) is not { } name || Unescape(line[from..]) is not { } value) return null;
            settings[name] = value;
        }
        return settings;
    }

    static IEnumerable<string> LogicalLines(string text)
    {
        var natural = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r');
        for (var i = 0; i < natural.Length; i++)
        {
            var line = natural[i].TrimStart(' ', '\t', '\f');
            if (line.Length == 0 || line[0] is '#' or '!') continue;
            // Where nothing stands before the backslash, the next line is a new one.
            while (GoesOn(line) && line.Length > 1 && i + 1 < natural.Length) line = line[..^1] + natural[++i].TrimStart(' ', '\t', '\f');
            if (line == "\\") continue;
            // A backslash before the end of the file is dropped.
            yield return GoesOn(line) ? line[..^1] : line;
        }
    }

    static bool GoesOn(string line) => (line.Length - line.TrimEnd('\\').Length) % 2 == 1;

    static bool IsBlank(char c) => c is ' ' or '\t' or '\f';

    static string? Unescape(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }
            if (++i == text.Length) break;
            if (text[i] != 'u')
            {
                plain.Append(text[i] switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', var c => c });
                continue;
            }
            if (i + 4 >= text.Length || !text[(i + 1)..(i + 5)].All(char.IsAsciiHexDigit)) return null;
            plain.Append((char)int.Parse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            i += 4;
        }
        return plain.ToString();
    }

    /// <summary>What the JVM of this machine reads of many files; null where there is none with a compiler.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>?>? LoadByJava(IReadOnlyList<string> texts)
    {
        if (!Shell.Has("javac")) return null;
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["Load.java"], """
            import java.io.*; import java.nio.charset.StandardCharsets; import java.util.*;
            class Load {
                static String coded(String text) { return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_16BE)); }
                public static void main(String[] args) throws IOException {
                    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
                    var out = new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.US_ASCII));
                    for (String line; (line = in.readLine()) != null;) {
                        var properties = new Properties();
                        try {
                            properties.load(new ByteArrayInputStream(Base64.getDecoder().decode(line)));
                            for (var name : properties.stringPropertyNames()) out.print(coded(name) + " " + coded(properties.getProperty(name)) + ",");
                            out.println();
                        } catch (IllegalArgumentException e) { out.println("!"); }
                    }
                    out.flush();
                }
            }
            """);
        var input = string.Concat(texts.Select(t => Convert.ToBase64String(Encoding.Latin1.GetBytes(t)) + "\n"));
        var result = Shell.Run("java", Encoding.ASCII.GetBytes(input), "-XX:TieredStopAtLevel=1", folder["Load.java"]);
        Assert.True(result.ExitCode == 0, result.Error);
        var lines = result.Output.Split('\n')[..^1];
        Assert.Equal(texts.Count, lines.Length);
        return [.. lines.Select(l => l == "!" ? null : l.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split(' ')).Select(p => (Name: Plain(p[0]), Value: Plain(p[1])))
            .ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal))];

        static string Plain(string base64) => Encoding.BigEndianUnicode.GetString(Convert.FromBase64String(base64));
    }
}
