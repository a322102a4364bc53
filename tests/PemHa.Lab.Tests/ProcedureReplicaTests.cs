using System.Diagnostics;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>A primary and a host that is to become its standby.</summary>
public sealed class PairOfHosts : ProcedureLab
{
    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 0 };
}

/// <summary>The page's most dangerous line (T4): what a data directory may hold before it is replaced.</summary>
public sealed class ProcedureReplicaTests(PairOfHosts cluster) : IClassFixture<PairOfHosts>
{
    const string Connect = """
        $secret = New-PemCredential repl -Path $state
        $nodes = $hosts | Connect-PemHost @login

        """;

    const string Initialize = Connect + """
        Report { $nodes | Initialize-PemReplica -Confirm:$false }
        foreach ($step in $cluster.Steps) { "$($step.Step) $($step.ChangeCount)" }
        """;

    const string Force = Connect + "Report { $nodes | Initialize-PemReplica -Force -Confirm:$false }\n";

    /// <summary>A database of its own on node2, with a table.</summary>
    const string OwnDatabase = """
        systemctl stop edb-as-17 2>/dev/null || :
        rm -rf /var/lib/edb/as17/data
        PGSETUP_INITDB_OPTIONS="-E UTF-8" /usr/edb/as17/bin/edb-as-17-setup initdb >/dev/null
        """;

    [Fact]
    [Spec("P4", "P12", "P22", "T4", "T5")]
    public async Task A_standby_is_made_only_over_what_is_proven_to_be_disposable()
    {
        await PreparedAsync();

        // A mount point cannot be moved aside, whatever is in it; it runs on, and what helps is said.
        await cluster.RootAsync("node2", "install -d -o enterprisedb -m 700 /var/lib/edb/as17/data; mount -t tmpfs -o mode=700,uid=$(id -u enterprisedb),gid=$(id -g enterprisedb) data /var/lib/edb/as17/data");
        await cluster.RootAsync("node2", """
            PGSETUP_INITDB_OPTIONS="-E UTF-8" /usr/edb/as17/bin/edb-as-17-setup initdb >/dev/null; systemctl start edb-as-17
            """);
        foreach (var script in new[] { Initialize, Force })
        {
            var error = Assert.Single((await cluster.PowerShellAsync(script)).Errors);
            Assert.Equal(("DataDirectoryNotMovable", "node2"), (error.Id, error.Host));
            Assert.Contains("symbolic link", error.Remedy, StringComparison.Ordinal);
        }
        Assert.Equal("f", await cluster.SqlAsync("node2", "SELECT pg_is_in_recovery()"));
        Assert.Equal("data", await cluster.RootAsync("node2", "cd /var/lib/edb/as17; ls -d data* data/pemha* 2>/dev/null || :"));
        await cluster.RootAsync("node2", "systemctl stop edb-as-17; umount /var/lib/edb/as17/data");

        // A running database with a table of somebody's.
        await cluster.RootAsync("node2", OwnDatabase + "\nsystemctl start edb-as-17");
        await cluster.SqlAsync("node2", "CREATE TABLE treasure AS SELECT 42 AS n; CHECKPOINT");
        await RefusedAsync("tables of its own (1: public.treasure in postgres)");
        Assert.Equal("42", await cluster.SqlAsync("node2", "SELECT n FROM treasure"));

        // The same, stopped: nobody can tell what is in it.
        await cluster.RootAsync("node2", "systemctl stop edb-as-17");
        await RefusedAsync("stopped");
        await cluster.RootAsync("node2", "systemctl start edb-as-17");
        Assert.Equal("42", await cluster.SqlAsync("node2", "SELECT n FROM treasure"));

        // Files, but no database.
        await cluster.RootAsync("node2", "systemctl stop edb-as-17; cd /var/lib/edb/as17/data; rm -rf *; echo mine > notes");
        await RefusedAsync("files, but no database");
        Assert.Equal("mine", await cluster.RootAsync("node2", "cat /var/lib/edb/as17/data/notes"));

        // A fresh one, into which somebody puts a table while the copy is made.
        await cluster.RootAsync("node2", OwnDatabase + "\nsystemctl start edb-as-17");
        await FilledMeanwhileAsync();

        // A fresh, empty database may go without a word.
        await cluster.RootAsync("node2", OwnDatabase + "\nsystemctl start edb-as-17");
        await CopiedAsync();
        await StreamsAsync();

        // A healthy standby is left alone, also with a table that came from the primary.
        await cluster.SqlAsync("node1", "CREATE TABLE ours AS SELECT 1 AS n");
        var started = await cluster.SqlAsync("node2", "SELECT pg_postmaster_start_time()");
        Assert.Contains("Initialize-PemReplica 0", (await cluster.PowerShellAsync(Initialize)).Lines);
        Assert.Equal(started, await cluster.SqlAsync("node2", "SELECT pg_postmaster_start_time()"));

        // One that is only stopped is started, not copied anew.
        await cluster.RootAsync("node2", "systemctl stop edb-as-17; touch /var/lib/edb/as17/data/same");
        Assert.Contains("Initialize-PemReplica 1", (await cluster.PowerShellAsync(Initialize)).Lines);
        await cluster.RootAsync("node2", "test -e /var/lib/edb/as17/data/same");

        // Promoted behind our back: two take writes for the same data, and nothing is touched.
        await cluster.SqlAsync("node2", "SELECT pg_promote()");
        await cluster.SqlAsync("node2", "INSERT INTO ours VALUES (2)");
        var twins = Assert.Single((await cluster.PowerShellAsync(Initialize)).Errors);
        Assert.Equal("TwoPrimaries", twins.Id);

        // Stopped, it is still one that may hold rows that were never sent.
        await cluster.RootAsync("node2", "systemctl stop edb-as-17");
        await RefusedAsync("was a primary of this cluster");
        await cluster.RootAsync("node2", "touch /var/lib/edb/as17/data/recovery.conf");
        await RefusedAsync("recovery.conf");
        await cluster.RootAsync("node2", "rm /var/lib/edb/as17/data/recovery.conf");

        // A standby of another cluster.
        await cluster.RootAsync("node2", OwnDatabase + "\ntouch /var/lib/edb/as17/data/standby.signal; systemctl start edb-as-17");
        await RefusedAsync("a standby of another cluster");

        // Told so explicitly, it goes; and only then.
        var forced = await cluster.PowerShellAsync(Force);
        Assert.True(forced.Errors.Count == 0, forced.ToString());
        await StreamsAsync();
        Assert.Equal("1", await cluster.SqlAsync("node2", "SELECT n FROM ours"));
        Assert.Equal("f", await cluster.SqlAsync("node1", "SELECT pg_is_in_recovery()"));
        // Kept where it was not proven to be disposable, until a person removes it.
        await cluster.RootAsync("node2", "cd /var/lib/edb/as17; test -f data.pemha-kept-*/PG_VERSION");

        await KeptWholeAsync();
    }

