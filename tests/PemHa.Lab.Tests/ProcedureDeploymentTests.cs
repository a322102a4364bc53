using PemHa.Engine;
using PemHa.Engine.Postgres;
using PemHa.Engine.State;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Two data nodes and a witness with hardly anything as the packages have it: names, ports, directories.</summary>
public sealed class OddCluster : ProcedureLab
{
    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 1, Zone = "internal" };

    Task<ProcedureReport>? _deployed, _operated;

    /// <summary>
    /// Planned, deployed in two parts, and planned again by the commands for the whole procedure; next to the package's
    /// own database, which has other contents.
    /// </summary>
    internal Task<ProcedureReport> DeployedAsync() => _deployed ??= DeployAsync();

    async Task<ProcedureReport> DeployAsync()
    {
        await Task.WhenAll(RootAsync("node1", SqlTexts.Watch), RootAsync("node2", SqlTexts.Watch));
        await RootAsync("node1", """
            dnf -qy install edb-as17-server >/dev/null
            /usr/edb/as17/bin/edb-as-17-setup initdb
            systemctl enable --now edb-as-17
            """);
        return await PowerShellAsync(Described + Deploy);
    }

    /// <summary>The cluster in <c>$cluster</c>, its hosts in <c>$nodes</c>.</summary>
    internal const string Described = """
        $cluster = New-PemCluster acctg -VirtualIp 172.16.161.245 -PingServer 172.16.161.1 `
            -MonitoredSubnet 172.16.161.0/24, 10.1.0.0/16 -Port 5555 -EfmPort 7900 -FirewallZone internal `
            -DataDirectory /srv/pg/main -ServiceName pem-db -AgentUser agents -JournalPath "$state/journal.jsonl"
        $nodes = foreach ($h in $hosts) { New-PemHost $h.Address $h.Role -Cluster $cluster -Name $h.Name }
        $nodes = $nodes | Connect-PemHost @login

        """;

    /// <summary>
    /// Deployed, then both databases restarted and everything checked again, which changes nothing.
    /// </summary>
    internal Task<ProcedureReport> OperatedAsync() => _operated ??= OperateAsync();

    async Task<ProcedureReport> OperateAsync()
    {
        await DeployedAsync();
        var report = await PowerShellAsync(Described + """
            Report { $nodes | Invoke-PemRollingRestart -Force -Confirm:$false }
            Report { $nodes | Test-PemPrerequisite | Where-Object State -eq Failed }
            """);
        Assert.True(report.Errors.Count == 0 && report.Lines.Count == 3, report.ToString());
        return report;
    }

    /// <summary>The data nodes as the engine knows them.</summary>
    internal static (PemHost First, PemHost Second) Nodes()
    {
        var cluster = new PemCluster("acctg", VirtualIp)
        {
            Port = 5555,
            DataDirectory = "/srv/pg/main",
            ServiceName = "pem-db",
        };
        return (
            new PemHost(cluster, "172.16.161.200", PemRole.Primary),
            new PemHost(cluster, "172.16.161.201", PemRole.Standby));
    }

    const string Deploy = $$"""
        function Secret($user, $text) {
            $secret = [securestring]::new()
            foreach ($c in $text.ToCharArray()) { $secret.AppendChar($c) }
            [pscredential]::new($user, $secret)
        }
        $with = @{
            Replication = Secret repl ' it''s "a:b\c" $HOME `id` @%é€ '
            Efm = Secret efm ('\$''"`:@% é' * 10)
            SuperUser = Secret pemsuper 'a\\b $(id) ''"`:@%/?#é; x'
            UserSettings = Secret pem_user_settings 'x'
            AuthorityPath = "$state/ca"; AuthorityPassword = (New-PemCredential authority -Path $state).Password
            EfmProperty = {{ProcedureLab.Timings}}
        }
        function Tell($kind, $changes) { foreach ($c in $changes) { "$kind $($c.HostName): $($c.Step) $($c.Resource)" } }
        Report {
            Tell planned ($nodes | Get-PemPlan @with)
            "authority $([System.IO.File]::Exists("$state/ca/ca_key.key"))"
            foreach ($h in ($nodes | Install-PemCluster @with -StopAfter set-pemhba -Confirm:$false)) { "part $h" }
            "steps $($cluster.Steps.Count)"
            foreach ($h in ($nodes | Install-PemCluster @with -StartAt Invoke-PemRollingRestart -Confirm:$false)) { "whole $h" }
            foreach ($h in $nodes) { Tell done $h.Changes }
            Tell again ($nodes | Get-PemPlan @with)
            foreach ($n in ($nodes | Get-PemClusterStatus)) { "status $($n.Name) $($n.Role) $($n.Database) $($n.VirtualIp) $($n.Finding.Count)" }
            $nodes | Get-PemPlan @with -StartAt Set-PemSsl -StopAfter Install-PemEpas
        }
        """;
}

