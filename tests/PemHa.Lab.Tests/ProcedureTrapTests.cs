using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>PemHa's answers to traps of the page whose own trouble the Page tests show.</summary>
[Collection(TrapTests.Name)]
public sealed class ProcedureTrapTests(TrapCluster cluster)
{
    const string Vip = ProcedureLab.VirtualIp;
    const string Status = "/usr/edb/efm-5.2/bin/efm cluster-status efm || :";
    const string Started = "SELECT pg_postmaster_start_time()";
    const string Recovery = "SELECT pg_is_in_recovery()";

    [Fact]
    [Spec("P10", "T2")]
    public async Task A_setting_that_only_needs_a_reload_restarts_nothing()
    {
        await cluster.DeployedAsync();
        var (primary, _) = await cluster.RolesAsync();
        await cluster.RootAsync(primary, """
            sed -i 's/^wal_keep_size = .*/wal_keep_size = 400/' /var/lib/edb/as17/data/postgresql.conf
            systemctl reload edb-as-17
            """);
        await ProcedureLab.UntilAsync("400 MB", () => cluster.SqlAsync(primary, "SHOW wal_keep_size"), v => v == "400MB");
        var started = await cluster.SqlAsync(primary, Started);
        await PowerShellAsync("$nodes | Enable-PemReplication -Credential $repl");
        Assert.Equal("500MB", await cluster.SqlAsync(primary, "SHOW wal_keep_size"));
        Assert.Equal(started, await cluster.SqlAsync(primary, Started));
    }

