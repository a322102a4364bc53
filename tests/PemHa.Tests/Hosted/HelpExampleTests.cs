using System.Management.Automation;
using System.Management.Automation.Language;
using PemHa.Lab.Tests;

namespace PemHa.Tests.Hosted;

/// <summary>The examples of the pages: each parses, calls what there is, and runs as far as one comes without a host.</summary>
public sealed class HelpExampleTests : IDisposable
{
    /// <summary>No packet is to leave this machine: connecting is binding its parameters.</summary>
    const string Session = """
        [CmdletBinding()] param($folder, $hosts, $code)
        $connect = [System.Management.Automation.CommandMetadata]::new((Get-Command Connect-PemHost -CommandType Cmdlet))
        $parameters = [System.Management.Automation.ProxyCommand]::GetParamBlock($connect)
        . ([scriptblock]::Create("function Connect-PemHost { [CmdletBinding()] param($parameters) process { `$PemHost } }"))
        if ((Get-Command Connect-PemHost).CommandType -ne 'Function') { throw 'Connect-PemHost is the real one.' }

        """ + HelpSession.Begin;

    readonly HostedEngine _engine = new();
    readonly TemporaryFolder _folder = new();

    static IReadOnlyList<HelpPage> Pages { get; } = HelpPage.In(ModuleAssemblies.Root);

    public static TheoryData<string, int> Examples =>
        [.. Pages.SelectMany(p => Enumerable.Range(0, p.Examples.Count).Select(i => (p.Name, i)))];

    public static TheoryData<string> Names => [.. Pages.Select(p => p.Name)];