/// <summary>The commands for the whole procedure, on a cluster that is described down to its last name.</summary>
public sealed class ProcedureDeploymentTests(OddCluster cluster) : IClassFixture<OddCluster>
{
    [Fact]
    [Spec("P3", "P4", "P5", "P16", "P17", "P19", "P38", "T11")]
    public async Task It_is_built_under_other_names_ports_and_directories()
    {
        var report = await cluster.DeployedAsync();
        Assert.True(report.Errors.Count == 1, report.ToString());
        Assert.Equal(["status node1 Primary UP True 0", "status node2 Standby UP False 0", "status witness1 Witness N/A False 0"],
            report.Lines.Where(l => l.StartsWith("status ", StringComparison.Ordinal)));
        Assert.Equal("/srv/pg/main 5555", await cluster.RootAsync("node2", """
            set -- $(sed -n '2p;4p' /srv/pg/main/postmaster.pid); echo $1 $2
            """));
        Assert.Equal("virtual.ip.interface=eth0\nvirtual.ip.prefix=24\nbind.address=172.16.161.201:7900", await cluster.RootAsync("node2",
            "cd /etc/edb/efm-5.2; grep -e ^virtual.ip.interface= -e ^virtual.ip.prefix= acctg.properties; grep ^bind.address= acctg.properties"));
        Assert.Equal(
            "active inactive",
            await cluster.RootAsync(
                "node2", "echo $(systemctl is-active pem-db; systemctl is-active edb-as-17 || :)"));
        Assert.Contains("hostssl pem +pem_agent 10.1.0.0/16 cert", await cluster.RootAsync("node1", "cat /srv/pg/main/pg_hba.conf"), StringComparison.Ordinal);
        Assert.Equal("5555/tcp 7900/tcp 8443/tcp", await cluster.RootAsync("node1", "firewall-cmd --zone=internal --list-ports"));
        Assert.Equal("", await cluster.RootAsync("node1", "firewall-cmd --zone=public --list-ports"));
    }

    [Fact]
    [Spec("P7", "P11", "P18", "P35", "T3", "F8")]
    public async Task Any_password_works()
    {
        var report = await cluster.DeployedAsync();
        Assert.True(report.Errors.Count == 1, report.ToString());
        // Each is used over the network: by the standby, by every agent of EFM, by the script that configured PEM.
        Assert.Equal("streaming", await cluster.RootAsync("node2",
            "runuser -u enterprisedb -- /usr/edb/as17/bin/psql -h /tmp -p 5555 -qAtX -d postgres -c 'SELECT status FROM pg_stat_wal_receiver'"));
        Assert.Equal("efm pem_user_settings pemsuper repl", await cluster.RootAsync("node1", """
            runuser -u enterprisedb -- /usr/edb/as17/bin/psql -h /tmp -p 5555 -qAtX -d postgres -c "
                SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%'"
            """));
    }

    [Fact]
    [Spec("P29", "T9")]
    public async Task The_plan_lists_what_is_then_done_and_nothing_is_left_of_it()
    {
        var report = await cluster.DeployedAsync();
        var planned = Of(report, "planned");
        Assert.NotEmpty(planned);
        Assert.Contains("authority False", report.Lines);
        Assert.Equal([], Of(report, "done").Except(planned));
        // Only waiting for what has come about already is planned in vain.
        Assert.Equal(["node1: New-PemEfmCluster EFM cluster acctg"], planned.Except(Of(report, "done")).DefaultIfEmpty("node1: New-PemEfmCluster EFM cluster acctg"));
        Assert.Empty(Of(report, "again"));
    }

    [Fact]
    public async Task A_part_of_the_order_can_be_done_alone()
    {
        var report = await cluster.DeployedAsync();
        Assert.Equal(["part node1", "part node2", "part witness1"], report.Lines.Where(l => l.StartsWith("part ", StringComparison.Ordinal)));
        Assert.Contains("steps 7", report.Lines);
        Assert.Equal(["whole node1", "whole node2", "whole witness1"], report.Lines.Where(l => l.StartsWith("whole ", StringComparison.Ordinal)));
        Assert.Equal("StepsUnfit", Assert.Single(report.Errors).Id);
    }

