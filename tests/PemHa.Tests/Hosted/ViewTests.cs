namespace PemHa.Tests.Hosted;

/// <summary>What people see.</summary>
public class ViewTests
{
    [Fact]
    [Spec("P21")]
    public void The_status_shows_node_role_database_virtual_IP_positions_lag_and_findings()
    {
        PemNodeStatus[] nodes =
        [
            new() { Name = "node1", Address = "172.16.161.200", Cluster = "efm", Role = "Primary", Database = "UP", Efm = "Primary",
                VirtualIp = true, Lsn = "0/F7A3808" },
            new()
            {
                Name = "node2", Address = "172.16.161.201", Cluster = "efm", Role = "Standby", Database = "UP", Efm = "Standby", Lsn =
                    "0/F7A3700", ReplayLsn = "0/F7A36FF", LagBytes = 4711,
                Finding = [new("node2", "Warning", "replay lags", "look"), new("node2", "Critical", "it does not stream", "mend")],
            },
        ];
        using var engine = new HostedEngine();
        engine.Run("param($nodes) $nodes | Out-Default", (object)nodes);
        var lines = engine.Shown.Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0).ToList();
        Assert.Equal("Cluster: efm", lines[0].Trim());
        Assert.Equal(["Node", "Address", "Role", "DB", "VIP", "EFM", "LSN", "Replay", "Lag", "Findings"], Words(lines[1]));
        Assert.Equal(["node1", "172.16.161.200", "Primary", "UP", "*", "Primary", "0/F7A3808", "none"], Words(lines[3]));
        Assert.Equal(["node2", "172.16.161.201", "Standby", "UP", "Standby", "0/F7A3700", "0/F7A36FF", "4711"], Words(lines[4])[..8]);
        var findings = string.Join(' ', lines[4..].SelectMany(Words));
        Assert.Contains("Warning: replay lags; Critical: it does not stream", findings, StringComparison.Ordinal);
    }

    [Fact]
    public void Hosts_steps_and_clusters_have_views_too()
    {
        using var engine = new HostedEngine();
        var c1 = new Example();
        foreach (var host in c1.Cluster.Hosts) host.Session = null;
        c1.Primary.Add(new PemChange("node1", "Set-PemSsl", "x", "edit", ""));
        engine.Run("param($host1, $step, $cluster) $host1 | Out-Default; $step | Out-Default; $cluster | Out-Default", c1.Primary,
            new PemStepResult("Set-PemSsl", 4, 12, 1.5), c1.Cluster);
        var shown = engine.Shown.Split('\n').Select(Words).ToList();
        Assert.Contains(shown, w => w.SequenceEqual(["node1", "172.16.161.200", "Primary", "efm", "False", "1"]));
        Assert.Contains(shown, w => w.SequenceEqual(["Set-PemSsl", "4", "12", "1.50"]));
        Assert.Contains(shown, w => w.SequenceEqual(["VirtualIp", ":", "172.16.161.245"]));
    }

    [Fact]
    [Spec("T1", "T11")]
    public void Checks_are_grouped_by_what_they_found_and_tell_what_to_do()
    {
        PemCheck Check(string host, string check, PemCheckState state, string why, string remedy = "") =>
            new() { HostName = host, Check = check, Cluster = "efm", State = state, Why = why, Remedy = remedy };
        using var engine = new HostedEngine { Width = 80 };
        const string Why = "node1, witness1 are not answered at 172.16.161.201 port 7800.";
        engine.Run("param($checks, $test) $checks | Out-Default; $test | Out-Default", new[]
        {
            Check("node1", "ports between nodes", PemCheckState.Passed, "Every other node reaches it."),
            Check("witness1", "clock", PemCheckState.Passed, "It goes with the other clocks, to 2 s."),
            Check("node2", "ports between nodes", PemCheckState.Failed, Why, "Let these ports through."),
        }, new PemVirtualIpTest { HostName = "node1", Interface = "eth0", Address = "172.16.161.245/24", State = PemCheckState.Passed, Why = "node2 got an answer." });
        var lines = engine.Shown.Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0).ToList();
        Assert.Equal(["State: Passed", "State: Failed", "Address: 172.16.161.245/24"], lines.Select(l => l.Trim()).Where(l => l.Contains(": ", StringComparison.Ordinal)));
        Assert.All(lines, l => Assert.True(l.Length <= 80, l));
        Assert.Equal(["node1", "ports", "between", "nodes", "Every", "other", "node", "reaches", "it."], Words(lines[3]));
        // The check that takes the most room is not cut, and what to do begins a line of its own. Words are kept whole in some cultures only.
        Assert.StartsWith("node2      ports between nodes node1, witness1 are not answered", lines[8], StringComparison.Ordinal);
        Assert.Equal("node2portsbetweennodes" + Why.Replace(" ", "", StringComparison.Ordinal), string.Concat(lines[8..10].SelectMany(Words)));
        Assert.Equal("-> Let these ports through.", lines[10].Trim());
        Assert.Contains(lines, l => Words(l).SequenceEqual(["node1", "eth0", "Passed", "node2", "got", "an", "answer."]));
    }

    static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
