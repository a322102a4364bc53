using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>A cluster whose deployment was killed again and again.</summary>
public sealed class InterruptedCluster : ProcedureLab
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    Task<IReadOnlyList<string>>? _interruptions;

    /// <summary>Deploys, killing the runbook with signal 9 at each moment in turn, until a run has come to its end.</summary>
    internal async Task<IReadOnlyList<string>> DeployedAsync()
    {
        await LabAsync();
        return await (_interruptions ??= DeployInterruptedAsync());
    }

    async Task<IReadOnlyList<string>> DeployInterruptedAsync()
    {
        var met = new List<string>();
        // Each moment comes later than the one before. "Lost" also kills the command on the host, as its own crash would.
        await InterruptAsync("dnf installs on node2", () => Runs("node2", "-qy install edb-as17"));
        await InterruptAsync("initdb makes the first database", () => Runs("node1", "initdb"));
        await InterruptAsync("a base backup runs, and is lost", () => Runs("node2", "pg_basebackup"), lost: ("node2", "pg_basebackup"));
        await InterruptAsync("certificates are made, TLS is not on", () => Ended("New-PemCertificate"));
        await InterruptAsync("the HBA rules of one node are in place", () => Changed("Set-PemHba"));
        await InterruptAsync("the first EFM agent starts", () => Runs("node1", "__agent efm"));
        await InterruptAsync("PEM is configured on the primary", () => Runs("node1", "configure-pem-server.sh"));
        await InterruptAsync("the last agent registers, and is lost", () => Runs("node3", "pemworker --register"), lost: ("node3", "pem"));
        return met;

        async Task InterruptAsync(string moment, Func<bool> reached, (string Host, string Text)? lost = null)
        {
            var watch = Stopwatch.StartNew();
            _from = Journal().Count;
            await using var run = await StartDeployAsync();
            while (!reached())
            {
                if (run.Result.IsCompleted)
                    Assert.Fail($"The run ended before {moment}.\n{(await run.Result).Stdout}{(await run.Result).Stderr}");
                await Task.Delay(Pause, Cancellation);
            }
            run.Kill();
            if (lost is var (host, text))
                KillOn(host, text);
            Assert.Equal(128 + 9, (await run.Result).ExitCode);
            met.Add(moment);
            TestContext.Current.SendDiagnosticMessage($"killed after {watch.Elapsed.TotalSeconds:0.0} s: {moment}");
        }
    }

    int _from;

    bool Runs(string host, string text) => CommandLines(host).Any(l => l.Contains(text, StringComparison.Ordinal));

    bool Ended(string step) => Journal().Skip(_from).Any(l => (string?)l["Kind"] == "step" && (string?)l["Step"] == step);

    bool Changed(string step) => Journal().Skip(_from).Any(l => (string?)l["Kind"] == "change" && (string?)l["Step"] == step);
}

/// <summary>The runbook killed at many moments reaches the state of an undisturbed one, and that cluster survives its primary.</summary>
[Collection(ProcedureTests.Name)]
public sealed class ProcedureInterruptionTests(ProcedureCluster undisturbed, InterruptedCluster cluster)
{
    [Fact]
    [Spec("F8", "P4", "P12", "P18", "P20", "P33", "P34", "T4", "T16")]
    public async Task A_runbook_killed_at_any_moment_and_run_again_reaches_the_same_state_and_the_primary_can_then_be_lost()
    {
        Assert.Equal(8, (await cluster.DeployedAsync()).Count);
        var last = await cluster.DeployAsync();
        Assert.True(last.ExitCode == 0, last.Output);
        Assert.Equal(4, Regex.Count(last.Output, @"(node\d|witness1) +172\.16\.161\.20\d .* none\s*\n"));
        var again = await cluster.DeployAsync();
        Assert.True(again.ExitCode == 0, again.Output);
        Assert.Equal([], again.Changed);
        await undisturbed.DeployedAsync();
        ProcedureLab.AssertSame(await ProcedurePortrait.OfAsync(undisturbed), await ProcedurePortrait.OfAsync(cluster));

        await LosePrimaryAsync();
    }

