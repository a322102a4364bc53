using System.Text.RegularExpressions;

namespace PemHa.Tests.Hosted;

/// <summary>A cmdlet's page in docs/en-US, taken apart as platyPS would.</summary>
sealed partial class HelpPage
{
    HelpPage(string name, string text)
    {
        Name = name;
        Text = text;
        Sections = Split(text, "## ");
        Examples = [.. Split(Section("EXAMPLES"), "### ").Select(e => new HelpExample(name, e.Title, e.Body))];
        Parameters = [.. Split(Section("PARAMETERS"), "### -").Select(p => new HelpParameter(p.Title, p.Body))];
        Syntax = Split(Section("SYNTAX"), "### ")
            .ToDictionary(s => s.Title, s => Words(s.Body.Replace("```", "", StringComparison.Ordinal)));
    }

    /// <summary>The cmdlet.</summary>
    public string Name { get; }

    public string Text { get; }

    /// <summary>What stands under each heading of the second rank, in order.</summary>
    public IReadOnlyList<(string Title, string Body)> Sections { get; }

    public IReadOnlyList<HelpExample> Examples { get; }

    public IReadOnlyList<HelpParameter> Parameters { get; }

    /// <summary>The lines of the syntax by the name of the parameter set, blanks single.</summary>
    public IReadOnlyDictionary<string, string> Syntax { get; }

    /// <summary>Types and texts under INPUTS or OUTPUTS.</summary>
    public IReadOnlyList<(string Type, string Prose)> Types(string section) => Split(Section(section), "### ");

    /// <summary>Names and targets of the related links.</summary>
    public IReadOnlyList<(string Text, string Target)> Links =>
        [.. Link().Matches(Section("RELATED LINKS")).Select(m => (m.Groups["text"].Value, m.Groups["target"].Value))];

    /// <summary>The pages of a checkout.</summary>
    public static IReadOnlyList<HelpPage> In(string checkout) => [.. Directory.GetFiles(Folder(checkout), "*-*.md")
        .Order(StringComparer.Ordinal).Select(f => new HelpPage(Path.GetFileNameWithoutExtension(f), File.ReadAllText(f)))];

    /// <summary>Where they lie.</summary>
    public static string Folder(string checkout) => Path.Combine(checkout, "docs", "en-US");

    /// <summary>What stands under a heading of the second rank.</summary>
    public string Section(string title) => Sections.Single(s => s.Title == title).Body;

    /// <summary>Markdown as the words that a reader sees, single blanks between them.</summary>
    public static string Plain(string markdown)
    {
        var linked = Link().Replace(markdown, m => m.Groups["text"].Value
            + (m.Groups["target"].Value.StartsWith("http", StringComparison.Ordinal) ? $" ({m.Groups["target"].Value})" : ""));
        return Words(Escape().Replace(linked.Replace("`", "", StringComparison.Ordinal), "$1"));
    }

    /// <summary>A text without line breaks and runs of blanks.</summary>
    public static string Words(string text) => Blank().Replace(text, " ").Trim();

    /// <summary>The parts of a text that begin with a heading, without what comes before the first one. Fences hide headings.</summary>
    static List<(string Title, string Body)> Split(string text, string mark)
    {
        var parts = new List<(string Title, string Body)>();
        var fenced = false;
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
            if (!fenced && line.StartsWith(mark, StringComparison.Ordinal)) parts.Add((line[mark.Length..].Trim(), ""));
            // A heading of the third rank that is none of these ends the one before.
            else if (!fenced && mark != "## " && line.StartsWith("### ", StringComparison.Ordinal)) break;
            else if (parts.Count > 0) parts[^1] = (parts[^1].Title, parts[^1].Body + line + "\n");
        }
        return parts;
    }

    [GeneratedRegex(@"\[(?<text>[^\]]+)\]\((?<target>[^)]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\\([][<>*_`\\])")]
    private static partial Regex Escape();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}

/// <summary>An example of a page.</summary>
sealed partial class HelpExample(string page, string title, string body)
{
    public string Page { get; } = page;

    public string Title { get; } = title;

    /// <summary>What a person would type.</summary>
    public string Code { get; } = string.Join("\n\n", Fence().Matches(body).Select(m => m.Groups[1].Value));

    /// <summary>What is said of it.</summary>
    public string Prose { get; } = HelpPage.Plain(Fence().Replace(body, ""));

    public override string ToString() => $"{Page}: {Title}";

    [GeneratedRegex(@"^```powershell\n(.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();
}

/// <summary>A parameter of a page: its text, and what its YAML says.</summary>
sealed class HelpParameter
{
    public HelpParameter(string name, string body)
    {
        Name = name;
        var parts = body.Split("```yaml\n");
        Prose = HelpPage.Plain(parts[0]);
        string list = "";
        foreach (var line in parts[1].Split("\n```")[0].Split('\n'))
        {
            var (key, value) = Pair(line.TrimStart(' ', '-'));
            if (line.StartsWith("- Name: ", StringComparison.Ordinal)) Sets.Add(new(StringComparer.Ordinal) { [key] = value });
            else if (line.StartsWith("- ", StringComparison.Ordinal)) (list == "Aliases" ? Aliases : AcceptedValues).Add(line[2..]);
            else if (line.StartsWith("  ", StringComparison.Ordinal)) Sets[^1][key] = value;
            else (list, Facts[key]) = (key, value);
        }
    }

    public string Name { get; }

    public string Prose { get; }

    /// <summary>Type, DefaultValue and the like.</summary>
    public Dictionary<string, string> Facts { get; } = new(StringComparer.Ordinal);

    public List<string> Aliases { get; } = [];

    public List<string> AcceptedValues { get; } = [];

    /// <summary>Position and so on in each parameter set.</summary>
    public List<Dictionary<string, string>> Sets { get; } = [];

    static (string Key, string Value) Pair(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (line, "") : (line[..colon], line[(colon + 1)..].Trim().Trim('\''));
    }
}
