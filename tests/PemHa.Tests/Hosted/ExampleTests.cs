using System.Management.Automation;
using System.Management.Automation.Language;

namespace PemHa.Tests.Hosted;

/// <summary>The runbooks in docs/examples.</summary>
public sealed class ExampleTests(HostedEngine engine) : IClassFixture<HostedEngine>
{
    public static TheoryData<string> Scripts =>
        [.. Directory.GetFiles(Path.Combine(ModuleAssemblies.Root, "docs", "examples"), "*.ps1").Select(p => Path.GetFileName(p)!)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void It_parses_and_calls_only_what_the_core_engine_and_PemHa_have(string script)
    {
        var ast = Parser.ParseFile(Path.Combine(ModuleAssemblies.Root, "docs", "examples", script), out _, out var errors);
        Assert.Empty(errors);
        var calls = ast.FindAll(a => a is CommandAst, true).Cast<CommandAst>().ToList();
        Assert.NotEmpty(calls);
        foreach (var call in calls)
        {
            var command = (CommandInfo)Assert.Single(engine.Run("param($name) Get-Command $name -CommandType Cmdlet, Function",
                call.GetCommandName())).BaseObject;
            Assert.True(command.Source is "PemHa" or "Microsoft.PowerShell.Core", $"{command.Name} is of {command.Source}");
            foreach (var parameter in call.CommandElements.OfType<CommandParameterAst>())
                Assert.True(command.Parameters.ContainsKey(parameter.ParameterName),
                    $"{command.Name} has no parameter {parameter.ParameterName}");
        }
    }

    [Fact]
    [Spec("T9", "P28")]
    public void The_whole_procedure_is_there_with_TLS_before_EFM_and_before_hostssl()
    {
        var ast = Parser.ParseFile(Path.Combine(ModuleAssemblies.Root, "docs", "examples", "Deploy-C1.ps1"), out _, out _);
        var pipeline = ast.FindAll(a => a is PipelineAst { PipelineElements.Count: > 5 }, true).Cast<PipelineAst>().Single();
        var steps = pipeline.PipelineElements.OfType<CommandAst>().Select(c => c.GetCommandName()).ToList();
        string[] order = ["Connect-PemHost", "Test-PemCertificate", "Install-PemEpas", "Enable-PemReplication", "Set-PemPassFile", "Initialize-PemReplica",
            "New-PemCertificate", "Set-PemSsl", "Set-PemHba",
            "New-PemEfmCluster", "New-PemAgentUser", "Install-PemServer", "Set-PemWebApplication"];
        Assert.Equal(order, steps.Where(order.Contains));
    }
}
