using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Two data nodes and a witness. The databases are somebody else's work.</summary>
public sealed class ExistingHosts : ProcedureLab
{
    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 1 };
}

/// <summary>
/// Hosts on which somebody else's process has made a database and a standby by hand, with files as one finds them: PemHa adopts what is
/// there, and keeps what is not its own byte for byte.
/// </summary>
public sealed class ProcedureExistingHostsTests(ExistingHosts cluster) : IClassFixture<ExistingHosts>
{
    const string Data = "/var/lib/edb/as17/data";

    static readonly string[] DataNodes = ["node1", "node2"];

    /// <summary>What PemHa does not own, without our blocks.</summary>
    static readonly string[] Files =
        [$"{Data}/pg_hba.conf", $"{Data}/postgresql.conf", $"{Data}/extra.conf", $"{Data}/conf.d/10-mine.conf", $"{Data}/more hba.conf", $"{Data}/hba.d/01.conf", $"{Data}/sales_users", "/var/lib/edb/.pgpass"];

    const string Prepare = $$"""
        $with = @{
            Replication = New-PemCredential repl -Path $state; Efm = New-PemCredential efm -Path $state
            SuperUser = New-PemCredential pemsuper -Path $state
            AuthorityPath = "$state/ca"; AuthorityPassword = (New-PemCredential authority -Path $state).Password
            EfmProperty = {{ProcedureLab.Timings}}
        }
        $nodes = $hosts | Connect-PemHost @login
        function Steps { foreach ($step in $cluster.Steps) { "$($step.Step) $($step.ChangeCount)" } }

        """;

    /// <summary>Settings of their own taste: CRLF, duplicates, includes, no end of the last line.</summary>
    const string MakePrimary = $$"""
        dnf -qy install edb-as17-server >/dev/null
        cd /var/lib/edb
        cat > .bashrc-of-theirs <<'E'
        as_owner() { runuser -u enterprisedb -- env HOME=/var/lib/edb "$@"; }
        query() { as_owner /usr/edb/as17/bin/psql -XAtq -v ON_ERROR_STOP=1 -p 5444 -d "$1"; }
        E
        . ./.bashrc-of-theirs
        printf '*:*:*:monitor:theirs' > .pgpass; chown enterprisedb:enterprisedb .pgpass; chmod 600 .pgpass
        install -d -m 700 -o enterprisedb -g enterprisedb as17 {{Data}}
        as_owner /usr/lib/postgresql/17/bin/initdb -D {{Data}} -U enterprisedb --auth=peer --data-checksums --wal-segsize=32 --locale=C.UTF-8 >/dev/null
        cd {{Data}}
        cat >> postgresql.conf <<'E'
        # by hand
        port = 5432
        port = 5444
        unix_socket_directories = '/tmp'
        work_mem = 8MB
        include 'extra.conf'
        include_if_exists 'nothing.conf'
        include_dir 'conf.d'
        wal_level = 'logical'
        E
        printf "work_mem = '12MB' # the last one counts" >> postgresql.conf
        sed -i 's/$/\r/' postgresql.conf; truncate -s -1 postgresql.conf
        mkdir conf.d hba.d
        printf "listen_addresses = '127.0.0.1, %s'\n" 172.16.161.200 > extra.conf
        printf 'max_wal_senders = 7\nmax_wal_senders = 8\n' > conf.d/10-mine.conf
        printf 'app_owner, "Odd One"\n' > sales_users
        printf 'host edb monitor 10.8.0.0/24 md5\n' > hba.d/01.conf
        printf 'hostnossl all all 10.7.0.0/24 reject' > 'more hba.conf'
        cat > pg_hba.conf <<'E'
        # by hand
        local all all peer
        include_if_exists nothing_hba.conf
        include "more hba.conf"
        include_dir hba.d
        host "sales" \
            @sales_users \
            10.9.0.0/16 scram-sha-256
        host all "app_owner" samenet scram-sha-256
        host replication streamer 172.16.161.201/32 scram-sha-256
        E
        printf 'host all all 127.0.0.1/32 md5' >> pg_hba.conf
        sed -i 's/$/\r/' pg_hba.conf; truncate -s -1 pg_hba.conf
        chown -R enterprisedb:enterprisedb .
        as_owner /usr/edb/as17/bin/pg_ctl -D {{Data}} -w -l /var/lib/edb/theirs.log start >/dev/null
        query postgres <<'SQL'
        CREATE DATABASE edb; CREATE DATABASE sales;
        CREATE ROLE app_owner LOGIN PASSWORD 'app'; CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE ROLE "Odd One";
        CREATE ROLE streamer LOGIN REPLICATION PASSWORD 'str:eam';
        CREATE ROLE repl VALID UNTIL '2001-01-01'; CREATE ROLE efm LOGIN PASSWORD 'someones';
        ALTER SYSTEM SET max_replication_slots = 5; ALTER SYSTEM SET wal_keep_size = '1GB';
        SELECT pg_reload_conf() \g /dev/null
        \connect sales
        CREATE TABLE orders AS SELECT n, 'order ' || n AS text FROM generate_series(1, 1000) n;
        ALTER TABLE orders OWNER TO efm; CHECKPOINT;
        SQL
        """;

