using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The runbook itself: a preview that changes nothing, a run, and a second run that finds nothing to do.</summary>
[Collection(ProcedureTests.Name)]
public sealed class ProcedureRunTests(ProcedureCluster cluster)
{
    static readonly string[] Steps =
    [
        "Install-PemEpas", "Enable-PemReplication", "Set-PemPassFile", "Initialize-PemReplica", "New-PemCertificate", "Set-PemSsl",
        "Set-PemHba", "Invoke-PemRollingRestart", "New-PemEfmCluster", "Install-PemServer", "Set-PemWebApplication",
        "Enable-PemUserSettings",
    ];

    [Fact]
    [Spec("P1", "P2", "P3", "P4", "P5", "P7", "P8", "P9", "P11", "P12", "P13", "P14", "P16", "P17", "P19", "P20", "P24", "P25", "P26",
        "P32", "P33", "P34", "P37")]
    public async Task A_preview_lists_the_changes_of_every_step_and_makes_none()
    {
        var record = await cluster.DeployedAsync();
        Assert.True(record.Preview.ExitCode == 0, record.Preview.Output);
        string[] expected =
        [
            "node1: disable dnf module postgresql", "witness1: enable repositories CRB and EPEL",
            "node3: install package edb-as17-server, edb-efm52", "witness1: install package edb-efm52",
            "node2: open firewall ports 5444, 7800/tcp", "node1: initialise database", "node1: create role repl",
            "wal_keep_size = 500", "replication repl 172.16.161.202/32 scram-sha-256", "node2: create file /var/lib/edb/.pgpass",
            "node3: create standby in /var/lib/edb/as17/data", "pg_basebackup -h 172.16.161.200",
            "node1: create certificate /var/lib/edb/as17/data/server.crt",
            "node2: create certificate /etc/pki/pemha/agent2.crt", "ssl = on", "pem +pem_agent 127.0.0.1/32 cert", "node1: create role efm",
            "edb efm 172.16.161.203/32 scram-sha-256", "witness1: create file /etc/edb/efm-5.2/efm.properties", "virtual.ip=172.16.161.245",
            "witness1: create file /etc/edb/efm-5.2/efm.nodes", "allow-node", "node2: install package edb-pem",
            "node1: create role pemsuper", "configure-pem-server.sh -t 1 -ho 172.16.161.245", "--replication-role standby", "agent_id=3",
            "node3: open firewall ports 8443/tcp",
        ];
        Assert.Equal([], expected.Where(text => !record.Preview.Output.Contains(text, StringComparison.Ordinal)));
        // Whatever the run then did was in the preview: the host and the thing; a service may have been started by another change meanwhile.
        var done = record.First.Changed.Select(c => c.Split(' ', 3)).Select(w => (Host: w[0], What: w[2])).ToList();
        Assert.NotEmpty(done);
        Assert.Equal([], done.Where(d => !Previewed(record).Any(l => l.Contains(d.Host, StringComparison.Ordinal) && l.Contains(d.What, StringComparison.Ordinal))));
        Assert.Empty(record.Preview.Journal);
        ProcedureLab.AssertSame(record.Untouched, record.Previewed);
    }

    static string[] Previewed(ProcedureRecord record) =>
        [.. record.Preview.Output.Split('\n').Where(l => l.Contains("What if:", StringComparison.Ordinal))];

    [Fact]
    [Spec("T2", "P10", "P15", "P21", "P38", "T20")]
    public async Task A_run_ends_with_every_step_done_and_no_finding()
    {
        var run = (await cluster.DeployedAsync()).First;
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(Steps, run.Steps.Select(s => s.Step));
        Assert.Equal(["Invoke-PemRollingRestart"], run.Steps.Where(s => s.Changes == 0).Select(s => s.Step));
        // The page's own example: warned about, and obeyed (T20).
        Assert.Contains("WARNING: node1: 4 EFM agents are an even number", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"node1 +Primary +UP +\* +Primary .* none\s+172\.16\.161\.200", run.Output);
        Assert.Matches(@"node2 +Standby +UP +Standby .* none\s+172\.16\.161\.201", run.Output);
        Assert.Matches(@"node3 +Standby +UP +Standby .* none\s+172\.16\.161\.202", run.Output);
        Assert.Matches(@"witness1 +Witness +N/A +Witness .* none\s+172\.16\.161\.203", run.Output);
    }

    [Fact]
    public async Task A_second_run_changes_nothing_on_any_host()
    {
        var record = await cluster.DeployedAsync();
        Assert.True(record.Second.ExitCode == 0, record.Second.Output);
        Assert.Equal(Steps.Select(s => (s, 0)), record.Second.Steps);
        Assert.Empty(record.Second.Changed);
        ProcedureLab.AssertSame(record.Deployed, record.Redeployed);
        TestContext.Current.SendDiagnosticMessage(
            $"run 1: {record.First.Elapsed.TotalSeconds:0.0} s, run 2: {record.Second.Elapsed.TotalSeconds:0.0} s");
    }
}
