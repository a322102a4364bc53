using System.Globalization;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>What a step is begun for.</summary>
enum Wish
{
    /// <summary>The standby lost its data directory.</summary>
    NewStandby,

    /// <summary>The standby is replaced although nothing is wrong with it.</summary>
    Rebuild,

    RollingRestart,

    /// <summary>Settings, rules and certificates were taken away on both nodes.</summary>
    Files,

    /// <summary>The agents' files were changed.</summary>
    Agents,
}

/// <summary>What strikes while it runs.</summary>
enum Stroke
{
    None,

    /// <summary>kill -9 of the process that runs the step.</summary>
    Controller,

    /// <summary>The SSH connections of a node.</summary>
    Connections,

    /// <summary>kill -9 of every process of a node's database.</summary>
    Postgres,

    /// <summary>The power of a node.</summary>
    Power,
}

/// <summary>One act of a sequence: a step is begun, something strikes, and a person runs the steps again until all is well.</summary>
/// <param name="OnPrimary">Whether it strikes the primary, and not the standby.</param>
/// <param name="Milliseconds">How long after the beginning.</param>
sealed record Act(Wish Wish, Stroke Stroke, bool OnPrimary, int Milliseconds)
{
    /// <summary>The sequence of a seed; always the same.</summary>
    public static IReadOnlyList<Act> Sequence(int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => new Act(
            (Wish)random.Next(Enum.GetValues<Wish>().Length), (Stroke)random.Next(Enum.GetValues<Stroke>().Length), random.Next(2) == 0, random.Next(6000)))];
    }
}

/// <summary>
/// The property that all others are for: with synchronous replication every acknowledged row is there at the end, whatever was begun, whatever
/// struck meanwhile, and however often the steps were run again; or the tool had refused.
/// </summary>
/// <remarks><c>PEMHA_SEED=7,8</c> repeats the sequences of seeds that failed.</remarks>
[Collection(TrapTests.Name)]
public sealed class ProcedureDataTests(TrapCluster cluster)
{
    const string Recovering = "SELECT pg_is_in_recovery()";
    const string Data = "/var/lib/edb/as17/data";
    const string Finish = """
        $nodes | Enable-PemReplication -Credential $repl | Set-PemPassFile -Credential $repl | Initialize-PemReplica -Confirm:$false |
            New-PemCertificate @authority | Set-PemSsl | Set-PemHba |
            New-PemEfmCluster -Credential $efm -Property $properties -AutoResumeStartupPeriod 2
        """;

    readonly List<string> _story = [];
    string _primary = "node1";

    static int Length => LongForm.Asked ? 5 : 2;

    static IEnumerable<int> Seeds =>
        Environment.GetEnvironmentVariable("PEMHA_SEED") is { Length: > 0 } given ? given.Split(',').Select(s => int.Parse(s, CultureInfo.InvariantCulture))
        : LongForm.Asked ? Enumerable.Range(0, 12).Select(_ => Random.Shared.Next()) : [3];

