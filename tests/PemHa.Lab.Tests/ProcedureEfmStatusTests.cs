using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>What EFM prints on a host, given to ConvertFrom-PemEfmStatus, against what Get-PemClusterStatus finds by asking.</summary>
[Collection(ProcedureTests.Name)]
public sealed class ProcedureEfmStatusTests(ProcedureCluster cluster)
{
    [Fact]
    [Spec("F1", "F2", "F3", "P21")]
    public async Task Text_JSON_and_the_questions_of_PemHa_tell_one_and_the_same()
    {
        await cluster.DeployedAsync();
        const string efm = "/usr/edb/efm-5.2/bin/efm";
        foreach (var (file, command) in new[] { ("status.txt", "cluster-status"), ("status.json", "cluster-status-json") })
        {
            var said = await cluster.RootAsync("witness1", $"echo '[root@witness1 ~]# {efm} {command} efm'; {efm} {command} efm || :");
            await File.WriteAllTextAsync(Path.Combine(cluster.StateFolder, file), said, ProcedureLab.Cancellation);
        }
        const string script = """
            $nodes = $hosts | Connect-PemHost @login
            function Told {
                "$($_.Cluster) $($_.Address) $($_.Role) $($_.Database) $($_.Efm) $($_.VirtualIp) $($_.Coordinator) $($_.Priority)"
            }
            Report { $nodes | Get-PemClusterStatus | ForEach-Object { "asked: $(Told)" } }
            Report { ConvertFrom-PemEfmStatus -Path "$state/status.txt" | ForEach-Object { "text: $(Told)" } }
            Report { ConvertFrom-PemEfmStatus -Path "$state/status.json" | ForEach-Object { "json: $(Told)" } }
            Report {
                $hosts | Get-PemClusterStatus | ForEach-Object Finding | ForEach-Object { "finding asked: $_" }
                "$state/status.txt", "$state/status.json" | ForEach-Object { ConvertFrom-PemEfmStatus -Path $_ } |
                    ForEach-Object Finding | Where-Object Message -notlike '*not in sync*' | ForEach-Object { "finding: $_" }
            }
            """;
        var report = await cluster.PowerShellAsync(script);
        Assert.True(report.Errors.Count == 0, report.ToString());
        Assert.DoesNotContain(report.Lines, l => l.StartsWith("finding", StringComparison.Ordinal));
        string[] asked = From("asked: "), text = From("text: "), json = From("json: ");
        Assert.Equal(4, asked.Length);
        Assert.StartsWith("efm 172.16.161.200 Primary UP Primary True ", asked[0], StringComparison.Ordinal);
        Assert.Matches("^efm 172.16.161.201 Standby UP Standby False (True|False) [12]$", asked[1]);
        Assert.Equal(asked, text);
        Assert.Equal(asked, json);

        string[] From(string what) =>
            [.. report.Lines.Where(l => l.StartsWith(what, StringComparison.Ordinal)).Select(l => l[what.Length..]).Order()];
    }

    [Fact]
    [Spec("P24")]
    public async Task A_certificate_that_ends_soon_is_found_with_its_day()
    {
        await cluster.DeployedAsync();
        const string File = "/etc/pki/pemha/soon.crt";
        var day = await cluster.RootAsync("node2", $"""
            openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=soon -days 5 -keyout /dev/null -out {File} 2>/dev/null
            date -u -d "$(openssl x509 -in {File} -noout -enddate | sed 's/.*=//')" +%F
            """);
        try
        {
            var report = await cluster.PowerShellAsync("""
                Report { $hosts | Connect-PemHost @login | Get-PemClusterStatus | ForEach-Object Finding | ForEach-Object { "$($_.HostName) $_" } }
                """);
            Assert.Equal([$"node2 Warning: its certificate {File} ends on {day}"], report.Lines);
        }
        finally
        {
            await cluster.RootAsync("node2", $"rm {File}");
        }
    }
}