    /// <summary>Two operators begin the same: one is at work, and the other is told who that is, and gives up after a while.</summary>
    async Task PreparedAsync()
    {
        const string prepare = Connect + """
            Report { $nodes | Install-PemEpas | Enable-PemReplication -Credential $secret | Set-PemPassFile -Credential $secret }
            """;
        const string dnf = "-qy install edb-as17";
        await using var first = await cluster.StartPowerShellAsync(prepare);
        while (!cluster.CommandLines("node2").Any(l => l.Contains(dnf, StringComparison.Ordinal)))
        {
            Assert.False(first.Result.IsCompleted);
            await Task.Delay(TimeSpan.FromMilliseconds(5), ProcedureLab.Cancellation);
        }
        var stopped = cluster.SignalOn("node2", dnf, Signals.Stop);
        await ProcedureLab.UntilAsync("no installation on node1", () => Task.FromResult(cluster.CommandLines("node1").Any(l => l.Contains(dnf, StringComparison.Ordinal))), runs => !runs);
        var watch = Stopwatch.StartNew();
        var second = await cluster.PowerShellAsync(Connect + "Report { $nodes | Install-PemEpas }");
        Assert.InRange(watch.Elapsed.TotalSeconds, 20, 60);
        var error = Assert.Single(second.Errors);
        Assert.Equal(("HostLocked", "node2"), (error.Id, error.Host));
        Assert.Matches($@"Another run of PemHa is at work on node2: \S+@\S+ \(process {first.Pid} there, \d+ on the host\), for \d+ s: Install-PemEpas: install package edb-as17-server, edb-efm52", error.Message);
        Assert.Contains("run the step again", error.Remedy, StringComparison.Ordinal);
        Assert.Contains("WARNING: node2: another run of PemHa, ", second.ToString(), StringComparison.Ordinal);
        Signals.Send(stopped, Signals.Continue);
        var prepared = new ProcedureReport((await first.Result).Stdout, (await first.Result).Stderr);
        Assert.True(prepared.Errors.Count == 0 && prepared.Lines.Count == 2, prepared.ToString());
    }

