using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>What is done to a cluster that runs: a rolling restart, and two operators at once.</summary>
[Collection(ProcedureTests.Name)]
public sealed class ProcedureOperationTests(ProcedureCluster cluster)
{
    static readonly string[] Data = ["node1", "node2", "node3"];

    [Fact]
    [Spec("P29", "T2", "T17", "F5", "F6")]
    public async Task A_rolling_restart_takes_the_standbys_first_and_the_primary_last_without_a_failover()
    {
        await cluster.DeployedAsync();
        var timeline = await cluster.SqlAsync("node1", "SELECT timeline_id FROM pg_control_checkpoint()");
        var wanted = int.Parse(await cluster.SqlAsync("node1", "SHOW max_connections"), CultureInfo.InvariantCulture) + 20;
        foreach (var host in Data)
        {
            await cluster.SqlAsync(host, $"ALTER SYSTEM SET max_connections = {wanted}");
            await cluster.RootAsync(host, "systemctl reload edb-as-17");
        }
        const string pending = "SELECT count(*) FROM pg_settings WHERE pending_restart";
        await ProcedureLab.UntilAsync("pending restart", async () => string.Concat(await Ask(pending)), s => s == "111");

        const string restart = """
            $nodes = $hosts | Connect-PemHost @login
            Report { $nodes | Invoke-PemRollingRestart -Confirm:$false }
            foreach ($step in $cluster.Steps) { "$($step.Step) $($step.ChangeCount)" }
            """;
        var report = await cluster.PowerShellAsync(restart);
        Assert.True(report.Errors.Count == 0, report.ToString());
        Assert.Equal(["Invoke-PemRollingRestart 3", "node1", "node2", "node3", "witness1"], report.Lines.Order(StringComparer.Ordinal));

        Assert.All(await Ask("SHOW max_connections"), value => Assert.Equal($"{wanted}", value));
        const string start = "SELECT extract(epoch FROM pg_postmaster_start_time())";
        var started = (await Ask(start)).Select(t => double.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(started[1] < started[2] && started[2] < started[0], $"Restarted at {string.Join(", ", started)}.");
        Assert.Equal(timeline, await cluster.SqlAsync("node1", "SELECT timeline_id FROM pg_control_checkpoint()"));
        Assert.Equal(["f", "t", "t"], await Ask("SELECT pg_is_in_recovery()"));
        Assert.Equal("2", await cluster.SqlAsync("node1", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"));
        Assert.Equal("1", await cluster.RootAsync("node1", $"ip -o addr show dev eth0 | grep -cF ' {ProcedureLab.VirtualIp}/24 '"));
        await ProcedureLab.UntilAsync(
            "EFM's agents back",
            () => cluster.RootAsync("node1", "/usr/edb/efm-5.2/bin/efm cluster-status efm || :"),
            s => s.Contains("172.16.161.245*", StringComparison.Ordinal) && Regex.Count(s, @"(Primary|Standby) .* UP ") == 3);

        var again = await cluster.PowerShellAsync(restart);
        Assert.Contains("Invoke-PemRollingRestart 0", again.Lines);
        Assert.Equal(started, (await Ask(start)).Select(t => double.Parse(t, CultureInfo.InvariantCulture)));
    }

    /// <summary>
    /// O32: databases and virtual IP stay, but the list of allowed nodes is lost; the step restores it (X3).
    /// </summary>
    [Fact]
    [Spec("P20", "F5")]
    public async Task Agents_that_stop_cluster_has_stopped_are_allowed_again_and_join()
    {
        await cluster.DeployedAsync();
        const string efm = "/usr/edb/efm-5.2/bin/efm";
        string[] all = [.. Data, "witness1"];
        await cluster.RootAsync("node1", $"{efm} stop-cluster efm");
        await ProcedureLab.UntilAsync(
            "stopped agents",
            async () => string.Join(' ', await Task.WhenAll(all.Select(IsActiveAsync))),
            s => !s.Contains("active active", StringComparison.Ordinal)
                && s.Split(' ').All(a => a is "inactive" or "failed"));
        Assert.Equal(["f", "t", "t"], await Ask("SELECT pg_is_in_recovery()"));
        var addresses = $"ip -o addr show dev eth0 | grep -cF ' {ProcedureLab.VirtualIp}/24 '";
        Assert.Equal("1", await cluster.RootAsync("node1", addresses));

        var report = await cluster.PowerShellAsync($$"""
            $nodes = $hosts | Connect-PemHost @login
            Report {
                $nodes | New-PemEfmCluster -Credential (New-PemCredential efm -Path $state) `
                    -Property {{ProcedureLab.Timings}} -Confirm:$false
            }
            """);
        Assert.True(report.Errors.Count == 0, report.ToString());
        Assert.Equal(all, report.Lines.Where(all.Contains).Order(StringComparer.Ordinal));
        var allowed = await cluster.RootAsync("witness1", $"{efm} cluster-status efm | sed -n '/^Allowed/{{n;p}}'");
        Assert.Equal(["172.16.161.200", "172.16.161.201", "172.16.161.202", "172.16.161.203"],
            allowed.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));

        Task<string> IsActiveAsync(string name) =>
            cluster.RootAsync(name, "systemctl is-active edb-efm-5.2 || :");
    }

    [Fact]
    [Spec("P11")]
    public async Task A_step_waits_for_another_operators_and_does_not_overwrite_what_that_one_changed()
    {
        await cluster.DeployedAsync();
        var script = """
            $nodes = $hosts | Connect-PemHost @login
            'connected'
            Report { $nodes | Set-PemPassFile -Credential (New-PemCredential repl -Path $state) }
            foreach ($step in $cluster.Steps) { "$($step.Step) $($step.ChangeCount)" }
            """;

        // Somebody changes the host: a step does not even look before that is over.
        await using (var holder = await HoldAsync("-x"))
        {
            var step = cluster.PowerShellAsync(script);
            await ProcedureLab.UntilAsync("waiting to look", () => Task.FromResult(Waits("-s")), w => w);
            await Task.Delay(TimeSpan.FromSeconds(1), ProcedureLab.Cancellation);
            Assert.False(step.IsCompleted);
            await ReleaseAsync(holder);
            Assert.Contains("Set-PemPassFile 0", (await step).Lines);
        }

        // Somebody who keeps out of the way of others' locks changes a file between our look and our change.
        await cluster.RootAsync("node2", "sed -i '/BEGIN PemHa/,/END PemHa/d' /var/lib/edb/.pgpass");
        await using (var holder = await HoldAsync("-s"))
        {
            var step = cluster.PowerShellAsync(script);
            await ProcedureLab.UntilAsync("waiting to change", () => Task.FromResult(Waits("-x")), w => w);
            await cluster.RootAsync("node2", "echo 'elsewhere:5432:*:somebody:theirs' >> /var/lib/edb/.pgpass");
            await ReleaseAsync(holder);
            var report = await step;
            var error = Assert.Single(report.Errors);
            Assert.Equal(("ChangeFailed", "node2"), (error.Id, error.Host));
            Assert.Contains("/var/lib/edb/.pgpass was changed by somebody else meanwhile", error.Message, StringComparison.Ordinal);
            const string look = "cat /var/lib/edb/.pgpass; ls -A /var/lib/edb | grep '^\\.pemha' || :";
            Assert.Equal("elsewhere:5432:*:somebody:theirs", await cluster.RootAsync("node2", look));
        }

        await TwoOperatorsAsync(script);

        // Their line was found and kept.
        const string both = "grep -c ':replication:repl:' /var/lib/edb/.pgpass; tail -n 1 /var/lib/edb/.pgpass";
        Assert.Equal("3\nelsewhere:5432:*:somebody:theirs", await cluster.RootAsync("node2", both));
        await cluster.RootAsync("node2", "sed -i '/^elsewhere/d' /var/lib/edb/.pgpass");
    }

    /// <summary>Two have seen the same, and both go to change it: one does, and the other looks again and finds nothing left to do.</summary>
    async Task TwoOperatorsAsync(string script)
    {
        await using var holder = await HoldAsync("-s");
        int[] waiting = [0, 0];
        RunningCommand[] operators =
        [
            .. await Task.WhenAll(waiting.Select((_, i) => cluster.StartPowerShellAsync(script, line =>
            {
                if (line.Contains("node2: another run of PemHa is at work there; waiting for it", StringComparison.Ordinal))
                    waiting[i] = 1;
            }))),
        ];
        await ProcedureLab.UntilAsync("both wait to change", () => Task.FromResult(Volatile.Read(ref waiting[0]) + Volatile.Read(ref waiting[1])), n => n == 2);
        await ReleaseAsync(holder);
        var said = await Task.WhenAll(operators.Select(o => o.Result));
        ProcedureReport[] reports = [.. said.Select(r => new ProcedureReport(r.Stdout, r.Stderr))];
        Assert.Equal([], reports.SelectMany(r => r.Errors));
        Assert.Equal(["Set-PemPassFile 0", "Set-PemPassFile 1"], reports.Select(r => r.Lines[^1]).Order(StringComparer.Ordinal));
    }

    async Task<string[]> Ask(string query) => await Task.WhenAll(Data.Select(host => cluster.SqlAsync(host, query)));

    /// <summary>Takes the lock that runs of PemHa take on node2, until released.</summary>
    async Task<RunningCommand> HoldAsync(string how)
    {
        var lab = await cluster.LabAsync();
        var held = new TaskCompletionSource();
        var hold = $"exec 9>>/run/lock/pemha.lock; flock {how} 9; touch /run/held; echo held; while [ -e /run/held ]; do sleep 0.1; done";
        var holder = Command.Start(lab.SshCommand("node2", "--", hold), onLine: line =>
        {
            if (line == "held")
                held.TrySetResult();
        });
        await held.Task.WaitAsync(TimeSpan.FromSeconds(60), ProcedureLab.Cancellation);
        return holder;
    }

    async Task ReleaseAsync(RunningCommand holder)
    {
        await cluster.RootAsync("node2", "rm /run/held");
        await holder.Result;
    }

    bool Waits(string how) => cluster.CommandLines("node2").Any(l => l.StartsWith($"flock {how} -w", StringComparison.Ordinal));
}