    /// <summary>A standby that streams from the primary's name, as a role of its own and with a slot.</summary>
    const string MakeStandby = $$"""
        dnf -qy install edb-as17-server >/dev/null
        printf '*:*:*:monitor:theirs\nnode1.lab:5444:*:streamer:str\\:eam\n' > /var/lib/edb/.pgpass
        chown enterprisedb:enterprisedb /var/lib/edb/.pgpass; chmod 600 /var/lib/edb/.pgpass
        install -d -m 700 -o enterprisedb -g enterprisedb /var/lib/edb/as17
        runuser -u enterprisedb -- env HOME=/var/lib/edb /usr/edb/as17/bin/pg_basebackup -h node1.lab -p 5444 -U streamer -D {{Data}} -R -C -S by_hand --checkpoint=fast
        sed -i s/172.16.161.200/172.16.161.201/ {{Data}}/extra.conf
        touch {{Data}}/same
        systemctl -q enable --now edb-as-17
        """;

    [Fact]
    [Spec("P4", "P7", "P8", "P9", "P11", "P12", "P14", "P26", "T2", "T4", "T6")]
    public async Task What_somebody_else_has_built_is_adopted_and_kept()
    {
        await cluster.RootAsync("node1", MakePrimary);
        var system = await cluster.SqlAsync("node1", "SELECT system_identifier FROM pg_control_system()");
        await StrayAsync();
        await cluster.RootAsync("node2", MakeStandby);
        await ProcedureLab.UntilAsync("their standby", () => cluster.SqlAsync("node2", "SELECT status || ' ' || sender_host FROM pg_stat_wal_receiver"),
            s => s == "streaming node1.lab");
        var kept = await Task.WhenAll(DataNodes.Select(KeptAsync));
        var users = await cluster.SqlAsync("node1", OtherRoles);

        await OverriddenAsync(kept);
        await cluster.SqlAsync("node1", "ALTER SYSTEM RESET max_replication_slots");
        await cluster.SqlAsync("node2", "ALTER SYSTEM RESET max_replication_slots");
        var deployed = await RunAsync("""
            Report { $nodes | Install-PemCluster @with -Confirm:$false }; Steps
            foreach ($c in $nodes[1].Changes) { "$($c.Action) $($c.Resource)" }
            """);
        // Started, at most, when the restart of its primary had cut it off for a moment.
        Assert.DoesNotContain($"create standby in {Data}", deployed.Lines);
        Assert.Contains("node2: its standby replicates as streamer, not as repl", deployed.ToString(), StringComparison.Ordinal);

        // The same databases with the same rows, under the same number; the standby is the one that was there.
        foreach (var host in DataNodes)
        {
            Assert.Equal(system, await cluster.SqlAsync(host, "SELECT system_identifier FROM pg_control_system()"));
            Assert.Equal("1000|efm", await cluster.SqlAsync(host, "SELECT count(*), (SELECT tableowner FROM pg_tables WHERE tablename = 'orders') FROM orders", "sales"));
            // P8: at least what replication needs; more stays.
            Assert.Equal("logical|10|1GB|10|*|12MB|on", await cluster.SqlAsync(host, """
                SELECT current_setting('wal_level'), current_setting('max_wal_senders'), current_setting('wal_keep_size'),
                    current_setting('max_replication_slots'), current_setting('listen_addresses'), current_setting('work_mem'), current_setting('data_checksums')
                """));
            Assert.Equal("0", await cluster.SqlAsync(host, "SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL"));
        }
        await cluster.RootAsync("node2", $"test -e {Data}/same && test \"$(ls -d {Data}*)\" = {Data}");
        Assert.Equal("by_hand|t|streamer|t", await cluster.SqlAsync("node1", """
            SELECT slot_name, active, usename, ssl FROM pg_replication_slots s JOIN pg_stat_replication r ON r.pid = s.active_pid JOIN pg_stat_ssl USING (pid)
            """));
        Assert.Equal(users, await cluster.SqlAsync("node1", OtherRoles));
        Assert.Equal("efm|t|f\nrepl|t|t", await cluster.SqlAsync("node1",
            "SELECT rolname, rolcanlogin, rolreplication FROM pg_roles WHERE rolname IN ('repl', 'efm') AND coalesce(rolvaliduntil, 'infinity') > now() ORDER BY 1"));
        Assert.Equal(kept, await Task.WhenAll(DataNodes.Select(KeptAsync)));

        await AgainAsync();
        await ShadowedAsync();
    }