    /// <summary>
    /// A first standby of a primary whose commits wait for any standby: one that is only being copied has no row, and nothing is acknowledged
    /// because of it.
    /// </summary>
    async Task CopiedAsync()
    {
        await cluster.SqlAsync("node1", "CREATE TABLE waited (n int)");
        await cluster.SqlAsync("node1", "ALTER SYSTEM SET synchronous_standby_names = '*';\nSELECT pg_reload_conf()");
        await using var run = await cluster.StartPowerShellAsync(Initialize);
        // The copying stands still, its other process goes on receiving WAL.
        while (!cluster.StopParent("node2", "/usr/lib/postgresql/17/bin/pg_basebackup"))
        {
            Assert.False(run.Result.IsCompleted);
            await Task.Delay(TimeSpan.FromMilliseconds(5), ProcedureLab.Cancellation);
        }
        await ProcedureLab.UntilAsync("WAL is being received",
            () => cluster.SqlAsync("node1", "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'pg_basebackup' AND state = 'streaming'"), n => n == "1");
        var written = await cluster.RootAsync("node1", """
            timeout 2 runuser -u enterprisedb -- /usr/edb/as17/bin/psql -XAtq -p 5444 -d postgres -c 'INSERT INTO waited VALUES (1)' && echo acknowledged || echo waits
            """);
        var copying = await cluster.SqlAsync("node1", "SELECT state, sync_state FROM pg_stat_replication WHERE application_name = 'pg_basebackup' ORDER BY 1");
        cluster.SignalOn("node2", "pg_basebackup", Signals.Continue);
        var made = new ProcedureReport((await run.Result).Stdout, (await run.Result).Stderr);
        Assert.True(made.Errors.Count == 0 && made.Lines.Contains("Initialize-PemReplica 1"), made.ToString());
        Assert.Equal(("waits", "backup|async\nstreaming|async"), (written, copying));
        await cluster.SqlAsync("node1", "INSERT INTO waited VALUES (2)");
        // Such a commit waits for the standby's disk, not for its replay.
        await ProcedureLab.UntilAsync("the row on the standby", () => cluster.SqlAsync("node2", "SELECT max(n) FROM waited"), n => n == "2");
        foreach (var host in new[] { "node2", "node1" })
            await cluster.SqlAsync(host, "ALTER SYSTEM RESET synchronous_standby_names;\nSELECT pg_reload_conf()");
    }

    /// <summary>What was disposable when it was looked at is looked at once more before it goes.</summary>
    async Task FilledMeanwhileAsync()
    {
        await using var run = await cluster.StartPowerShellAsync(Initialize);
        int[] stopped;
        while ((stopped = cluster.SignalOn("node2", "/usr/lib/postgresql/17/bin/pg_basebackup", Signals.Stop)).Length == 0)
        {
            Assert.False(run.Result.IsCompleted);
            await Task.Delay(TimeSpan.FromMilliseconds(5), ProcedureLab.Cancellation);
        }
        await cluster.SqlAsync("node2", "CREATE TABLE late AS SELECT 43 AS n");
        Signals.Send(stopped, Signals.Continue);
        var report = new ProcedureReport((await run.Result).Stdout, (await run.Result).Stderr);
        var error = Assert.Single(report.Errors);
        Assert.Equal(("ChangeFailed", "node2"), (error.Id, error.Host));
        Assert.Contains("has something of its own since it was looked at: tables in postgres", error.Message, StringComparison.Ordinal);
        Assert.Equal("43", await cluster.SqlAsync("node2", "SELECT n FROM late"));
    }

