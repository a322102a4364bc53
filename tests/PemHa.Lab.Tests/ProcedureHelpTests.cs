using PemHa.Tests.Hosted;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The examples of the help pages, on a cluster that was deployed.</summary>
[Collection(ProcedureTests.Name)]
public sealed class ProcedureHelpTests(ProcedureCluster cluster)
{
    /// <summary>Binds what examples leave to ssh_config, and keeps what they name where it is.</summary>
    const string Login = """
        $PSDefaultParameterValues = @{
            'Connect-PemHost:KeyFile' = $env:PEMHA_LAB_KEY; 'Connect-PemHost:KnownHostsFile' = $env:PEMHA_LAB_KNOWN_HOSTS
            'Connect-PemHost:SshConfigFile' = 'none'
        }
        $hosts = @($hosts | Connect-PemHost)

        """;

    [Fact]
    public async Task With_WhatIf_they_run_without_an_error_and_change_nothing()
    {
        await cluster.DeployedAsync();
        var folder = Directory.CreateDirectory(Path.Combine(cluster.StateFolder, "..", "examples")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, ".pemha"));
        Directory.CreateSymbolicLink(Path.Combine(folder, ".pemha", "efm"), cluster.StateFolder);
        File.Copy(Path.Combine(ProcedureLab.Checkout, "docs", "examples", "C1.psd1"), Path.Combine(folder, "C1.psd1"));

        var before = await cluster.SnapshotAsync();
        // The short form takes the first of each page.
        var examples = HelpPage.In(ProcedureLab.Checkout)
            .SelectMany(p => p.Examples.Where(OnThisCluster).Take(LongForm.Asked ? int.MaxValue : 1)).ToList();
        var report = await cluster.PowerShellAsync($"$folder = '{folder}'\n{Login}{HelpSession.Begin}$WhatIfPreference = $true\n"
            + string.Concat(examples.Select(e => $"\"EXAMPLE`t{e.Page}\"\nReport {{\n{e.Code}\n}}\n")));
        var run = report.Lines.Where(l => l.StartsWith("EXAMPLE\t", StringComparison.Ordinal)).Select(l => l.Split('\t')[1]);
        Assert.Equal(examples.Select(e => e.Page), run);
        // The virtual IP is EFM's, as the page says.
        Assert.All(report.Errors, e => Assert.Equal("AgentsRunning", e.Id));
        ProcedureLab.AssertSame(before, await cluster.SnapshotAsync());
    }

    /// <summary>Whether it is of the cluster's SSL model, and of hosts that are connected and stay so.</summary>
    static bool OnThisCluster(HelpExample example) => example.Page is not ("Connect-PemHost" or "Disconnect-PemHost")
        && example.Code.Contains("$nodes", StringComparison.Ordinal)
        && !example.Code.Contains("-CertificatePath", StringComparison.Ordinal)
        && !example.Prose.Contains("-SslModel", StringComparison.Ordinal);
}