    [Fact]
    [Spec("P11", "T3")]
    public async Task Any_password_finds_its_way_through_pgpass()
    {
        await cluster.DeployedAsync();
        Assert.Contains(':', TrapCluster.ReplicationPassword);
        Assert.Contains('\\', TrapCluster.ReplicationPassword);
        var (primary, standby) = await cluster.RolesAsync();
        Assert.Equal("1", await cluster.SqlAsync(primary, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"));
        foreach (var address in new[] { "172.16.161.200", "172.16.161.201" })
        {
            await cluster.RootAsync(standby, $"""
                runuser -u enterprisedb -- env HOME=/var/lib/edb /usr/edb/as17/bin/psql -Xw -c IDENTIFY_SYSTEM \
                    'host={address} port=5444 user=repl dbname=replication replication=true sslmode=require'
                """);
        }
        await cluster.RootAsync(standby, "grep -c '^172.*:a\\\\:b\\\\\\\\c d' /var/lib/edb/.pgpass | grep -x 2");
    }

    [Fact]
    [Spec("P12", "T5")]
    public async Task The_base_backup_does_not_wait_for_a_checkpoint_and_tells_how_far_it_is()
    {
        var said = (await cluster.DeployedAsync()).Replica;
        Assert.True(said.Errors.Count == 0 && said.Lines.Contains("node2"), said.ToString());
        // Percent of the whole, seconds gone, what the primary is doing, bytes sent.
        const string record = @"PROGRESS: Initialize-PemReplica node2: base backup: create standby in \S+ \(\d+ s, streaming database files, (\d+ (?:MB|kB))\) (\d+)%";
        var seen = Regex.Matches(said.ToString(), record);
        Assert.True(seen.Count >= 2, said.ToString());
        int[] kilobytes = [.. seen.Select(m => m.Groups[1].Value.Split(' ')).Select(w => int.Parse(w[0], CultureInfo.InvariantCulture) * (w[1] == "MB" ? 1024 : 1))];
        int[] percents = [.. seen.Select(m => int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture))];
        Assert.True(percents[0] > 0 && percents[^1] < 100, said.ToString());
        Assert.Equal(percents.Order(), percents);
        Assert.Equal(kilobytes.Order(), kilobytes);
        Assert.True(percents.Distinct().Count() > 1, said.ToString());
        Assert.DoesNotContain("waiting for checkpoint", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P24", "T14")]
    public async Task A_copy_of_the_primary_gets_a_key_and_a_certificate_of_its_own()
    {
        await cluster.DeployedAsync();
        var (primary, standby) = await cluster.RolesAsync();
        var address = (await cluster.LabAsync())[standby].Address;
        const string hash = "sha256sum < /var/lib/edb/as17/data/server.key";
        var proof = $"openssl s_client -starttls postgres -connect {address}:5444 -CAfile /etc/pki/pemha/root.crt "
            + $"-verify_ip {address} -verify_return_error </dev/null >/dev/null 2>&1 && echo own || echo foreign";

        await cluster.RootAsync(standby, "systemctl stop edb-efm-5.2 edb-as-17");
        await PowerShellAsync("$nodes | Initialize-PemReplica -Force -Confirm:$false");
        Assert.Equal(await cluster.RootAsync(primary, hash), await cluster.RootAsync(standby, hash));
        Assert.Equal("foreign", await cluster.RootAsync(primary, proof));

        await PowerShellAsync("$nodes | New-PemCertificate @authority | Set-PemSsl");
        Assert.NotEqual(await cluster.RootAsync(primary, hash), await cluster.RootAsync(standby, hash));
        Assert.Equal("own", await cluster.RootAsync(primary, proof));
        await cluster.RootAsync(standby, "systemctl start edb-efm-5.2");
        await WellAsync();
    }

    [Fact]
    [Spec("P14", "P28", "T12", "T15")]
    public async Task A_connection_that_leaves_with_the_virtual_IP_is_let_in()
    {
        await cluster.DeployedAsync();
        var lab = await cluster.LabAsync();
        var (primary, standby) = await cluster.RolesAsync();
        string own = $"{lab[primary].Address}/24", vip = $"{Vip}/24";
        await cluster.RootAsync(primary, PageCluster.Upside(own, vip));
        try
        {
            Assert.Contains($" src {Vip} ", await cluster.RootAsync(primary, $"ip route get {lab[standby].Address}"), StringComparison.Ordinal);
            Assert.Equal("efm", (await lab.SshAsync(primary, $"""
                read -r PGPASSWORD; export PGPASSWORD
                /usr/edb/as17/bin/psql -XAtw -c 'SELECT current_user' 'host={lab[standby].Address} port=5444 user=efm dbname=edb sslmode=require'
                """, cluster.Secrets()["efm"] + "\n", ProcedureLab.Cancellation)).Check("The login").Stdout.Trim());
        }
        finally
        {
            await cluster.RootAsync(primary, PageCluster.Upside(vip, own));
        }
        await WellAsync();
    }

    [Fact]
    [Spec("P25", "P28", "T16")]
    public async Task Lines_become_hostssl_only_where_the_server_proves_that_it_speaks_TLS()
    {
        await cluster.DeployedAsync();
        var (_, standby) = await cluster.RolesAsync();
        // "ssl = on" that was read, and a key that was not.
        await cluster.RootAsync(standby, """
            systemctl stop edb-efm-5.2
            cd /var/lib/edb/as17/data
            sed -i 's/^ssl = on/ssl = off/' postgresql.conf; systemctl restart edb-as-17
            chown root:root server.key; sed -i 's/^ssl = off/ssl = on/' postgresql.conf; systemctl reload edb-as-17
            sed -i -E 's/^hostssl (replication|edb)/host \1/' pg_hba.conf
            """);
        await ProcedureLab.UntilAsync("ssl", () => cluster.SqlAsync(standby, "SHOW ssl"), s => s == "on");
        const string rules = "sha256sum < /var/lib/edb/as17/data/pg_hba.conf";
        var before = await cluster.RootAsync(standby, rules);
        var report = await TryAsync("$nodes | Set-PemHba");
        Assert.Equal([("ChangeFailed", standby)], report.Errors.Select(e => (e.Id, e.Host)));
        Assert.Contains("it speaks no TLS", report.Errors[0].Message, StringComparison.Ordinal);
        Assert.Equal(before, await cluster.RootAsync(standby, rules));
        report = await TryAsync("$nodes | Set-PemSsl");
        Assert.Equal([("ChangeFailed", standby)], report.Errors.Select(e => (e.Id, e.Host)));
        Assert.Contains("TLS handshake", report.Errors[0].Message, StringComparison.Ordinal);

        await cluster.RootAsync(standby, """
            chown enterprisedb:enterprisedb /var/lib/edb/as17/data/server.key; systemctl reload edb-as-17
            """);
        await PowerShellAsync("$nodes | Set-PemSsl | Set-PemHba");
        await cluster.RootAsync(standby, "systemctl start edb-efm-5.2; ! grep -qE '^host (replication|edb) ' /var/lib/edb/as17/data/pg_hba.conf");
        await WellAsync();
    }

    [Fact]
    [Spec("P29", "T17")]
    public async Task A_rolling_restart_stops_at_a_standby_that_does_not_come_back()
    {
        await cluster.DeployedAsync();
        var (primary, standby) = await cluster.RolesAsync();
        var started = await cluster.SqlAsync(primary, Started);
        await cluster.RootAsync(standby, "echo 'no_such_setting = 1' >> /var/lib/edb/as17/data/postgresql.conf");
        var report = await TryAsync("$nodes | Invoke-PemRollingRestart -Force -Confirm:$false");
        var error = Assert.Single(report.Errors);
        Assert.Equal(("ChangeFailed", standby), (error.Id, error.Host));
        Assert.Equal(started, await cluster.SqlAsync(primary, Started));
        Assert.Equal("active", await cluster.RootAsync(primary, "systemctl is-active edb-efm-5.2"));

        // A standby that is down already, and the primary whose only standby is gone.
        report = await TryAsync("$nodes | Invoke-PemRollingRestart -Force -Confirm:$false");
        Assert.Equal([("ClusterUnhealthy", standby)], report.Errors.Select(e => (e.Id, e.Host)));
        Assert.Equal(started, await cluster.SqlAsync(primary, Started));

        await cluster.RootAsync(standby, """
            sed -i /no_such_setting/d /var/lib/edb/as17/data/postgresql.conf
            systemctl start edb-as-17
            """);
        await WellAsync();
    }

    [Fact]
    [Spec("P21", "P22", "T13", "F5", "F6")]
    public async Task A_node_that_boots_comes_back_by_itself_and_never_as_a_second_primary()
    {
        await cluster.DeployedAsync();
        var lab = await cluster.LabAsync();
        var (old, next) = await cluster.RolesAsync();
        var timeline = await cluster.SqlAsync(old, "SELECT timeline_id FROM pg_control_checkpoint()");

        // A standby and then the primary are shut down and started: nobody fails over, nobody has to resume anything.
        foreach (var host in new[] { next, old })
        {
            await lab.PowerOffAsync(host, ProcedureLab.Cancellation);
            await lab.PowerOnAsync(host, ProcedureLab.Cancellation);
            await WellAsync();
            await AgentWasFirstAsync(host);
        }
        Assert.Equal((old, next), await cluster.RolesAsync());
        Assert.Equal(timeline, await cluster.SqlAsync(old, "SELECT timeline_id FROM pg_control_checkpoint()"));
        Assert.Equal("1", await HoldsAsync(old));

        // The primary is lost, and the standby takes over.
        await lab.PowerCutAsync(old, ProcedureLab.Cancellation);
        await ProcedureLab.UntilAsync($"{next} takes writes", () => cluster.SqlAsync(next, Recovery), r => r == "f");
        await ProcedureLab.UntilAsync("the virtual IP", () => HoldsAsync(next), n => n == "1");

        // It boots where its agent can reach nobody: its database stays down, and says why.
        await lab.LinkAsync(old, up: false, ProcedureLab.Cancellation);
        await lab.PowerOnAsync(old, ProcedureLab.Cancellation);
        Assert.True(await Wait.UntilAsync(() => Runs(old, "__agent efm"), TimeSpan.FromSeconds(60), ProcedureLab.Cancellation));
        while (Runs(old, "__agent efm"))
        {
            Assert.False(Runs(old, "edb-postgres"), "The database has started while the agent was still looking.");
            await Task.Delay(20, ProcedureLab.Cancellation);
        }
        await lab.LinkAsync(old, up: true, ProcedureLab.Cancellation);
        await lab.WaitRunningAsync(old, ProcedureLab.Cancellation);
        Assert.Equal("failed\nfailed", await cluster.RootAsync(old, "systemctl is-active edb-efm-5.2 edb-as-17 || :"));
        Assert.Contains("edb-efm-5.2 did not start, so another primary may have taken over unseen",
            await cluster.UnitLogAsync(old, "edb-as-17"), StringComparison.Ordinal);

        // It boots again where its agent sees the new primary: fenced, and idle.
        await lab.PowerOffAsync(old, ProcedureLab.Cancellation);
        await lab.PowerOnAsync(old, ProcedureLab.Cancellation);
        await lab.WaitRunningAsync(old, ProcedureLab.Cancellation);
        Assert.Equal("active\nfailed", await cluster.RootAsync(old, "systemctl is-active edb-efm-5.2 edb-as-17 || :"));
        await cluster.RootAsync(old, "test -e /var/lib/edb/as17/data/recovery.conf");
        await AgentWasFirstAsync(old);
        Assert.Equal(("f", "1", "0"), (await cluster.SqlAsync(next, Recovery), await HoldsAsync(next), await HoldsAsync(old)));
        Assert.Matches($@"Idle +{Regex.Escape(lab[old].Address)} +UNKNOWN", await cluster.RootAsync(next, Status));

        // It is rebuilt as a standby, which its agent takes under watch by itself (P22).
        await PowerShellAsync("$nodes | Initialize-PemReplica -Force -Confirm:$false | New-PemCertificate @authority | Set-PemSsl");
        await WellAsync();
        Assert.Equal((next, old), await cluster.RolesAsync());
    }

    [Fact]
    [Spec("T13")]
    public async Task The_boot_order_can_be_declined_and_comes_back()
    {
        await cluster.DeployedAsync();
        const string after = "systemctl show -p After --value edb-as-17 | tr ' ' '\\n' | grep -c '^edb-efm-5.2.service$' || :";
        const string efm = "New-PemEfmCluster -Credential $efm -Property $properties -AutoResumeStartupPeriod 2";
        Assert.Equal("1", await cluster.RootAsync("node2", after));
        await PowerShellAsync($"$nodes | {efm} -BootGuard None");
        Assert.Equal("0", await cluster.RootAsync("node2", after));
        await cluster.RootAsync("node2", "! test -e /etc/systemd/system/edb-as-17.service.d");
        await PowerShellAsync($"$nodes | {efm}");
        Assert.Equal("1", await cluster.RootAsync("node2", after));
        var report = await PowerShellAsync($"$nodes | {efm}\nforeach ($step in $cluster.Steps) {{ \"$($step.Step) $($step.ChangeCount)\" }}");
        Assert.Contains("New-PemEfmCluster 0", report.Lines);
    }

    [Fact]
    [Spec("T20")]
    public async Task An_odd_number_of_agents_is_not_warned_about_and_an_even_one_is()
    {
        var rest = (await cluster.DeployedAsync()).Rest;
        Assert.DoesNotContain("WARNING", rest.ToString(), StringComparison.Ordinal);
        var report = await TryAsync("""
            $nodes | Disconnect-PemHost
            $even = New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.1
            $nodes = New-PemHost 172.16.161.200 Primary -Cluster $even -Name node1
            $nodes = @($nodes; New-PemHost 172.16.161.201 Standby -Cluster $even -Name node2)
            $nodes | Connect-PemHost @login | New-PemEfmCluster -Credential $efm -WhatIf
            """);
        Assert.Contains("2 EFM agents are an even number", report.ToString(), StringComparison.Ordinal);
        Assert.Contains("describe a witness as well", report.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Every agent and database is where it belongs.</summary>
    Task WellAsync() => ProcedureLab.UntilAsync("a healthy cluster", () => cluster.RootAsync("witness1", Status), s =>
        Regex.IsMatch(s, $@"Primary +172\.16\.161\.20[01] +UP +{Regex.Escape(Vip)}\*\n") && Regex.IsMatch(s, @"Standby +172\.16\.161\.20[01] +UP ")
        && Regex.IsMatch(s, @"Witness +172\.16\.161\.203|Witness +172\.16\.161\.202"));

    /// <summary>In this boot the agent had started before anybody tried to start the database.</summary>
    async Task AgentWasFirstAsync(string host)
    {
        var times = (await cluster.RootAsync(host, """
            systemctl show -p ActiveEnterTimestampMonotonic --value edb-efm-5.2
            systemctl show -p ExecMainStartTimestampMonotonic --value edb-as-17
            """)).Split('\n').Select(t => long.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(times[0] > 0 && times[0] <= times[1], $"{host}: agent at {times[0]} µs, database at {times[1]} µs.");
    }

    Task<string> HoldsAsync(string host) => cluster.RootAsync(host, $"ip -o addr | grep -cF ' {Vip}/' || :");

    bool Runs(string host, string text) => cluster.CommandLines(host).Any(l => l.Contains(text, StringComparison.Ordinal));

    async Task<ProcedureReport> PowerShellAsync(string pipeline)
    {
        var report = await TryAsync(pipeline);
        Assert.True(report.Errors.Count == 0, report.ToString());
        return report;
    }

    Task<ProcedureReport> TryAsync(string script) =>
        cluster.PowerShellAsync($"{TrapCluster.Steps}\n$nodes = $hosts | Connect-PemHost @login\nReport {{\n{script}\n}}");
}
