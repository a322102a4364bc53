using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>A cluster whose deployment was interrupted again and again.</summary>
public sealed class InterruptedCluster : ProcedureLab
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5), SamplePause = TimeSpan.FromMilliseconds(50);

    /// <summary>Long commands whose connection is lost: the host, a part of the command line, the change that they are.</summary>
    static readonly (string Host, string Text, string Change)[] Long =
    [
        ("node2", "-qy install edb-as17", "Install-PemEpas: install package edb-as17-server, edb-efm52"),
        ("node2", "pg_basebackup", "Initialize-PemReplica: create standby in /var/lib/edb/as17/data"),
        ("node1", "configure-pem-server.sh -t", "Install-PemServer: configure PEM server with agent1"),
    ];

    readonly Dictionary<string, HashSet<string>> _sessions = Long.ToDictionary(l => l.Text, _ => new HashSet<string>());
    (int[] Processes, string Change)? _held;
    Task<IReadOnlyList<string>>? _interruptions;

    /// <summary>Deploys, interrupting the runbook at each moment in turn, until a run has come to its end.</summary>
    internal async Task<IReadOnlyList<string>> DeployedAsync()
    {
        await LabAsync();
        return await (_interruptions ??= DeployInterruptedAsync());
    }

    /// <summary>In how many sessions each long command ran, so far: one for each script that began it.</summary>
    internal IEnumerable<(string Text, int Sessions)> Began => _sessions.Select(s => (s.Key, s.Value.Count));

    async Task<IReadOnlyList<string>> DeployInterruptedAsync()
    {
        var met = new List<string>();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var sampling = SampleAsync(over.Token);
        // Each moment comes later than the one before.
        await InterruptAsync("dnf installs on node2, whose connection is lost as well", CutOff(Long[0]));
        await InterruptAsync("initdb makes the first database", At(() => Runs("node1", "initdb")), at: "node1");
        await InterruptAsync("a base backup loses its connection, and another one its process", async () =>
        {
            // Either may begin first, and be over before the other is met.
            var third = StopThirdAsync();
            await CutOff(Long[1], () => third)();
            var stopped = await third;
            // The runbook ends at the first error, and that is to be the lost connection.
            await ReachAsync(() => Failed("node2"));
            Signals.Send(stopped, Signals.Kill);
        }, said: "The connection to node2 ");
        await InterruptAsync("certificates are made, TLS is not on", At(() => Ended("New-PemCertificate")));
        await InterruptAsync("the HBA rules of one node are in place", At(() => Changed("Set-PemHba")));
        await InterruptAsync("the first EFM agent starts", At(() => Runs("node1", "__agent efm")), at: "node1");
        await InterruptAsync("PEM is configured on the primary, whose connection is lost", CutOff(Long[2], BreakWorkerAsync), said: "The connection to node1 ");
        await InterruptAsync("configure-pem-server.sh gives up half-way on node2", () => Task.CompletedTask, said: "configure-pem-server.sh gave up");
        await PoisonAsync();
        int[] lost = [];
        await InterruptAsync("the last agent registers, and is lost", async () =>
        {
            await ReachAsync(() => Runs("node3", "pemworker --register"));
            // So that the run, which is killed now, does not hear of its end.
            lost = SignalOn("node3", "pem", Signals.Stop);
        }, at: "node3");
        Signals.Send(lost, Signals.Kill);
        SignalOn("node3", "pem", Signals.Kill);
        await over.CancelAsync();
        await sampling;
        return met;

        // With words to say the run ends by itself, and says them; otherwise it is killed with signal 9.
        async Task InterruptAsync(string moment, Func<Task> happens, string? said = null, string? at = null)
        {
            var watch = Stopwatch.StartNew();
            _from = Journal().Count;
            var follows = _held is null;
            await using var run = _run = await StartDeployAsync(line =>
            {
                if (_held is var (_, change) && line.Contains(change, StringComparison.Ordinal) && line.Contains("following it until it is done", StringComparison.Ordinal))
                    follows = true;
            });
            if (_held is var (processes, _))
            {
                await ReachAsync(() => Volatile.Read(ref follows));
                _held = null;
                Signals.Send(processes, Signals.Continue);
            }
            await happens();
            if (said is null)
                run.Kill();
            var result = await run.Result;
            if (said is null)
                Assert.Equal(128 + 9, result.ExitCode);
            else
                Assert.True(result.ExitCode != 0 && (result.Stdout + result.Stderr).Contains(said, StringComparison.Ordinal), result.Stdout + result.Stderr);
            met.Add(moment);
            // The journal of a killed run names what it was at, and each of its lines can be read.
            var lines = Journal().Skip(_from).ToList();
            IEnumerable<string> Of(string kind) => lines.Where(l => (string?)l["Kind"] == kind).Select(l => $"{l["Host"]}: {l["Resource"]}");
            if (at is not null)
                Assert.Contains(Of("begin").Except(Of("change")), open => open.StartsWith(at + ": ", StringComparison.Ordinal));
            TestContext.Current.SendDiagnosticMessage($"interrupted after {watch.Elapsed.TotalSeconds:0.0} s: {moment}");
        }

        async Task ReachAsync(Func<bool> reached)
        {
            while (!reached())
            {
                if (_run!.Result.IsCompleted)
                    Assert.Fail($"The run ended too early, after {string.Join("; ", met)}.\n{(await _run.Result).Stdout}{(await _run.Result).Stderr}");
                await Task.Delay(Pause, Cancellation);
            }
        }

        async Task<int[]> StopThirdAsync()
        {
            await ReachAsync(() => Runs("node3", "pg_basebackup"));
            return SignalOn("node3", "pg_basebackup", Signals.Stop);
        }

        Func<Task> At(Func<bool> reached) => () => ReachAsync(reached);

        // The command stands still until the next run says that it follows it.
        Func<Task> CutOff((string Host, string Text, string Change) command, Func<Task>? more = null) => async () =>
        {
            await ReachAsync(() => Runs(command.Host, command.Text));
            var stopped = SignalOn(command.Host, command.Text, Signals.Stop);
            if (more is not null)
                await more();
            _held = (stopped, command.Change);
            CutConnections(command.Host);
        };
    }

    /// <summary>The agent of node2 cannot be registered any more.</summary>
    Task BreakWorkerAsync() => RootAsync("node2", """
        cd /usr/edb/pem/agent/bin; mv pemworker pemworker.real; printf '#!/bin/sh\necho no; exit 1\n' > pemworker; chmod 755 pemworker
        """);

    /// <summary>F8: the failed run has left its answers; here those of somebody with other wishes, whom the next run would obey.</summary>
    Task PoisonAsync() => RootAsync("node2", """
        mv /usr/edb/pem/agent/bin/pemworker.real /usr/edb/pem/agent/bin/pemworker
        grep -qx CIDR_ADDR=0.0.0.0/0 /usr/edb/pem/share/.install-config
        sed -i -e 's/^HOST=.*/HOST=172.16.161.99/' -e 's/^CIDR_ADDR=.*/CIDR_ADDR=10.9.9.0\/24/' /usr/edb/pem/share/.install-config
        """);

    async Task SampleAsync(CancellationToken over)
    {
        for (; !over.IsCancellationRequested; await Task.Delay(SamplePause, Cancellation))
        {
            foreach (var (host, text, _) in Long)
                _sessions[text].UnionWith(Sessions(host, text));
        }
    }

    RunningCommand? _run;
    int _from;

    bool Runs(string host, string text) => CommandLines(host).Any(l => l.Contains(text, StringComparison.Ordinal));

    bool Ended(string step) => Journal().Skip(_from).Any(l => (string?)l["Kind"] == "step" && (string?)l["Step"] == step);

    bool Failed(string host) => Journal().Skip(_from).Any(l => (string?)l["Kind"] == "error" && (string?)l["Host"] == host);

    bool Changed(string step) => Journal().Skip(_from).Any(l => (string?)l["Kind"] == "change" && (string?)l["Step"] == step);
}

