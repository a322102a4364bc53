using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The deployed cluster, from kept disks.</summary>
public sealed class DeployedCluster(Stations stations) : StationLab(stations, Stations.Deployed);

/// <summary>A cluster that begins from kept disks is the cluster whose disks they were.</summary>
public sealed class StationTests(DeployedCluster cluster) : IClassFixture<DeployedCluster>
{
    [Fact]
    public async Task A_cluster_that_begins_from_kept_disks_is_whole_and_wants_no_change()
    {
        await cluster.LabAsync();
        var report = await cluster.PowerShellAsync($$"""
            {{ProcedureLab.WholeOrder}}
            $nodes = $hosts | Connect-PemHost @login
            foreach ($s in $nodes | Get-PemClusterStatus) { "$($s.Name) $($s.Role) $($s.Database) $($s.VirtualIp)" }
            Report { $null = $nodes | Install-PemCluster @order }
            foreach ($step in $cluster.Steps) { "$($step.Step) $($step.ChangeCount)" }
            """);
        Assert.True(report.Errors.Count == 0, report.ToString());
        Assert.Equal(
            ["node1 Primary UP True", "node2 Standby UP False", "node3 Standby UP False", "witness1 Witness N/A False"], report.Lines.Take(4));
        var steps = report.Lines.Skip(4).ToArray();
        Assert.Equal("Set-PemWebApplication 0", steps[^1]);
        Assert.All(steps, step => Assert.EndsWith(" 0", step, StringComparison.Ordinal));
    }
}
