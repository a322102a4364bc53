using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// The scripts of docs/examples that look at a cluster, and the topology file of C1, on the undisturbed cluster. Those that deploy are the
/// other tests' own way of deploying (<see cref="ProcedureRunTests"/>, <see cref="ProcedureMatrixTests"/>).
/// </summary>
[Collection(ProcedureTests.Name)]
public sealed class ProcedureExampleTests(ProcedureCluster cluster)
{
    [Fact]
    public async Task A_rehearsal_finds_nothing_in_the_way_and_nothing_to_change_and_says_so_in_its_documents()
    {
        await cluster.DeployedAsync();
        var before = await cluster.SnapshotAsync();
        var secrets = Directory.GetFiles(cluster.StateFolder, "*.secret").Order().ToList();
        var run = await cluster.ExampleAsync("Rehearse-Cluster.ps1", "C1.psd1", "-Login $login -StateFolder $state -Path \"$state/change\"");
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Empty(run.Journal);
        Assert.DoesNotContain("Failed", run.Output, StringComparison.Ordinal);
        var request = await File.ReadAllTextAsync(Path.Combine(cluster.StateFolder, "change.md"), ProcedureLab.Cancellation);
        Assert.Contains("\n0 changes on 0 hosts, ", request, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(cluster.StateFolder, "change.sh")));
        Assert.Equal(secrets, Directory.GetFiles(cluster.StateFolder, "*.secret").Order());
        ProcedureLab.AssertSame(before, await cluster.SnapshotAsync());
    }

    [Fact]
    public async Task The_suite_for_users_CI_passes_in_a_real_pwsh_and_fails_when_the_cluster_is_not_as_described()
    {
        var pwsh = await PowerShellProgram.FindAsync();
        Assert.SkipWhen(pwsh is null, "There is no pwsh with Pester here: the suite for users' CI was parsed only.");
        await cluster.DeployedAsync();
        var lab = await cluster.LabAsync();
        var report = Path.Combine(cluster.StateFolder, "report.xml");
        async Task<CommandResult> VerifyAsync(string more) => await lab.EnterAsync([pwsh, "-NoProfile", "-Command", $$"""
            $ErrorActionPreference = 'Stop'
            Import-Module '{{ProcedureLab.Manifest}}'
            $login = @{ KeyFile = $env:PEMHA_LAB_KEY; KnownHostsFile = $env:PEMHA_LAB_KNOWN_HOSTS }
            $state = '{{cluster.StateFolder}}'
            $deployment = @{
                Replication = New-PemCredential repl -Path $state; Efm = New-PemCredential efm -Path $state
                SuperUser = New-PemCredential pemsuper -Path $state
                AuthorityPath = "$state/ca"; AuthorityPassword = (New-PemCredential authority -Path $state).Password
            }
            {{more}}
            & '{{ProcedureLab.Examples}}/Verify-Cluster.ps1' '{{await cluster.TopologyAsync("C1.psd1")}}' -Login $login `
                -Deployment $deployment -ReportPath '{{report}}'
            """], cancellation: ProcedureLab.Cancellation);
        var well = await VerifyAsync("");
        Assert.True(well.ExitCode == 0, well.Stdout + well.Stderr);
        var counts = Regex.Match(await File.ReadAllTextAsync(report, ProcedureLab.Cancellation),
            "<testsuites [^>]*tests=\"(\\d+)\" errors=\"0\" failures=\"0\"");
        Assert.True(counts.Success && int.Parse(counts.Groups[1].Value, CultureInfo.InvariantCulture) >= 39, well.Stdout);

        var other = await VerifyAsync("$deployment.Replication = New-PemCredential repl");
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("node1: ", other.Stdout, StringComparison.Ordinal);
    }
}