    [Fact]
    [Spec("P12", "P22", "T4", "T13", "F6")]
    public async Task No_acknowledged_row_is_lost_whatever_strikes_while_a_step_runs()
    {
        await cluster.DeployedAsync();
        (_primary, var standby) = await cluster.RolesAsync();
        var lab = await cluster.LabAsync();
        await cluster.SqlAsync(_primary, """
            CREATE ROLE pem_user;
            CREATE ROLE writer LOGIN PASSWORD 'writes' IN ROLE pem_user;
            CREATE DATABASE pem OWNER writer;
            """);
        await cluster.SqlAsync(_primary, "SET ROLE writer; CREATE TABLE written (n bigint PRIMARY KEY)", "pem");
        foreach (var host in new[] { standby, _primary })
            await SetSynchronousAsync(host, "SET synchronous_standby_names = '*'");

        var acknowledged = new HashSet<long>();
        // A row is acknowledged when psql says nothing at all: a commit that did not wait for a standby would warn.
        await using var writer = Command.Start(
            lab.SshCommand("witness1", "--", $$"""
                PGPASSWORD=writes PGCONNECT_TIMEOUT=2 PGSSLMODE=require; export PGPASSWORD PGCONNECT_TIMEOUT PGSSLMODE
                n=0; until [ -e /run/enough ]; do
                    n=$((n + 1))
                    said=$(timeout 5 /usr/lib/postgresql/17/bin/psql -Xqw -h {{ProcedureLab.VirtualIp}} -p 5444 -U writer -d pem -c "INSERT INTO written VALUES ($n)" 2>&1) &&
                        [ -z "$said" ] && echo "$n" || sleep 0.1
                done
                """),
            onLine: line =>
            {
                lock (acknowledged)
                    acknowledged.Add(long.Parse(line, CultureInfo.InvariantCulture));
            });
        int Count() { lock (acknowledged) return acknowledged.Count; }
        try
        {
            foreach (var seed in Seeds)
            {
                var acts = Act.Sequence(seed, Length);
                foreach (var act in acts)
                {
                    Tell($"seed {seed}: {act}, primary {_primary}");
                    await WrittenAsync();
                    await PlayAsync(act);
                    await MendAsync();
                    await WrittenAsync();
                    await HoldsAllAsync();
                    foreach (var host in new[] { "node1", "node2" })
                        await cluster.RootAsync(host, $"rm -rf {Data}.pemha-kept-*");
                }
            }
        }
        catch (Exception e)
        {
            throw new LabException($"{string.Join('\n', _story)}\n{e.Message}", e);
        }
        await cluster.RootAsync("witness1", "touch /run/enough");
        await writer.Result;
        await HoldsAllAsync();
        TestContext.Current.SendDiagnosticMessage($"{Count()} rows acknowledged, all there\n{string.Join('\n', _story)}");

        await cluster.RootAsync("witness1", "rm /run/enough");
        foreach (var host in new[] { "node1", "node2" })
            await SetSynchronousAsync(host, "RESET synchronous_standby_names");
        await cluster.SqlAsync(_primary, "DROP DATABASE pem;\nDROP ROLE writer;\nDROP ROLE pem_user");

        async Task WrittenAsync()
        {
            var before = Count();
            await ProcedureLab.UntilAsync("an acknowledged row", () => Task.FromResult(Count()), n => n > before + 2);
        }

        async Task HoldsAllAsync()
        {
            long[] expected;
            lock (acknowledged)
                expected = [.. acknowledged];
            var kept = (await cluster.SqlAsync(_primary, "SELECT n FROM written", "pem")).Split('\n').Select(n => long.Parse(n, CultureInfo.InvariantCulture));
            Assert.Equal([], expected.Except(kept));
        }
    }

    Task<string> SetSynchronousAsync(string host, string what) => cluster.SqlAsync(host, $"ALTER SYSTEM {what};\nSELECT pg_reload_conf()");

    async Task PlayAsync(Act act)
    {
        var standby = Other(_primary);
        var step = act.Wish switch
        {
            Wish.NewStandby => "$nodes | Initialize-PemReplica -Confirm:$false",
            Wish.Rebuild => "$nodes | Initialize-PemReplica -Force -Confirm:$false",
            Wish.RollingRestart => "$nodes | Invoke-PemRollingRestart -Force -Confirm:$false",
            _ => Finish,
        };
        if (act.Wish is Wish.NewStandby or Wish.Rebuild)
            await cluster.RootAsync(standby, "systemctl stop edb-efm-5.2 edb-as-17");
        if (act.Wish == Wish.NewStandby)
            await cluster.RootAsync(standby, $"rm -rf {Data}");
        foreach (var host in act.Wish == Wish.Files ? new[] { "node1", "node2" } : [])
        {
            await cluster.RootAsync(host, $"""
                sed -i '/^# BEGIN PemHa/,/^# END PemHa/s/5444/5544/' /var/lib/edb/.pgpass
                sed -i 's/^wal_keep_size = .*/wal_keep_size = 400/' {Data}/postgresql.conf
                rm -f /etc/pki/pemha/agent*.crt
                """);
        }
        if (act.Wish == Wish.Agents)
            await cluster.RootAsync(standby, "sed -i 's/^node.timeout=.*/node.timeout=4/' /etc/edb/efm-5.2/efm.properties");

        await using var run = await cluster.StartPowerShellAsync(Script(step));
        await Task.WhenAny(run.Result, Task.Delay(act.Milliseconds, ProcedureLab.Cancellation));
        Tell(run.Result.IsCompleted ? "the step had ended" : "the step was running");
        var lab = await cluster.LabAsync();
        var struck = act.OnPrimary ? _primary : standby;
        switch (act.Stroke)
        {
            case Stroke.Controller: run.Kill(); break;
            case Stroke.Connections: cluster.CutConnections(struck); break;
            case Stroke.Postgres: cluster.SignalOn(struck, "postgres", Signals.Kill); break;
            case Stroke.Power: await lab.PowerCutAsync(struck, ProcedureLab.Cancellation); break;
            case Stroke.None: break;
        }
        // What lost its host gives up by itself, and a person does not wait longer than that.
        var ended = await run.Result.WaitAsync(TimeSpan.FromSeconds(150), ProcedureLab.Cancellation);
        foreach (var error in new ProcedureReport(ended.Stdout, ended.Stderr).Errors)
            Tell($"  {error.Host}: {error.Id}: {error.Message}");
    }

