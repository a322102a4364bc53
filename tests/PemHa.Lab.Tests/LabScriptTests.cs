using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>PowerShell scripts in the hosted engine: arguments, streams, exit codes, and their place in the lab's network.</summary>
[Collection(SmallLabTests.Name)]
public sealed class LabScriptTests(SmallLab fixture) : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("pemha-script-").FullName;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_script_gets_named_parameters_and_streams_its_objects()
    {
        var result = await Run(
            """
            param([string]$Name, [int]$Count, [switch]$Loud, [switch]$Quiet)
            "$Name/$Count/$Loud/$Quiet"
            [pscustomobject]@{ Node = 'node1'; Lag = 0 }
            """,
            "-Name", "it's -x $HOME", "-Count", "3", "-Loud", "-Quiet:$false");
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("it's -x $HOME/3/True/False\n", result.Stdout, StringComparison.Ordinal);
        Assert.Matches(@"Node +Lag\n-+ +-+\nnode1 +0\n", result.Stdout);
        Assert.DoesNotContain('\x1b', result.Stdout);
    }

    [Fact]
    public async Task A_script_runs_where_the_hosts_are()
    {
        var lab = await fixture.LabAsync();
        var result = await Run("$c = [System.Net.Sockets.TcpClient]::new('172.16.161.200', 22); $c.Connected; $env:PEMHA_LAB_KEY");
        Assert.Equal(["True", lab.KeyPath], result.Check("the script").Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("throw 'boom'", 1)]
    [InlineData("Import-Module /no/such/module; 'went on'", 1)]
    [InlineData("Import-Module /no/such/module -ErrorAction SilentlyContinue; try { throw 'x' } catch { 'caught' }", 0)]
    [InlineData("if (", 1)]
    public async Task The_exit_code_says_how_a_script_ended(string script, int exitCode)
    {
        var result = await Run(script);
        Assert.Equal(exitCode, result.ExitCode);
        if (exitCode == 1)
            Assert.Contains("script.ps1", result.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_without_a_console_is_an_error_and_not_a_hang()
    {
        var result = await Run("$Host.UI.PromptForCredential('', '', 'user', '')");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no console", result.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_script_can_be_killed()
    {
        var lab = await fixture.LabAsync();
        var started = new TaskCompletionSource();
        await using var script = lab.StartScript(Write("'started'; while ($true) { [System.Threading.Thread]::Sleep(50) }"), [], line =>
        {
            if (line == "started")
                started.TrySetResult();
        });
        await started.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        script.Kill();
        Assert.Equal(128 + 9, (await script.Result).ExitCode);
    }

    async Task<CommandResult> Run(string script, params string[] args) =>
        await (await fixture.LabAsync()).RunScriptAsync(Write(script), args, Cancellation);

    string Write(string script)
    {
        var file = Path.Combine(_folder, "script.ps1");
        File.WriteAllText(file, script);
        return file;
    }
}
