using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace PemHa.Tests.Hosted;

/// <summary>The runbooks and topology files in docs/examples.</summary>
public sealed class ExampleTests(HostedEngine engine) : IClassFixture<HostedEngine>, IDisposable
{
    static readonly string Folder = Path.Combine(ModuleAssemblies.Root, "docs", "examples");

    /// <summary>What the suite for users' CI has of Pester; it and the script that runs it need a real pwsh.</summary>
    static readonly string[] OfPester = ["Describe", "It", "Should", "BeforeAll", "BeforeDiscovery", "AfterAll", "Invoke-Pester",
        "New-PesterContainer", "New-PesterConfiguration"];

    readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Scripts => Files("*.ps1");

    public static TheoryData<string> Topologies => Files("*.psd1");

    /// <summary>The scripts that go to hosts, with what they must be given.</summary>
    public static TheoryData<string, string> Runbooks => new()
    {
        { "Deploy-C1.ps1", "-Primary 127.0.0.1 -Standby 127.0.0.2 -Witness 127.0.0.3 -PingServer 127.0.0.4 @with" },
        { "Deploy-Cluster.ps1", "$folder/two.psd1 @with" },
        { "Add-Node.ps1", "$folder/two.psd1 -Address 127.0.0.204 -Name node4 -Path $folder/more.psd1 -With $with" },
        { "Rehearse-Cluster.ps1", "$folder/two.psd1 @with -Path $folder/change" },
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public void It_parses_and_calls_only_what_the_core_engine_and_PemHa_have(string script)
    {
        var ast = Parser.ParseFile(Path.Combine(Folder, script), out _, out var errors);
        Assert.Empty(errors);
        var calls = ast.FindAll(a => a is CommandAst, true).Cast<CommandAst>().ToList();
        Assert.NotEmpty(calls);
        foreach (var call in calls)
        {
            if (call.GetCommandName() is not { } name)
            {
                // Another script of the folder.
                var called = Regex.Match(call.CommandElements[0].Extent.Text, @"^""\$PSScriptRoot/([\w-]+\.ps1)""$");
                Assert.True(called.Success && File.Exists(Path.Combine(Folder, called.Groups[1].Value)), call.Extent.Text);
                continue;
            }
            if (OfPester.Contains(name) && script is "PemCluster.Tests.ps1" or "Verify-Cluster.ps1") continue;
            var found = engine.Run("param($name) Get-Command $name -CommandType Cmdlet, Function", name);
            var command = (CommandInfo)Assert.Single(found).BaseObject;
            Assert.True(command.Source is "PemHa" or "Microsoft.PowerShell.Core", $"{command.Name} is of {command.Source}");
            foreach (var parameter in call.CommandElements.OfType<CommandParameterAst>())
                Assert.True(command.Parameters.ContainsKey(parameter.ParameterName),
                    $"{command.Name} has no parameter {parameter.ParameterName}");
        }
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void It_tells_what_it_is_for_with_an_example(string script)
    {
        var help = ((ScriptBlockAst)Parser.ParseFile(Path.Combine(Folder, script), out _, out _)).GetHelpContent();
        Assert.NotNull(help);
        Assert.True(help.Synopsis.Length > 20 && help.Description.Length > 20);
        Assert.NotEmpty(help.Examples);
        Assert.All(help.Examples, e => Assert.Contains(script, e, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Topologies))]
    public void A_topology_describes_a_cluster_with_one_primary_whose_agents_are_an_odd_number_or_the_pages_own(string topology)
    {
        var hosts = Import(Path.Combine(Folder, topology));
        Assert.Single(hosts, h => h.Role == PemRole.Primary);
        Assert.True(hosts.Count % 2 == 1 || topology == "C1.psd1");
        Assert.NotNull(hosts[0].Cluster.JournalPath);
    }

    [Theory]
    [MemberData(nameof(Runbooks))]
    public void A_preview_of_hosts_that_do_not_answer_ends_with_their_names_and_keeps_nothing(string script, string more)
    {
        // The example's cluster, on this machine's own network and at a port that nobody listens on.
        var text = File.ReadAllText(Path.Combine(Folder, "TwoNodes.psd1"));
        File.WriteAllText(_folder["two.psd1"], text.Replace("172.16.161.", "127.0.0.", StringComparison.Ordinal));
        File.WriteAllText(_folder["config"], "Host *\n  Port 1\n");
        // It changes nothing anyway.
        var preview = script == "Rehearse-Cluster.ps1" ? "" : "-WhatIf";
        var error = engine.Fails($$"""
            param($script, $folder)
            $login = @{ Credential = New-PemCredential root; SshConfigFile = "$folder/config"; KnownHostsFile = '/none'; TimeoutSec = 5 }
            $with = @{ Login = $login; StateFolder = "$folder/state" }
            & $script {{more}} {{preview}}
            """, Path.Combine(Folder, script), _folder.Path);
        Assert.StartsWith("Unreachable,PemHa.Commands.ConnectPemHostCommand", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["state"]));
        Assert.Equal(script == "Add-Node.ps1" ? ["config", "more.psd1", "two.psd1"] : ["config", "two.psd1"],
            Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
        if (script == "Add-Node.ps1")
            Assert.Equal(["node1", "node2", "witness1", "node4"], Import(_folder["more.psd1"]).Select(h => h.Name));
    }

    [Fact]
    [Spec("T9", "P28")]
    public void The_whole_procedure_is_there_with_TLS_before_EFM_and_before_hostssl()
    {
        var ast = Parser.ParseFile(Path.Combine(Folder, "Deploy-C1.ps1"), out _, out _);
        var pipeline = ast.FindAll(a => a is PipelineAst { PipelineElements.Count: > 5 }, true).Cast<PipelineAst>().Single();
        var steps = pipeline.PipelineElements.OfType<CommandAst>().Select(c => c.GetCommandName()).ToList();
        string[] order = ["Connect-PemHost", "Test-PemCertificate", "Install-PemEpas", "Enable-PemReplication", "Set-PemPassFile", "Initialize-PemReplica",
            "New-PemCertificate", "Set-PemSsl", "Set-PemHba",
            "New-PemEfmCluster", "New-PemAgentUser", "Install-PemServer", "Set-PemWebApplication"];
        Assert.Equal(order, steps.Where(order.Contains));
    }

    public void Dispose() => _folder.Dispose();

    List<PemHost> Import(string file) =>
        [.. engine.Run("param($file) Import-PemTopology $file", file).Select(h => (PemHost)h.BaseObject)];

    static TheoryData<string> Files(string pattern) => [.. Directory.GetFiles(Folder, pattern).Select(p => Path.GetFileName(p)!)];
}