    /// <summary>A crashed former primary whose data directory and WAL are links and whose table lies in a tablespace: not one row is lost.</summary>
    async Task KeptWholeAsync()
    {
        await cluster.RootAsync("node2", "rm -rf /var/lib/edb/as17/data.pemha-kept-*; install -d -o enterprisedb -m 700 /disk");
        await cluster.RootAsync("node1", "install -d -o enterprisedb -m 700 /disk /disk/room");
        await cluster.SqlAsync("node1", "CREATE TABLESPACE room LOCATION '/disk/room'");
        await cluster.SqlAsync("node1", "DROP TABLE ours; CREATE TABLE ours (n int) TABLESPACE room");
        await cluster.SqlAsync("node1", "INSERT INTO ours VALUES (1)");
        await cluster.RootAsync("node2", """
            systemctl stop edb-as-17; cd /var/lib/edb/as17; rm -rf data /disk/room
            ln -s /disk/data data
            """);
        var made = await cluster.PowerShellAsync(Initialize);
        Assert.True(made.Errors.Count == 0, made.ToString());
        await StreamsAsync();
        await cluster.RootAsync("node2", """
            systemctl stop edb-as-17; mv /disk/data/pg_wal /disk/wal; ln -s /disk/wal /disk/data/pg_wal; systemctl start edb-as-17
            """);
        Assert.Equal("1", await cluster.SqlAsync("node2", "SELECT n FROM ours"));

        // Two take writes: not even -Force decides between them.
        await cluster.SqlAsync("node2", "SELECT pg_promote()");
        await cluster.SqlAsync("node2", "CHECKPOINT; INSERT INTO ours VALUES (42)");
        Assert.Equal("TwoPrimaries", Assert.Single((await cluster.PowerShellAsync(Force)).Errors).Id);

        await cluster.RootAsync("node2", "systemctl kill -s KILL edb-as-17; while systemctl -q is-active edb-as-17; do sleep 0.1; done");
        await RefusedAsync("was a primary of this cluster");
        var forced = await cluster.PowerShellAsync(Force);
        Assert.True(forced.Errors.Count == 0, forced.ToString());
        await StreamsAsync();
        Assert.Equal("1", await cluster.SqlAsync("node2", "SELECT n FROM ours"));
        Assert.Equal("/disk/data\n/disk/wal\n/disk/room", await cluster.RootAsync("node2", """
            cd /var/lib/edb/as17; readlink data; readlink data/pg_wal; readlink data/pg_tblspc/*
            """));

        // The row that was never sent is in the kept directory, in its own tablespace, by its own WAL.
        Assert.Equal("1\n42", await cluster.RootAsync("node2", """
            cd /disk; rm -f data.pemha-kept-*/postmaster.pid
            ctl() { runuser -u enterprisedb -- /usr/edb/as17/bin/pg_ctl -s -w -D data.pemha-kept-* "$@" >/dev/null; }
            ctl -l /disk/kept.log -o "-p 5555 -c listen_addresses= -c unix_socket_directories=/disk" start
            runuser -u enterprisedb -- /usr/edb/as17/bin/psql -XAtq -h /disk -p 5555 -d postgres -c 'SELECT n FROM ours ORDER BY n'
            ctl -m fast stop
            """));
        var again = await cluster.PowerShellAsync(Initialize);
        Assert.Contains("Initialize-PemReplica 0", again.Lines);
        Assert.Contains("/disk/data.pemha-kept-", again.ToString(), StringComparison.Ordinal);
        Assert.Contains("holds what -Force replaced", again.ToString(), StringComparison.Ordinal);
    }

    async Task RefusedAsync(string reason)
    {
        var report = await cluster.PowerShellAsync(Initialize);
        var error = Assert.Single(report.Errors);
        Assert.Equal(("DataNotDisposable", "node2"), (error.Id, error.Host));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("-Force", error.Remedy, StringComparison.Ordinal);
        Assert.Equal(["node1", "Initialize-PemReplica 0"], report.Lines);
    }

    async Task StreamsAsync()
    {
        const string standbys = "SELECT host(client_addr), state FROM pg_stat_replication";
        // PemHa waits until the standby says so; the primary may still call it catching up.
        await ProcedureLab.UntilAsync("one standby that streams", () => cluster.SqlAsync("node1", standbys), said => said == "172.16.161.201|streaming");
        Assert.Equal("t", await cluster.SqlAsync("node2", "SELECT pg_is_in_recovery()"));
        Assert.Equal("data", await cluster.RootAsync("node2", "cd /var/lib/edb/as17; ls -d data data.pemha-old* data.pemha-part 2>/dev/null || :"));
    }
}