    /// <summary>What a person does afterwards: power, the steps again, and what a refusal asks for.</summary>
    async Task MendAsync()
    {
        var lab = await cluster.LabAsync();
        foreach (var host in lab.Hosts.Where(h => !h.IsOn))
        {
            await lab.PowerOnAsync(host.Name, ProcedureLab.Cancellation);
            await lab.WaitRunningAsync(host.Name, ProcedureLab.Cancellation);
        }
        var step = Finish;
        for (var attempt = 1; ; attempt++)
        {
            var report = await cluster.PowerShellAsync(Script(step));
            foreach (var error in report.Errors)
                Tell($"  again: {error.Host}: {error.Id}: {error.Message}");
            if (report.Errors.Count == 0)
                break;
            Assert.True(attempt < 8, report.ToString());
            Assert.DoesNotContain("TwoPrimaries", report.Errors.Select(e => e.Id));
            if (report.Errors.Any(e => e.Id == "DataNotDisposable"))
                step = Finish.Replace("Initialize-PemReplica", "Initialize-PemReplica -Force", StringComparison.Ordinal);
            else if (report.Errors.Any(e => e.Id is "PrimaryUnknown"))
                await StartLastPrimaryAsync();
        }
        if (await RecoveringAsync(_primary) != "f")
            _primary = Other(_primary);
        Assert.Equal(("f", "t"), (await RecoveringAsync(_primary), await RecoveringAsync(Other(_primary))));
        const string status = "/usr/edb/efm-5.2/bin/efm cluster-status efm || :";
        const string holds = $"ip -o addr | grep -cF ' {ProcedureLab.VirtualIp}/' || :";
        var deadline = DateTime.UtcNow.AddSeconds(15);
        await ProcedureLab.UntilAsync("a healthy cluster", async () =>
        {
            // An agent whose database came back behind its back is idle until a person resumes it.
            if (DateTime.UtcNow > deadline)
            {
                deadline = DateTime.MaxValue;
                await cluster.RootAsync(Other(_primary), "systemctl restart edb-efm-5.2 || :");
            }
            return await cluster.RootAsync("witness1", status);
        }, s => s.Contains(" UP ", StringComparison.Ordinal) && s.Split('\n').Count(l => l.Contains(" UP ", StringComparison.Ordinal)) == 2
            && s.Contains($"{ProcedureLab.VirtualIp}*", StringComparison.Ordinal));
        Assert.Equal(("1", "0"), (await cluster.RootAsync(_primary, holds), await cluster.RootAsync(Other(_primary), holds)));
    }

    /// <summary>Nobody took over: the one that was the primary goes on, whatever its agent thought when it was alone.</summary>
    async Task StartLastPrimaryAsync()
    {
        Tell($"  {_primary} is started by hand");
        await cluster.RootAsync(_primary, $"""
            rm -f {Data}/recovery.conf; systemctl reset-failed edb-as-17 edb-efm-5.2 || :
            systemctl start edb-efm-5.2 || :; systemctl start edb-as-17 || :
            /usr/edb/efm-5.2/bin/efm resume efm || :
            """);
    }

    Task<string> RecoveringAsync(string host) =>
        cluster.RootAsync(host, $"runuser -u enterprisedb -- /usr/edb/as17/bin/psql -XAtq -p 5444 -d postgres -c '{Recovering}' 2>/dev/null || :");

    void Tell(string text)
    {
        _story.Add(text);
        TestContext.Current.SendDiagnosticMessage(text);
    }

    static string Other(string host) => host == "node1" ? "node2" : "node1";

    static string Script(string step) => $"{TrapCluster.Steps}\n$nodes = $hosts | Connect-PemHost @login\nReport {{\n{step}\n}}";
}