    /// <summary>Roles that PemHa has no business with.</summary>
    const string OtherRoles = """
        SELECT rolname, rolpassword, rolvaliduntil, rolsuper, rolreplication FROM pg_authid
        WHERE rolname IN ('app_owner', 'monitor', 'Odd One', 'streamer', 'enterprisedb') ORDER BY 1
        """;

    /// <summary>A server that was started by hand is no service's.</summary>
    async Task StrayAsync()
    {
        var stray = await RunAsync("Report { $nodes | Install-PemEpas }", errors: 1);
        Assert.Equal(("ServiceDiffers", "node1"), (stray.Errors[0].Id, stray.Errors[0].Host));
        Assert.Contains("pg_ctl stop", stray.Errors[0].Remedy, StringComparison.Ordinal);
        await cluster.RootAsync("node1", $"""
            . /var/lib/edb/.bashrc-of-theirs
            as_owner /usr/edb/as17/bin/pg_ctl -D {Data} -w stop >/dev/null
            systemctl -q enable --now edb-as-17
            """);
    }

    /// <summary>postgresql.auto.conf wins over every line of ours, and is told of before one is written.</summary>
    async Task OverriddenAsync(string[] kept)
    {
        var overridden = await RunAsync("Report { $nodes | Install-PemCluster @with -StopAfter Enable-PemReplication -Confirm:$false }", errors: null);
        Assert.Equal(["node1", "node2"], overridden.Errors.Select(e => e.Host).Order(StringComparer.Ordinal));
        Assert.All(overridden.Errors, e =>
        {
            Assert.Equal("SettingOverridden", e.Id);
            Assert.Matches($"max_replication_slots is 5 on node., not 10: set by {Data}/postgresql.auto.conf line [0-9]+", e.Message);
            Assert.Contains("ALTER SYSTEM RESET max_replication_slots", e.Remedy, StringComparison.Ordinal);
        });
        Assert.Equal(kept, await Task.WhenAll(DataNodes.Select(KeptAsync)));
        await cluster.RootAsync("node1", $"! grep -q PemHa {Data}/postgresql.conf {Data}/pg_hba.conf");
    }

    async Task AgainAsync()
    {
        var before = await cluster.SnapshotAsync();
        var again = await RunAsync("Report { $nodes | Install-PemCluster @with -Confirm:$false }; Steps");
        Assert.Equal(11, again.Lines.Count(l => l.EndsWith(" 0", StringComparison.Ordinal)));
        Assert.DoesNotContain(again.Lines, l => l.Contains(' ', StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal));
        ProcedureLab.AssertSame(before, await cluster.SnapshotAsync());
    }

    /// <summary>A line above ours decides before ours: whom it keeps out is an error, on a standby too, where nobody would notice before a failover (T6).</summary>
    async Task ShadowedAsync()
    {
        await cluster.RootAsync("node2", $"sed -i '1i host all,replication all all reject' {Data}/pg_hba.conf");
        var before = await cluster.SnapshotAsync();
        var report = await RunAsync("""
            Report { $nodes | Enable-PemReplication -Credential $with.Replication }
            Report { $nodes | Set-PemHba }
            Report { $nodes | New-PemEfmCluster -Credential $with.Efm -DatabaseOnly }
            """, errors: 3);
        Assert.All(report.Errors, e =>
        {
            Assert.Equal(("HbaShadowed", "node2"), (e.Id, e.Host));
            Assert.Contains($"line 1 of {Data}/pg_hba.conf (host all,replication all all reject) comes before PemHa's rules", e.Message, StringComparison.Ordinal);
        });
        ProcedureLab.AssertSame(before, await cluster.SnapshotAsync());

        // Another way in is told of, and theirs to decide.
        await cluster.RootAsync("node2", $"sed -i -e 1d -e '2i hostssl edb efm 172.16.161.0/24 md5' {Data}/pg_hba.conf; systemctl reload edb-as-17");
        report = await RunAsync("Report { $nodes | New-PemEfmCluster -Credential $with.Efm -DatabaseOnly }; Steps");
        Assert.Contains("New-PemEfmCluster 0", report.Lines);
        Assert.Contains("(hostssl edb efm 172.16.161.0/24 md5) comes before PemHa's rules and decides", report.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Their files as they are, our blocks cut out; a last line without its end may have got one.</summary>
    async Task<string> KeptAsync(string host) => await cluster.RootAsync(host, $$"""
        for f in {{string.Join(' ', Files.Select(f => $"'{f}'"))}}; do
            [ ! -f "$f" ] || { echo "$f $(stat -c '%a %U:%G' "$f")"; sed '/^# BEGIN PemHa/,/^# END PemHa/d' "$f" | sed '$s/\r$//' | sed '$a\' | sha256sum; }
        done
        """);

    async Task<ProcedureReport> RunAsync(string script, int? errors = 0)
    {
        var report = await cluster.PowerShellAsync(Prepare + script);
        if (errors is { } expected)
            Assert.True(report.Errors.Count == expected, report.ToString());
        return report;
    }
}
