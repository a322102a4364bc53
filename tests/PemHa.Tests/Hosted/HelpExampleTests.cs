using System.Management.Automation;
using System.Management.Automation.Language;
using PemHa.Lab.Tests;

namespace PemHa.Tests.Hosted;

/// <summary>The examples of the pages: each parses, calls what there is, and runs with -WhatIf as far as that goes without a host.</summary>
public sealed class HelpExampleTests : IDisposable
{
    /// <summary>What a person has in the session, and what pwsh has and the core engine has not: as much of it as examples use.</summary>
    const string Session = """
        [CmdletBinding()] param($folder, $hosts, $code)
        function Get-Secret { param([Parameter(Mandatory, Position = 0)] [string] $Name) New-PemCredential $Name }
        function Set-Secret { param([Parameter(Mandatory, Position = 0)] [string] $Name, [Parameter(Mandatory, Position = 1)] $Secret) }
        function Get-Credential { param([Parameter(Mandatory, Position = 0)] [string] $UserName) New-PemCredential $UserName }
        function Import-Csv {
            param([Parameter(Mandatory, Position = 0)] [string] $Path)
            [pscustomobject] @{ Address = '10.20.0.11'; Role = 'Standby'; Name = 'db2' }
        }
        function Get-Content { param([Parameter(Mandatory, Position = 0)] [string] $Path) [System.IO.File]::ReadAllLines("$folder/$Path") }
        function Set-Content { param([Parameter(Mandatory, Position = 0)] [string] $Path, [Parameter(ValueFromPipeline)] $Value) process { } }
        function ConvertTo-Json { param([Parameter(ValueFromPipeline)] $InputObject) process { "$InputObject" } }
        function Format-Table {
            param([Parameter(Position = 0)] [object[]] $Property, [switch] $Wrap, [Parameter(ValueFromPipeline)] $InputObject)
            process { Asked $InputObject $Property }
        }
        function Format-List {
            param([Parameter(Position = 0)] [object[]] $Property, [Parameter(ValueFromPipeline)] $InputObject)
            process { Asked $InputObject $Property }
        }
        function Group-Object {
            param([Parameter(Mandatory, Position = 0)] [string] $Property, [Parameter(ValueFromPipeline)] $InputObject)
            process { Asked $InputObject $Property; [pscustomobject] @{ Count = 1; Name = $InputObject.$Property } }
        }
        # A view of a property that is not there shows an empty column.
        function Asked($object, $properties) {
            foreach ($property in $properties) {
                if ($null -ne $object -and -not $object.psobject.Properties[$property]) { throw "$($object.GetType()) has no property $property" }
            }
        }
        # No packet is to leave this machine: connecting is binding its parameters.
        $connect = [System.Management.Automation.CommandMetadata]::new((Get-Command Connect-PemHost -CommandType Cmdlet))
        . ([scriptblock]::Create("function Connect-PemHost { [CmdletBinding()] param($([System.Management.Automation.ProxyCommand]::GetParamBlock($connect))) process { `$PemHost } }"))
        if ((Get-Command Connect-PemHost).CommandType -ne 'Function') { throw 'Connect-PemHost is the real one.' }

        $ExecutionContext.SessionState.Provider.GetOne('FileSystem').Home = $folder
        $null = $ExecutionContext.SessionState.Path.SetLocation($folder)
        $nodes = $hosts
        $cluster = $hosts[0].Cluster
        $repl, $efm, $super, $authority = 'repl', 'efm', 'pemsuper', 'authority' | ForEach-Object { New-PemCredential $_ -Path ~/.pemha/efm }
        $deployment = @{
            Replication = $repl; Efm = $efm; SuperUser = $super; AuthorityPath = '~/.pemha/efm/ca'; AuthorityPassword = $authority.Password
        }
        """;

    readonly HostedEngine _engine = new();
    readonly TemporaryFolder _folder = new();

    public static TheoryData<string, int> All =>
        [.. HelpPage.All.SelectMany(p => Enumerable.Range(0, p.Examples.Count).Select(i => (p.Name, i)))];

    public static TheoryData<string> Names => [.. HelpPage.All.Select(p => p.Name)];

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_page_has_three_examples_and_more_that_show_the_cmdlet_and_say_what_for(string name)
    {
        var page = HelpPage.Of(name);
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
    [MemberData(nameof(All))]
    public void An_example_runs(string name, int number)
    {
        var example = HelpPage.Of(name).Examples[number];
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
        var page = File.ReadAllText(Path.Combine(HelpPage.Folder, topic + ".md"));
        var code = new HelpExample(topic, topic, page).Code;
        var script = Parser.ParseInput(code, out _, out var faults);
        Assert.Empty(faults);
        AssertKnown(script);
    }

    public static TheoryData<string> Topics => HelpTests.Topics;

    /// <summary>What there is no way around without a host; and what an example throws itself because of that.</summary>
    static bool Expected(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0] is "NotConnected" or "PrimaryUnreachable" or "PlanIncomplete"
        || error.Exception is RuntimeException { WasThrownFromThrowStatement: true } thrown && thrown.Message.StartsWith("Not ready: ", StringComparison.Ordinal);

    /// <summary>Every command that a script calls is there, with the parameters that it gives.</summary>
    void AssertKnown(ScriptBlockAst script)
    {
        var calls = script.FindAll(a => a is CommandAst, true).Cast<CommandAst>().ToList();
        var known = _engine.Run(Session + "\nforeach ($name in $code) { Get-Command $name }", _folder.Path, Nodes(""), calls.Select(c => c.GetCommandName()).ToArray());
        foreach (var (call, command) in calls.Zip(known.Select(k => (CommandInfo)k.BaseObject)))
            foreach (var parameter in call.CommandElements.OfType<CommandParameterAst>())
                Assert.True(command.Parameters.ContainsKey(parameter.ParameterName), $"{command.Name} has no parameter {parameter.ParameterName}");
    }

    /// <summary>Nodes of the SSL model whose parameters an example has, and the files that examples take.</summary>
    PSObject[] Nodes(string code)
    {
        var model = code.Contains("-CertificatePath", StringComparison.Ordinal) ? PemSslModel.ExternalCA
            : code.Contains("Authority", StringComparison.Ordinal) || code.Contains("@deployment", StringComparison.Ordinal) ? PemSslModel.LocalCA : PemSslModel.SslUtils;
        var topology = File.ReadAllText(Path.Combine(ModuleAssemblies.Root, "docs", "examples", "C1.psd1"));
        File.WriteAllText(_folder["C1.psd1"], topology.Replace("LocalCA", model.ToString(), StringComparison.Ordinal));
        File.WriteAllText(_folder["status.txt"], Report);
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