    /// <summary>The page's promise: a standby takes over with the virtual IP, and no acknowledged and replicated row is lost.</summary>
    async Task LosePrimaryAsync()
    {
        var lab = await cluster.LabAsync();
        await cluster.SqlAsync("node1", "CREATE TABLE written (n bigint PRIMARY KEY)");
        var acknowledged = new List<(DateTime Time, long N)>();
        // From a data node, as the HBA rules let pemsuper in from there; through the virtual IP, over verified TLS.
        var writer = Command.Start(
            lab.SshCommand("node3", "--", """
                read -r PGPASSWORD; export PGPASSWORD PGCONNECT_TIMEOUT=2 PGSSLMODE=verify-full PGSSLROOTCERT=/etc/pki/pemha/root.crt
                write() { timeout 5 /usr/edb/as17/bin/psql -XqAt -h 172.16.161.245 -p 5444 -U pemsuper -d postgres -c "$1" 2>/dev/null; }
                n=0; until [ -e /run/enough ]; do
                    n=$((n + 1)); write "INSERT INTO written VALUES ($n) RETURNING n"
                done
                """),
            stdin: cluster.Secrets()["pemsuper"] + "\n",
            onLine: line =>
            {
                lock (acknowledged)
                    acknowledged.Add((DateTime.UtcNow, long.Parse(line, CultureInfo.InvariantCulture)));
            });
        await using var _ = writer;
        long Last() { lock (acknowledged) return acknowledged.Count == 0 ? 0 : acknowledged[^1].N; }
        await ProcedureLab.UntilAsync("a row through the virtual IP", () => Task.FromResult(Last()), n => n >= 5);
        var safe = Last();
        foreach (var standby in new[] { "node2", "node3" })
        {
            await ProcedureLab.UntilAsync(
                $"row {safe} on {standby}", () => cluster.SqlAsync(standby, $"SELECT n FROM written WHERE n = {safe}"), n => n.Length > 0);
        }

        await lab.PowerCutAsync("node1", ProcedureLab.Cancellation);
        long before = Last();
        try
        {
            await ProcedureLab.UntilAsync("a row after the power cut", () => Task.FromResult(Last()), n => n > before + 3);
        }
        catch
        {
            foreach (var host in new[] { "node2", "node3", "witness1" })
            {
                TestContext.Current.SendDiagnosticMessage($"{host}:\n" + await cluster.RootAsync(host, """
                    /usr/edb/efm-5.2/bin/efm cluster-status efm || :
                    tail -n 40 /var/log/efm-5.2/efm.log; ip -br addr; tail -n 15 /var/lib/edb/as17/data/log/* || :
                    """));
            }
            throw;
        }
        await cluster.RootAsync("node3", "touch /run/enough");
        await writer.Result;

        const string holds = $"ip -o addr | grep -cF ' {ProcedureLab.VirtualIp}/' || :";
        var recovering = await Task.WhenAll(new[] { "node2", "node3" }.Select(async h =>
            (Host: h, Is: await cluster.SqlAsync(h, "SELECT pg_is_in_recovery()"))));
        var now = Assert.Single(recovering, h => h.Is == "f").Host;
        Assert.Equal("1", await cluster.RootAsync(now, holds));
        var other = now == "node2" ? "node3" : "node2";
        string[] kept = (await cluster.SqlAsync(now, "SELECT n FROM written ORDER BY n")).Split('\n');
        Assert.Equal([], acknowledged.Where(a => a.N <= safe).Select(a => $"{a.N}").Except(kept));
        var lost = acknowledged.Select(a => $"{a.N}").Except(kept).Count();
        var outage = acknowledged.Zip(acknowledged.Skip(1)).Max(p => p.Second.Time - p.First.Time);
        TestContext.Current.SendDiagnosticMessage(
            $"writes were out for {outage.TotalSeconds:0.0} s, {lost} of {acknowledged.Count} acknowledged rows lost; {now} took over");

        // The other standby follows the new primary, and the agents of both beat on.
        const string streaming = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        await ProcedureLab.UntilAsync($"{other} streams from {now}", () => cluster.SqlAsync(now, streaming), n => n == "1");
        var seconds = new DateTimeOffset(acknowledged[^1].Time).ToUnixTimeSeconds();
        var beats = $"SELECT count(*) FROM pem.agent_heartbeat WHERE agent_id IN (2, 3) AND last_heartbeat > to_timestamp({seconds})";
        await ProcedureLab.UntilAsync("heartbeats of the survivors", () => cluster.SqlAsync(now, beats, "pem"), n => n == "2");

        var report = await cluster.PowerShellAsync("""
            $up = $hosts | Connect-PemHost @login -ErrorAction SilentlyContinue -ErrorVariable trouble
            foreach ($e in $trouble) { Line $e }
            foreach ($s in $up | Get-PemClusterStatus) { "$($s.Name) $($s.Role) $($s.Database) $($s.VirtualIp) $($s.Finding.Count -gt 0)" }
            """);
        Assert.Equal([("Unreachable", "node1")], report.Errors.Select(e => (e.Id, e.Host)));
        string[] expected =
        [
            "node1 Unreachable UNKNOWN False True", $"{now} Primary UP True False", $"{other} Standby UP False False",
            "witness1 Witness N/A False False",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), report.Lines.Order(StringComparer.Ordinal));

        // The runbook, run again without node1, says so and harms nothing.
        var rows = await cluster.SqlAsync(now, "SELECT count(*) FROM written");
        var run = await cluster.DeployAsync();
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("node1", run.Output, StringComparison.Ordinal);
        Assert.Contains("cannot be reached", run.Output, StringComparison.Ordinal);
        Assert.Equal([], run.Changed);
        Assert.Equal(rows, await cluster.SqlAsync(now, "SELECT count(*) FROM written"));
        Assert.Equal("1", await cluster.RootAsync(now, holds));
        Assert.Equal("1", await cluster.SqlAsync(now, streaming));
    }
}
