using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;
using PemHa.Engine.Procedure;

namespace PemHa.Tests.Hosted;

/// <summary>The pages of docs/en-US, what the module ships of them in en-US, and the code say the same of every cmdlet.</summary>
public sealed partial class HelpTests(HostedEngine engine) : IClassFixture<HostedEngine>
{
    const string HelpFile = "PemHa.Commands.dll-Help.xml";

    static readonly string Pages = HelpPage.Folder(ModuleAssemblies.Root), Shipped = Path.Combine(ModuleAssemblies.Root, "en-US");

    static IReadOnlyList<HelpPage> All { get; } = HelpPage.In(ModuleAssemblies.Root);

    public static TheoryData<string> Names => [.. Cmdlets.Types.Select(Cmdlets.Name)];

    public static TheoryData<string> Topics =>
        [.. Directory.GetFiles(Pages, "about_*.md").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_cmdlet_has_a_page_and_every_page_a_cmdlet()
    {
        var names = Cmdlets.Types.Select(Cmdlets.Name).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(names, All.Select(p => p.Name));
        Assert.Equal(Topics.Select(t => (string)t + ".help.txt").Prepend(HelpFile).Order(StringComparer.Ordinal),
            Directory.GetFiles(Shipped).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        Assert.Equal(["about_PemHa", "about_PemHa_Lab", "about_PemHa_Procedure", "about_PemHa_Security", "about_PemHa_Troubleshooting"],
            Topics.Select(t => (string)t));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_page_has_every_section_in_platyPS_order(string name)
    {
        var page = Page(name);
        Assert.Equal("SYNOPSIS, SYNTAX, ALIASES, DESCRIPTION, EXAMPLES, PARAMETERS, INPUTS, OUTPUTS, NOTES, RELATED LINKS",
            string.Join(", ", page.Sections.Select(s => s.Title)));
        Assert.StartsWith($"---\ndocument type: cmdlet\nexternal help file: {HelpFile}\n", page.Text, StringComparison.Ordinal);
        Assert.Contains($"\ntitle: {name}\n---\n\n# {name}\n", page.Text, StringComparison.Ordinal);
        Assert.Contains("\nPlatyPS schema version: 2024-05-01\n", page.Text, StringComparison.Ordinal);
        // It is a line of Get-Help's list.
        Assert.InRange(HelpPage.Plain(page.Section("SYNOPSIS")).Length, 20, 100);
        Assert.True(HelpPage.Plain(page.Section("DESCRIPTION")).Length >= 80, "The description says too little.");
        Assert.True(page.Links.Count > 0, "There are no links.");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_page_has_the_parameters_of_the_code(string name)
    {
        var page = Page(name);
        var command = Command(name);
        Assert.Equal(Own(command).Select(p => p.Name), page.Parameters.Select(p => p.Name));
        foreach (var (parameter, said) in Own(command).Zip(page.Parameters))
        {
            string Fact(string key) => $"-{said.Name} {key}: {said.Facts[key]}";
            string Wanted(string key, object value) => $"-{parameter.Name} {key}: {value}";
            Assert.Equal(Wanted("Type", parameter.ParameterType), Fact("Type"));
            Assert.Equal(Wanted("DefaultValue", Default(command, parameter.Name)), Fact("DefaultValue"));
            Assert.Equal(Wanted("SupportsWildcards", Wild(parameter) ? "true" : "false"), Fact("SupportsWildcards"));
            Assert.Equal(Wanted("DontShow", "false"), Fact("DontShow"));
            Assert.Equal(parameter.Aliases, said.Aliases);
            Assert.Equal(Accepted(parameter), said.AcceptedValues);
            var sets = said.Sets.Select(s => string.Join(' ', s.Select(f => $"{f.Key}={f.Value}")));
            Assert.Equal(Sorted(parameter.ParameterSets.Select(Set)), Sorted(sets));
            Assert.True(said.Prose.Length > 20, $"-{said.Name} is hardly described.");
        }
        var several = command.ParameterSets.Count > 1;
        Assert.Equal(command.ParameterSets.ToDictionary(s => several && s.IsDefault ? $"{s.Name} (Default)" : s.Name,
            s => $"{name} {s.ToString().Replace(" [<CommonParameters>]", "", StringComparison.Ordinal)}".TrimEnd()), page.Syntax);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_page_tells_what_comes_in_and_out(string name)
    {
        var page = Page(name);
        var command = Command(name);
        var taken = command.ParameterSets.SelectMany(s => s.Parameters).Where(p => p.ValueFromPipeline || p.ValueFromPipelineByPropertyName)
            .Select(p => (Nullable.GetUnderlyingType(p.ParameterType) ?? p.ParameterType).ToString()).Distinct().DefaultIfEmpty("None");
        Assert.Equal(taken.Order(StringComparer.Ordinal), page.Types("INPUTS").Select(t => t.Type).Order(StringComparer.Ordinal));
        Assert.Equal(command.OutputType.Select(t => t.Name).DefaultIfEmpty("None"), page.Types("OUTPUTS").Select(t => t.Type));
        Assert.All(page.Types("INPUTS").Concat(page.Types("OUTPUTS")), t => Assert.NotEmpty(HelpPage.Plain(t.Prose)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Get_Help_shows_the_page_and_what_the_code_has(string name)
    {
        var (page, command) = (Page(name), Command(name));
        var help = Assert.Single(engine.Run("param($name) Get-Help $name -Full", name));
        // Made of syntax alone, there would be no help file behind it.
        Assert.StartsWith("MamlCommandHelpInfo#PemHa", help.TypeNames[0], StringComparison.Ordinal);
        Assert.Equal(HelpPage.Plain(page.Section("SYNOPSIS")), $"{help.Properties["Synopsis"].Value}");
        Assert.Equal(HelpPage.Plain(page.Section("DESCRIPTION")), Prose(help, "description"));
        var notes = Many(help, "alertSet", "alert").Select(a => HelpPage.Words(Text(a, "Text")));
        Assert.Equal(HelpPage.Plain(page.Section("NOTES")), string.Join(' ', notes));

        Assert.Equal(Own(command).Select(p => p.Name), Many(help, "parameters", "parameter").Select(p => Text(p, "name")));
        foreach (var ((parameter, given), said) in Own(command).Zip(Many(help, "parameters", "parameter")).Zip(page.Parameters))
        {
            var sets = parameter.ParameterSets.Values;
            var first = parameter.ParameterSets.Values.First();
            Assert.Equal(said.Prose, Prose(given, "description"));
            Assert.Equal(parameter.ParameterType.ToString(), Text(Of(given, "type"), "name"));
            Assert.Equal(sets.Any(s => s.IsMandatory) ? "true" : "false", Text(given, "required"));
            Assert.Equal(first.Position == int.MinValue ? "named" : $"{first.Position}", Text(given, "position"), ignoreCase: true);
            Assert.Equal(Pipeline(sets), Text(given, "pipelineInput"));
            Assert.Equal(parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases), Text(given, "aliases"));
            Assert.Equal(Default(command, parameter.Name), Text(given, "defaultValue"));
            Assert.Equal(Wild(parameter) ? "true" : "false", Text(given, "globbing"));
        }
        var shapes = command.ParameterSets.Select(s => string.Join(' ', Sorted(s.Parameters.Where(p => !Common(p.Name)).Select(Shape))));
        var shown = Many(help, "syntax", "syntaxItem").Select(i => string.Join(' ', Sorted(Many(i, "parameter").Select(Shape))));
        Assert.Equal(Sorted(shapes), Sorted(shown));

        var examples = Many(help, "examples", "example").ToList();
        Assert.Equal(page.Examples.Select(e => $"--------- {e.Title} ---------"), examples.Select(e => Text(e, "title")));
        Assert.Equal(page.Examples.Select(e => e.Code), examples.Select(e => Text(e, "code")));
        Assert.Equal(page.Examples.Select(e => e.Prose), examples.Select(e => Prose(e, "remarks")));
        static string Said((string Type, string Prose) t) => $"{t.Type}: {HelpPage.Plain(t.Prose)}";
        Assert.Equal(page.Types("INPUTS").Select(Said), Many(help, "inputTypes", "inputType").Select(Typed));
        Assert.Equal(page.Types("OUTPUTS").Select(Said), Many(help, "returnValues", "returnValue").Select(Typed));
        Assert.Equal(page.Links.Select(l => l.Text), Many(help, "relatedLinks", "navigationLink").Select(l => Text(l, "linkText")));
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public void A_topic_is_found_and_says_what_its_page_says(string topic)
    {
        var shown = (string)Assert.Single(engine.Run("param($name) Get-Help $name", topic)).BaseObject;
        var lines = shown.Split('\n');
        Assert.Equal(["TOPIC", "    " + topic, "", "SHORT DESCRIPTION"], lines[..4]);
        // Get-Help's list shows the fifth line, and no more.
        Assert.StartsWith("    ", lines[4], StringComparison.Ordinal);
        Assert.Equal("", lines[5]);
        Assert.All(lines, line => Assert.True(line.Length <= 79, $"Too wide for a screen of 80 columns: {line}"));
        var page = File.ReadAllText(Path.Combine(Pages, topic + ".md"));
        // Headings are in capitals.
        Assert.Equal(HelpPage.Plain(Mark().Replace(page, "")), HelpPage.Words(shown["TOPIC".Length..]), ignoreCase: true);
    }

    [Fact]
    public void Every_error_that_is_explained_is_one()
    {
        var topic = File.ReadAllText(Path.Combine(Pages, "about_PemHa_Troubleshooting.md"));
        var told = Heading().Matches(topic).SelectMany(m => m.Groups[1].Value.Split(", ")).Where(h => ErrorId().IsMatch(h)).ToList();
        Assert.True(told.Count >= 30, $"Only {told.Count} errors are explained.");
        Assert.Equal(told.Count, told.Distinct().Count());
        var sources = string.Concat(Directory.GetFiles(Path.Combine(ModuleAssemblies.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText));
        Assert.All(told, id => Assert.Contains($"\"{id}\"", sources, StringComparison.Ordinal));
        // An id that a page names is one too.
        foreach (var named in All.SelectMany(p => Named().Matches(HelpPage.Plain(p.Section("DESCRIPTION"))))
            .SelectMany(m => m.Groups[1].Value.Split(", ")))
            Assert.Contains($"\"{named}\"", sources, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_left_to_be_filled_in()
    {
        foreach (var file in Directory.GetFiles(Pages).Concat(Directory.GetFiles(Shipped)))
            Assert.DoesNotMatch(Placeholder(), File.ReadAllText(file));
    }

    [Fact]
    public void Every_link_leads_somewhere()
    {
        foreach (var file in Directory.GetFiles(Pages, "*.md"))
        {
            foreach (var target in Target().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value))
            {
                if (target.StartsWith("http", StringComparison.Ordinal)) continue;
                var parts = target.Split('#');
                var aim = Path.Combine(Pages, parts[0]);
                Assert.True(File.Exists(aim), $"{Path.GetFileName(file)} leads to {target}");
                if (parts.Length > 1)
                    Assert.Contains(parts[1], Heading().Matches(File.ReadAllText(aim)).Select(m => Anchor(m.Groups[1].Value)));
            }
        }
    }

    [Fact]
    public void Every_step_leads_to_its_section_of_the_procedure_and_the_order_told_is_the_order_run()
    {
        foreach (var step in Deployment.Names)
            Assert.Contains(Page(step).Links, l => l.Target.StartsWith("about_PemHa_Procedure.md#", StringComparison.Ordinal));
        var topic = File.ReadAllText(Path.Combine(Pages, "about_PemHa_Procedure.md"));
        var order = topic[topic.IndexOf("### The order", StringComparison.Ordinal)..topic.IndexOf("### A. ", StringComparison.Ordinal)];
        Assert.Equal(Deployment.Names, Mention().Matches(order[order.IndexOf("\n- ", StringComparison.Ordinal)..]).Select(m => m.Value));
        var description = Page("Install-PemCluster").Section("DESCRIPTION");
        Assert.Equal(Deployment.Names, Mention().Matches(description).Select(m => m.Value).Distinct().Take(Deployment.Names.Length));
    }

    [Fact]
    public void Every_command_and_every_parameter_that_a_text_names_is_there()
    {
        var commands = Cmdlets.Types.Select(Cmdlets.Name).ToHashSet(StringComparer.Ordinal);
        var overview = File.ReadAllText(Path.Combine(Pages, "about_PemHa.md"));
        Assert.Subset(Mention().Matches(overview).Select(m => m.Value).ToHashSet(), commands);
        foreach (var file in Directory.GetFiles(Pages, "*.md"))
        {
            // Examples are judged as code (HelpExampleTests).
            foreach (Match mention in Mention().Matches(Fence().Replace(File.ReadAllText(file), "")))
            {
                var (command, parameter) = (mention.Groups["command"].Value, mention.Groups["parameter"].Value);
                var where = $"{Path.GetFileName(file)} names {command} {parameter}";
                Assert.True(commands.Contains(command), where);
                Assert.True(parameter.Length == 0 || Command(command).Parameters.ContainsKey(parameter), where);
            }
        }
    }

    static HelpPage Page(string name) => All.Single(p => p.Name == name);

    CmdletInfo Command(string name) =>
        (CmdletInfo)Assert.Single(engine.Run("param($name) Get-Command $name -CommandType Cmdlet", name)).BaseObject;

    static IEnumerable<string> Sorted(IEnumerable<string> texts) => texts.Order(StringComparer.Ordinal);

    /// <summary>The parameters that a page describes, in its order.</summary>
    static IEnumerable<ParameterMetadata> Own(CmdletInfo command) =>
        command.Parameters.Values.Where(p => !Common(p.Name)).OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase);

    static bool Common(string name) => Cmdlet.CommonParameters.Contains(name);

    static bool Wild(ParameterMetadata parameter) => parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any();

    /// <summary>What the cmdlet itself begins with.</summary>
    static string Default(CmdletInfo command, string name)
    {
        if (command.Parameters[name].ParameterSets.Values.Any(s => s.IsMandatory)) return "";
        var value = command.ImplementingType.GetProperty(name)?.GetValue(Activator.CreateInstance(command.ImplementingType));
        return value is IConvertible or SwitchParameter or Version ? Convert.ToString(value, CultureInfo.InvariantCulture)! : "";
    }

    static IEnumerable<string> Accepted(ParameterMetadata parameter) =>
        (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType) is { IsEnum: true } type ? Enum.GetNames(type)
        : parameter.Attributes.OfType<ValidateSetAttribute>().SelectMany(a => a.ValidValues);

    static string Set(KeyValuePair<string, ParameterSetMetadata> set)
    {
        static string Yes(bool value) => value ? "true" : "false";
        var position = set.Value.Position == int.MinValue ? "Named" : set.Value.Position.ToString(CultureInfo.InvariantCulture);
        return $"Name={(set.Key == ParameterAttribute.AllParameterSets ? "(All)" : set.Key)} Position={position}"
            + $" IsRequired={Yes(set.Value.IsMandatory)} ValueFromPipeline={Yes(set.Value.ValueFromPipeline)}"
            + $" ValueFromPipelineByPropertyName={Yes(set.Value.ValueFromPipelineByPropertyName)}"
            + $" ValueFromRemainingArguments={Yes(set.Value.ValueFromRemainingArguments)}";
    }

    static string Pipeline(IEnumerable<ParameterSetMetadata> sets) =>
        (sets.Any(s => s.ValueFromPipeline), sets.Any(s => s.ValueFromPipelineByPropertyName)) switch
        {
            (true, true) => "true (ByValue, ByPropertyName)",
            (true, false) => "true (ByValue)",
            (false, true) => "true (ByPropertyName)",
            _ => "false",
        };

    static string Shape(CommandParameterInfo p) =>
        $"{p.Name}/{(p.IsMandatory ? "true" : "false")}/{(p.Position == int.MinValue ? "named" : p.Position)}";

    static string Shape(PSObject p) => $"{Text(p, "name")}/{Text(p, "required")}/{Text(p, "position").ToLowerInvariant()}";

    static PSObject? Of(PSObject? thing, string name) => thing?.Properties[name]?.Value is { } value ? PSObject.AsPSObject(value) : null;

    static string Text(PSObject? thing, string name) => $"{Of(thing, name)}";

    /// <summary>What there may be one of or several.</summary>
    static IEnumerable<PSObject> Many(PSObject thing, params string[] names)
    {
        var found = names.Aggregate((PSObject?)thing, Of);
        if (found?.BaseObject is IEnumerable several and not string) return several.Cast<object>().Select(PSObject.AsPSObject);
        return found is null ? [] : [found];
    }

    /// <summary>Paragraphs as words.</summary>
    static string Prose(PSObject thing, string name) => HelpPage.Words(string.Join(' ', Many(thing, name).Select(p => Text(p, "Text"))));

    static string Typed(PSObject thing) => $"{Text(Of(thing, "type"), "name").Trim()}: {Prose(thing, "description")}";

    /// <summary>The anchor that a heading gets where pages are shown.</summary>
    static string Anchor(string heading) =>
        new([.. heading.ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_').Select(c => c == ' ' ? '-' : c)]);

    [GeneratedRegex(@"^(#+ |```\w*$)", RegexOptions.Multiline)]
    private static partial Regex Mark();

    [GeneratedRegex(@"\{\{.*?\}\}|\bFill in\b|\bTODO\b|\bTBD\b|\bFIXME\b|\blorem\b", RegexOptions.IgnoreCase)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Target();

    [GeneratedRegex("^[A-Z][a-z]+([A-Z][a-z]+)*$")]
    private static partial Regex ErrorId();

    [GeneratedRegex(@"\((?:otherwise )?((?:[A-Z][a-z]+){2,}(?:, (?:[A-Z][a-z]+){2,})*)(?: otherwise)?\)")]
    private static partial Regex Named();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\b(?<command>[A-Z][A-Za-z]+-Pem[A-Z][A-Za-z]+)\b(?= -(?<parameter>[A-Z]\w+))?")]
    private static partial Regex Mention();
}