    public static TheoryData<string> Topics => HelpTests.Topics;

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_page_has_three_examples_and_more_that_show_the_cmdlet_and_say_what_for(string name)
    {
        var page = Page(name);
        Assert.True(page.Examples.Count >= 3, $"{page.Examples.Count} examples.");
        foreach (var (example, number) in page.Examples.Zip(Enumerable.Range(1, int.MaxValue)))
        {
            Assert.Matches($"^Example {number}: [A-Z].+", example.Title);
            Assert.Contains(name, example.Code, StringComparison.Ordinal);
            Assert.True(example.Prose.Length > 10, $"{example} says nothing.");
            Assert.All(example.Code.Split('\n'), line => Assert.True(line.Length <= 140, line));
        }
        Assert.Equal(page.Examples.Count, page.Examples.Select(e => e.Code).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_runs(string name, int number)
    {
        var example = Page(name).Examples[number];
        var script = Parser.ParseInput(example.Code, out _, out var faults);
        Assert.Empty(faults);
        AssertKnown(script);
        var hosts = Nodes(example.Code);
        var (_, errors) = _engine.Try(Session + """
            $WhatIfPreference = $true
            try { . ([scriptblock]::Create($code)) } catch { $trouble = $_ }
            if ($trouble) { $PSCmdlet.WriteError($trouble) }
            """, _folder.Path, hosts, example.Code);
        Assert.All(errors, e => Assert.True(Expected(e), $"{example}: {e.FullyQualifiedErrorId}: {e}"));
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public void What_a_topic_shows_parses_and_calls_what_there_is(string topic)
    {
        var page = File.ReadAllText(Path.Combine(HelpPage.Folder(ModuleAssemblies.Root), topic + ".md"));
        var script = Parser.ParseInput(new HelpExample(topic, topic, page).Code, out _, out var faults);
        Assert.Empty(faults);
        AssertKnown(script);
    }

    static HelpPage Page(string name) => Pages.Single(p => p.Name == name);

    /// <summary>What there is no way around without a host; and what an example throws itself because of that.</summary>
    static bool Expected(ErrorRecord error) =>
        error.FullyQualifiedErrorId.Split(',')[0] is "NotConnected" or "PrimaryUnreachable" or "PlanIncomplete"
        || (error.Exception is RuntimeException { WasThrownFromThrowStatement: true } thrown
            && thrown.Message.StartsWith("Not ready: ", StringComparison.Ordinal));

    /// <summary>Every command that a script calls is there, with the parameters that it gives.</summary>
    void AssertKnown(ScriptBlockAst script)
    {
        var calls = script.FindAll(a => a is CommandAst, true).Cast<CommandAst>().ToList();
        var known = _engine.Run(Session + "foreach ($name in $code) { Get-Command $name }", _folder.Path, Nodes(""),
            calls.Select(c => c.GetCommandName()).ToArray());
        Assert.Equal(calls.Count, known.Count);
        foreach (var (call, command) in calls.Zip(known.Select(k => (CommandInfo)k.BaseObject)))
            foreach (var parameter in call.CommandElements.OfType<CommandParameterAst>().Select(p => p.ParameterName))
                Assert.True(command.Parameters.ContainsKey(parameter), $"{command.Name} has no parameter {parameter}");
    }

    /// <summary>Nodes of the SSL model whose parameters an example has, and the files that examples take.</summary>
    PSObject[] Nodes(string code)
    {
        var model = code.Contains("-CertificatePath", StringComparison.Ordinal) ? PemSslModel.ExternalCA
            : new[] { "Authority", "@deployment" }.Any(p => code.Contains(p, StringComparison.Ordinal)) ? PemSslModel.LocalCA
            : PemSslModel.SslUtils;
        var topology = File.ReadAllText(Path.Combine(ModuleAssemblies.Root, "docs", "examples", "C1.psd1"));
        File.WriteAllText(_folder["C1.psd1"], topology.Replace("LocalCA", model.ToString(), StringComparison.Ordinal));
        File.WriteAllText(_folder["status.txt"], Report);
        var bundle = Path.Combine(ModuleAssemblies.Root, "tests", "bundles", "lab-two-nodes.zip");
        File.Copy(bundle, _folder["bundle.zip"], overwrite: true);
        File.WriteAllText(_folder["status-1.json"], Json);
        if (model == PemSslModel.ExternalCA) Issue(Directory.CreateDirectory(_folder["certificates"]).FullName);
        return [.. _engine.Run("param($file) Import-PemTopology $file", _folder["C1.psd1"])];
    }

    static void Issue(string folder)
    {
        using var root = new TestAuthority("Example Root", ec: true);
        File.WriteAllText(Path.Combine(folder, "root.crt"), root.Pem);
        for (var i = 1; i <= 3; i++)
        {
            root.Issue(folder, $"node{i}", new TestCertificate("CN=x", $"node{i}", $"172.16.161.{199 + i}", "172.16.161.245"));
            root.Issue(folder, $"agent{i}", TestCertificate.Agent($"agent{i}"));
        }
    }

    const string Report = """
        Cluster Status: efm

        	Agent Type  Address              DB       VIP
        	----------------------------------------------------------------
        	Primary     172.16.161.200       UP       172.16.161.245*
        	Standby     172.16.161.201       UP       172.16.161.245

        Allowed node host list:
        	172.16.161.200 172.16.161.201

        Membership coordinator: 172.16.161.200

        Standby priority host list:
        	172.16.161.201

        Promote Status:

        	DB Type     Address              WAL Received LSN   WAL Replayed LSN   Info
        	---------------------------------------------------------------------------
        	Primary     172.16.161.200                          0/F7A3808
        	Standby     172.16.161.201       0/F7A3808          0/F7A3808

        	Standby database(s) in sync with primary. It is safe to promote.

        """;

    const string Json = """
        { "nodes": { "172.16.161.200": { "type": "Primary", "agent": "UP", "db": "UP", "vip": "172.16.161.245", "vip_active": true,
          "lsnReceive": "", "lsn": "0/F7A3808", "lsnInfo": "" } }, "allowednodes": ["172.16.161.200"],
          "membershipcoordinator": "172.16.161.200", "failoverpriority": [], "minimumstandbys": 0, "missingnodes": [], "messages": [] }
        """;
}