    [Fact]
    [Spec("P4")]
    public async Task The_packages_own_database_lives_on_while_ours_is_stopped_and_started()
    {
        // When a service has stopped, systemd removes the file that PIDFile names.
        await cluster.OperatedAsync();
        await cluster.RootAsync("node1", "test -f /var/lib/edb/as17/data/postmaster.pid");

        // A unit that an earlier version has written is corrected without a restart.
        var before = await cluster.RootAsync("node2", "systemctl show -p MainPID --value pem-db");
        await cluster.RootAsync("node2", """
            sed -i 's|^PIDFile=.*|PIDFile=/var/lib/edb/as17/data/postmaster.pid|' \
                /etc/systemd/system/pem-db.service
            systemctl daemon-reload
            """);
        const string install = OddCluster.Described + """
            Report { $nodes | Install-PemEpas -Confirm:$false }
            "changes $($cluster.Steps[-1].ChangeCount)"
            """;
        var first = await cluster.PowerShellAsync(install);
        Assert.True(first.Errors.Count == 0 && first.Lines.Contains("changes 1"), first.ToString());
        Assert.Contains("changes 0", (await cluster.PowerShellAsync(install)).Lines);
        const string unit = "echo $(systemctl show -p PIDFile --value pem-db; "
            + "systemctl show -p MainPID --value pem-db)";
        Assert.Equal($"/srv/pg/main/postmaster.pid {before}", await cluster.RootAsync("node2", unit));

        // A server checks its own file every minute (B2), so more than a minute has to pass after the stop; most of it
        // has passed by now.
        await cluster.RootAsync("node1", """
            stopped=$(date -d "$(systemctl show -p ActiveEnterTimestamp --value pem-db)" +%s)
            while [ $(( $(date +%s) - stopped )) -lt 65 ]; do systemctl -q is-active edb-as-17; sleep 1; done
            runuser -u enterprisedb -- /usr/edb/as17/bin/psql -h /tmp -p 5444 -XAt -d edb -c 'SELECT 1' | grep -qx 1
            """);
    }

    /// <summary>The SQL in the sources that does not go through <c>sql</c> on standard input.</summary>
    static readonly string[] NotSent =
    [
        // The statement with which sql begins each session; LabServerTests covers it.
        "SELECT 1 FROM pg_settings WHERE context IN ('user', 'superuser') AND CASE",
        // Tests whether a password opens the database; its answer is not read.
        "SELECT 1' 2>&1 </dev/null)",
    ];

    [Fact]
    [Spec("P12")]
    public async Task Every_text_of_SQL_says_the_same_in_Redwood_mode_and_in_PostgreSQLs()
    {
        await cluster.OperatedAsync();
        // The statements that neither deployment nor operation sends: inspecting a copy in progress, a standby without
        // TLS, and a host before its copy.
        var (first, second) = OddCluster.Nodes();
        var copy = new Replica(second, PrimaryIdentity.Of(first), "repl", force: false);
        await cluster.RootAsync("node1", $"""
            T=$(mktemp -d); {Prelude.For(first.Cluster)}
            {copy.Watch!.Value.Script}
            ( {new ReplicationSecured(first).Compare(Facts.Of(("up", "1"), ("plain", "1")), false)!.Apply} )
            echo 'SELECT NOT pg_is_in_recovery() AND system_identifier = 1 FROM pg_control_system()' | sql postgres
            """);
        async Task<string> ToldAsync(string what)
        {
            var told = new[] { "node1", "node2" }.Select(h => cluster.RootAsync(h, SqlTexts.Told(what)));
            return string.Join('\n', await Task.WhenAll(told));
        }
        var sent = SqlTexts.Plain(await ToldAsync("text"));
        var differ = await ToldAsync("differ");
        Assert.True(differ.Trim().Length == 0, differ);
        var escaped = SqlTexts.InSources()
            .Where(p => !sent.Contains(p.Piece, StringComparison.Ordinal) && !NotSent.Contains(p.Piece))
            .Select(p => $"{p.File}: {p.Piece}");
        Assert.False(escaped.Any(), string.Join("\n", escaped.Distinct()));
    }

    static string[] Of(ProcedureReport report, string kind) =>
        [.. report.Lines.Where(l => l.StartsWith(kind + " ", StringComparison.Ordinal)).Select(l => l[(kind.Length + 1)..]).Distinct()];
}