/// <summary>The runbook interrupted at many moments reaches the state of an undisturbed one, and that cluster survives its primary.</summary>
[Collection(ProcedureTests.Name)]
public sealed class ProcedureInterruptionTests(ProcedureCluster undisturbed, InterruptedCluster cluster)
{
    [Fact]
    [Spec("F8", "P4", "P12", "P18", "P20", "P33", "P34", "T4", "T16")]
    public async Task A_runbook_interrupted_at_any_moment_and_run_again_reaches_the_same_state_and_the_primary_can_then_be_lost()
    {
        Assert.Equal(9, (await cluster.DeployedAsync()).Count);
        var last = await cluster.DeployAsync();
        Assert.True(last.ExitCode == 0, last.Output);
        Assert.Equal(4, Regex.Count(last.Output, @"(node\d|witness1) .* none *\n *172\.16\.161\.20\d"));
        var again = await cluster.DeployAsync();
        Assert.True(again.ExitCode == 0, again.Output);
        Assert.Equal([], again.Changed);
        // Neither the loss of the connection nor the next run began a long command a second time.
        Assert.Equal(
            [("-qy install edb-as17", 1), ("pg_basebackup", 1), ("configure-pem-server.sh -t", 1)], cluster.Began);
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
        {
            // The one that follows is just being restarted, and refuses meanwhile.
            const string ask = "runuser -u enterprisedb -- /usr/edb/as17/bin/psql -XAtq -p 5444 -d postgres -c 'SELECT pg_is_in_recovery()' 2>/dev/null || :";
            var said = "";
            await ProcedureLab.UntilAsync($"the database of {h}", async () => said = await cluster.RootAsync(h, ask), s => s.Length > 0);
            return (Host: h, Is: said);
        }));
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
        // EFM changed the host only (F6): the new primary was checked as the old one was.
        Assert.Equal($"verify-full|/var/lib/edb/as17/data/root.crt|{lab[now].Address}", await cluster.SqlAsync(other, ProcedureLab.Upstream));
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
