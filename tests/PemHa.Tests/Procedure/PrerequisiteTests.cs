using System.Text;
using PemHa.Engine.Checks;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests.Procedure;

/// <summary>What is said of hosts before the first change, judged from what they told.</summary>
public class PrerequisiteTests
{
    const string Zone = "aas 1 2 \"5444\" \"tcp\" aas 1 2 \"7800\" \"tcp\"", Closed = "aas 0";
    readonly Example _c1 = new();

    [Fact]
    public void The_shell_can_read_every_probe_and_finding_nothing_fails_none()
    {
        using var tools = new TemporaryFolder();
        foreach (var tool in new[] { "awk", "base64", "basename", "cat", "cut", "date", "dirname", "grep", "head", "ls", "sed", "sort", "stat", "tail", "tr" })
            File.CreateSymbolicLink(tools[tool], Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(f => Path.Combine(f, tool)).First(File.Exists));
        var all = new RemoteScript(Prelude.For(_c1.Cluster), null);
        foreach (var check in Checks)
        {
            foreach (var host in _c1.Cluster.Hosts.Where(check.On))
            {
                all.Add(check.Probe(host), false);
                var result = Shell.Sh($"PATH={tools.Path}; T={tools.Path}; set -u\n{Prelude.For(_c1.Cluster)}\n{check.Probe(host)}\n");
                Assert.True(result.ExitCode == 0, $"{check.Name}: {result.Error}");
                // A probe looks: nothing is written but below the script's own folder, and nothing is set, started or installed.
                Assert.DoesNotMatch(@"(?m)^\s*(rm|mv|cp|touch|mkdir|install|systemctl (start|stop|restart|enable)|dnf -?\S* (install|module)) ", check.Probe(host));
            }
        }
        foreach (var shell in new[] { "sh", "bash" })
        {
            var result = Shell.Run(shell, Encoding.UTF8.GetBytes(all.Render()), "-n");
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
        }
    }

    [Fact]
    [Spec("T1")]
    public void A_wrong_clock_is_named_and_not_the_right_ones()
    {
        Verdict Of(PemHost host, params string[] offsets) => HostChecks.JudgeClock(host, Each("offset", offsets));
        Assert.All(_c1.Cluster.Hosts, h => Assert.Equal(PemCheckState.Passed, Of(h, "0.1", "-1.2", "0.4", "1.9").State));
        Assert.Equal(PemCheckState.Warning, Of(_c1.Standby, "0.1", "12.5", "0.2", "0").State);
        Assert.Contains("12.4 s ahead", Of(_c1.Standby, "0.1", "12.5", "0.2", "0").Why, StringComparison.Ordinal);
        Assert.Equal(PemCheckState.Passed, Of(_c1.Third, "0.1", "12.5", "0.2", "0").State);
        Assert.Equal(PemCheckState.Failed, Of(_c1.Primary, "-3600", "0.5", "0.2", "0").State);
        // It is the admin's own machine that is wrong.
        Assert.All(_c1.Cluster.Hosts, h => Assert.Equal(PemCheckState.Passed, Of(h, "500", "500.1", "499.9", "500").State));
        Assert.Equal(PemCheckState.Unknown, Of(_c1.Primary, "", "0", "0", "0").State);
    }

    [Theory]
    [InlineData("chronyd", "Normal", false, PemCheckState.Passed)]
    [InlineData("chronyd", "Not synchronised", false, PemCheckState.Warning)]
    [InlineData("", "", false, PemCheckState.Warning)]
    [InlineData("", "", true, PemCheckState.Passed)]
    [Spec("T1")]
    public void Somebody_has_to_keep_a_hosts_time(string service, string leap, bool container, PemCheckState state) =>
        Is("time service", state, Facts.Of(("service", service), ("leap", leap), ("container", container ? "1" : "")));

    [Theory]
    [InlineData("", "", "", PemCheckState.Passed, "are installed")]
    [InlineData(
        "edb-as17-server edb-pem",
        "edb-as17-server\nedb-pem\n",
        "enterprisedb-enterprise enabled",
        PemCheckState.Passed,
        "can be installed")]
    [InlineData("edb-as17-server edb-pem", "", "crb enabled", PemCheckState.Failed, "No repository of EDB's")]
    [InlineData("edb-pem", "", "enterprisedb-enterprise disabled", PemCheckState.Failed, "EDB's repository is off")]
    [InlineData(
        "edb-as17-server edb-pem",
        "edb-pem",
        "enterprisedb-enterprise enabled",
        PemCheckState.Failed,
        "does not hold edb-as17-server")]
    [InlineData("java-17-openjdk-headless epel-release", "", "", PemCheckState.Passed, "are installed")]
    [Spec("T1", "P3", "P32")]
    public void What_cannot_be_installed_is_found_with_the_reason(string missing, string available, string repositories, PemCheckState state, string why) =>
        Is("packages", state, Facts.Of(("missing", missing), ("available", available), ("repositories", repositories)), why);

    [Fact]
    [Spec("T1")]
    public void What_dnf_itself_complains_of_is_told() => Is("packages", PemCheckState.Failed,
        Facts.Of(
            ("missing", "edb-pem"),
            ("refused", "1"),
            ("repositories", "enterprisedb enabled"),
            ("said", "x\nStatus code: 401 for https://downloads\n")),
        "Status code: 401");

    [Theory]
    [InlineData("17.0.9", "", "", PemCheckState.Passed, "17.0.9 is there")]
    [InlineData("", "", "", PemCheckState.Warning, "does not report its version")]
    [InlineData(
        "0",
        "1",
        "java-17-openjdk-headless java-21-openjdk-headless",
        PemCheckState.Passed,
        "installs java-17-openjdk-headless")]
    [InlineData("0", "1", "java-21-openjdk-headless", PemCheckState.Passed, "installs java-21-openjdk-headless")]
    [InlineData(
        "1.8.0_402",
        "1",
        "java-11-openjdk-headless",
        PemCheckState.Passed,
        "too old; Install-PemEpas installs java-11-openjdk-headless")]
    [InlineData(
        "0",
        "1",
        "",
        PemCheckState.Failed,
        "no repository holds java-17-openjdk-headless, java-21-openjdk-headless, java-11-openjdk-headless")]
    [Spec("T1")]
    public void EFM_needs_a_Java_that_is_not_too_old(
        string version, string missing, string available, PemCheckState state, string why)
    {
        (string, string)[] absent = missing.Length > 0 ? [("java.missing", "1")] : [];
        Is("Java", state, Facts.Of([("java", version), ("available", available), .. absent]), why);
    }

    [Theory]
    [InlineData("rocky", "baseos enabled", "", PemCheckState.Failed, "CRB (crb) and EPEL (epel-release)")]
    [InlineData("rocky", "crb disabled", "epel-release", PemCheckState.Passed, "Install-PemEpas")]
    [InlineData("rocky", "crb enabled\nepel enabled", "", PemCheckState.Passed, "Both are there")]
    [InlineData(
        "ol",
        "ol9_codeready_builder disabled",
        "oracle-epel-release-el9",
        PemCheckState.Passed,
        "Install-PemEpas")]
    [InlineData(
        "ol",
        "ol9_codeready_builder disabled",
        "epel-release",
        PemCheckState.Failed,
        "EPEL (oracle-epel-release-el9)")]
    [InlineData(
        "rhel",
        "codeready-builder-for-rhel-9-rhui-rpms disabled",
        "",
        PemCheckState.Passed,
        "dl.fedoraproject.org")]
    [InlineData(
        "rhel",
        "rhel-9-for-x86_64-baseos-rpms enabled",
        "",
        PemCheckState.Failed,
        "CRB (codeready-builder-for-rhel-9-x86_64-rpms)")]
    [Spec("P2")]
    public void CRB_and_EPEL_have_to_be_known_to_the_host(
        string distribution, string repositories, string available, PemCheckState state, string why) =>
        Is(
            "CRB and EPEL",
            state,
            Facts.Of(
                ("id", distribution),
                ("version", "9"),
                ("machine", "x86_64"),
                ("repositories", repositories),
                ("available", available)),
            why);

    [Theory]
    [InlineData("", false, PemCheckState.Warning, "are not delivered; EFM only logs them")]
    [InlineData("", true, PemCheckState.Passed, "port 25 takes EFM's notifications to root@localhost")]
    [InlineData("/usr/local/bin/page", false, PemCheckState.Passed, "/usr/local/bin/page")]
    [Spec("P19")]
    public void Notifications_need_a_mail_server_on_each_node_or_a_script(
        string script, bool listens, PemCheckState state, string why)
    {
        var properties = new Dictionary<string, string>();
        if (script.Length > 0) properties["script.notification"] = script;
        var cluster = new PemCluster("efm", "10.0.0.9") { EfmProperty = properties };
        var verdict = NetworkChecks.JudgeMail(cluster, listens ? Facts.Of(("listens", "1")) : new Facts());
        Assert.Equal(state, verdict.State);
        Assert.Contains(why, verdict.Why, StringComparison.Ordinal);
        Assert.Equal(
            state == PemCheckState.Warning,
            verdict.Remedy.Contains("script.notification", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", PemCheckState.Passed, "All commands")]
    [InlineData("sudo ps", PemCheckState.Passed, "There is no sudo, ps; Install-PemEpas installs sudo, procps-ng.")]
    [InlineData("sudo flock", PemCheckState.Failed, "There is no flock.")]
    [Spec("T1")]
    public void Commands_of_EFM_are_brought_and_those_of_the_steps_must_be_there(
        string missing, PemCheckState state, string why)
    {
        var commands = missing.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Is("tools", state, Facts.Of([.. commands.Select(m => ($"missing.{m}", "1"))]), why);
    }

    [Theory]
    [InlineData(Zone, "public", "", PemCheckState.Passed)]
    [InlineData(Closed, "", "", PemCheckState.Passed)]
    [InlineData(Zone, "internal", "", PemCheckState.Failed)]
    [InlineData(Zone, "internal", "as 1 \"172.16.161.0/24\"", PemCheckState.Passed)]
    [InlineData("Call failed: INVALID_ZONE: public", "", "", PemCheckState.Failed)]
    [InlineData("Call failed: The name is not activatable", "", "", PemCheckState.Warning)]
    [Spec("P5")]
    public void The_zone_that_ports_are_opened_in_is_the_one_that_packets_meet(string live, string zone, string sources, PemCheckState state) =>
        Is("firewall", state, Facts.Of(("live", live), ("permanent", ""), ("nic", "eth0"), ("zone", zone), ("default", "public"), ("sources", sources)));

    [Fact]
    [Spec("P5", "F5")]
    public void Another_program_on_a_port_is_named_and_our_own_are_not()
    {
        const string Other = "0.0.0.0:5444 users:((\"postgres\",pid=712,fd=6))\n[::]:22 users:((\"sshd\",pid=1,fd=3))\n", Agent = "*:7800 users:((\"java\",pid=9,fd=6))\n";
        Is("ports in use", PemCheckState.Failed, Facts.Of(("listening", Other)), "postgres (process 712) listens on 5444");
        Is("ports in use", PemCheckState.Passed, Facts.Of(("listening", Other), ("up", "1"), ("setting.port", "5444")));
        Is("ports in use", PemCheckState.Failed, Facts.Of(("listening", Agent)), "java (process 9) listens on 7800");
        Is("ports in use", PemCheckState.Passed, Facts.Of(("listening", Agent), ("agent", "1")));
        // A witness has no database, so what others do there with its port is theirs.
        Assert.Equal(PemCheckState.Passed, NetworkChecks.JudgeListening(_c1.Witness, Facts.Of(("listening", Other))).State);
    }

    [Theory]
    [InlineData(Closed, "", "rejected", PemCheckState.Passed)]
    [InlineData(Closed, "", "silent", PemCheckState.Failed)]
    [InlineData(Closed, "<zone target=\"DROP\">", "silent", PemCheckState.Passed)]
    [InlineData(Zone, "", "rejected", PemCheckState.Failed)]
    [InlineData(Zone, "", "refused", PemCheckState.Passed)]
    [InlineData(Zone, "", "open", PemCheckState.Passed)]
    [InlineData(Zone, "", "unroutable", PemCheckState.Failed)]
    [InlineData("Call failed: no such name", "", "refused", PemCheckState.Passed)]
    [InlineData("Call failed: no such name", "", "silent", PemCheckState.Failed)]
    [Spec("P5")]
    public void A_port_that_its_own_firewall_closes_is_opened_later_but_nobody_else_may_close_it(string live, string permanent, string said, PemCheckState state)
    {
        var sights = Each("live", live, live, live, live);
        foreach (var facts in sights.Keys.ToList())
            sights[facts] = sights[facts].Or(Facts.Of([("permanent", permanent), .. _c1.Cluster.Hosts.SelectMany(h => new[] { 5444, 7800 }.Select(p => ($"{h.Address} {p}", "refused")))]));
        sights[_c1.Third] = Facts.Of(("172.16.161.201 7800", said)).Or(sights[_c1.Third]);
        var verdict = NetworkChecks.JudgeReach(_c1.Standby, sights)!;
        Assert.Equal(state, verdict.State);
        if (state == PemCheckState.Failed) Assert.Matches("^node3 is .* at 172.16.161.201 port 7800", verdict.Why);
        Assert.All(new[] { _c1.Primary, _c1.Third, _c1.Witness }, h => Assert.Equal(PemCheckState.Passed, NetworkChecks.JudgeReach(h, sights)!.State));
    }

    [Fact]
    [Spec("T11", "F5")]
    public void The_virtual_IP_is_free_or_the_primarys()
    {
        Verdict Of(PemHost host, params (PemHost Host, (string, string)[] Facts)[] told)
        {
            var sights = Each("x", "", "", "", "");
            foreach (var (other, facts) in told) sights[other] = Facts.Of(facts);
            return NetworkChecks.JudgeVirtualIp(_c1.Cluster, host, sights);
        }
        Assert.Equal(PemCheckState.Passed, Of(_c1.Witness).State);
        Assert.Equal(PemCheckState.Warning, Of(_c1.Witness, (_c1.Witness, [("deaf", "1")])).State);
        Assert.Contains("answers ARP", Of(_c1.Standby, (_c1.Standby, [("taken", "ARP")])).Why, StringComparison.Ordinal);
        (PemHost, (string, string)[]) primary = (_c1.Primary, [("held", "1"), ("recovery", "false"), ("agent", "1"), ("taken", "ping")]);
        Assert.Equal(PemCheckState.Passed, Of(_c1.Primary, primary).State);
        Assert.Equal(PemCheckState.Passed, Of(_c1.Standby, primary, (_c1.Standby, [("taken", "ping")])).State);
        Assert.Equal(PemCheckState.Failed, Of(_c1.Standby, primary).State);
        Assert.Equal(PemCheckState.Failed, Of(_c1.Standby, (_c1.Standby, [("held", "1"), ("taken", "ping")])).State);
        Assert.Equal(PemCheckState.Failed, Of(_c1.Standby, primary, (_c1.Standby, [("held", "1"), ("taken", "ping")])).State);
        // It takes writes, but for data of its own.
        Assert.Equal(PemCheckState.Failed, Of(_c1.Standby, (_c1.Primary, [("recovery", "false"), ("sysid", "1")]), (_c1.Standby, [("held", "1"), ("recovery", "false"), ("sysid", "2")])).State);
        Assert.Equal(PemCheckState.Warning, Of(_c1.Third, (_c1.Primary, [("agent", "1")])).State);
    }

    [Theory]
    [InlineData("strange", "", "", "", PemCheckState.Failed, "holds files, but no database")]
    [InlineData("cluster", "16", "", "", PemCheckState.Failed, "a database of Postgres 16, not 17")]
    [InlineData("cluster", "17", "2", "false", PemCheckState.Failed, "another database cluster with role carol")]
    [InlineData("cluster", "17", "2", "", PemCheckState.Failed, "stopped, so that nobody can tell")]
    [InlineData("cluster", "17", "1", "", PemCheckState.Failed, "it was a primary of this cluster")]
    [InlineData("", "", "", "", PemCheckState.Passed, "Initialize-PemReplica makes the standby in it")]
    [Spec("P4", "T4", "F6")]
    public void A_directory_that_is_not_disposable_is_found_before_anything_is_changed(string there, string version, string sysid, string recovery, PemCheckState state, string why)
    {
        var sights = new Sights
        {
            [_c1.Primary] = Facts.Of(("database", "1"), ("there", "cluster"), ("version", "17"), ("data.sysid", "1"), ("sysid", "1"), ("up", "1"), ("recovery", "false"), ("ours", "1"), ("own", "database pem")),
            [_c1.Standby] = Facts.Of(("there", there), ("version", version), ("data.sysid", sysid), ("up", recovery.Length > 0 ? "1" : ""), ("recovery", recovery), ("sysid", recovery.Length > 0 ? sysid : ""),
                ("own", "role carol"), ("database", version.Length > 0 ? "1" : "")),
            [_c1.Third] = Facts.Of(("there", "cluster"), ("version", "17"), ("data.sysid", "1"), ("sysid", "1"), ("up", "1"), ("recovery", "true"), ("standby", "1"), ("receiver", "streaming 172.16.161.200"),
                ("enabled", "enabled"), ("database", "1")),
        };
        var verdict = DatabaseChecks.JudgeDirectory(_c1.Cluster, _c1.Standby, sights);
        Assert.Equal(state, verdict.State);
        Assert.Contains(why, verdict.Why, StringComparison.Ordinal);
        Assert.Equal(PemCheckState.Passed, DatabaseChecks.JudgeDirectory(_c1.Cluster, _c1.Primary, sights).State);
        Assert.Equal(PemCheckState.Passed, DatabaseChecks.JudgeDirectory(_c1.Cluster, _c1.Third, sights).State);
    }

    [Fact]
    [Spec("F6", "T4")]
    public void A_fenced_primary_and_one_that_PemHa_did_not_make_are_told()
    {
        Verdict Of(params (string, string)[] facts) => DatabaseChecks.JudgeDirectory(_c1.Cluster, _c1.Primary,
            new Sights { [_c1.Primary] = Facts.Of([("there", "cluster"), ("version", "17"), ("database", "1"), .. facts]), [_c1.Standby] = new Facts(), [_c1.Third] = new Facts() });
        Assert.Equal(PemCheckState.Failed, Of(("fenced", "1")).State);
        Assert.Equal(PemCheckState.Passed, Of().State);
        Assert.Equal(PemCheckState.Warning, Of(("up", "1"), ("recovery", "false"), ("sysid", "1"), ("own", "database shop")).State);
        Assert.Equal(PemCheckState.Passed, Of(("up", "1"), ("recovery", "false"), ("sysid", "1"), ("own", "database shop"), ("ours", "1")).State);
    }

    [Fact]
    [Spec("P12")]
    public void A_standby_needs_room_for_a_copy_of_the_primary_beside_what_it_has()
    {
        (string, string)[] primary = [("free", "9000000"), ("mount", "/"), ("used", "8000000"), ("sysid", "1"), ("database", "1"), ("recovery", "false"), ("up", "1")];
        Verdict Of(params (string, string)[] standby) => DatabaseChecks.JudgeDisk(_c1.Cluster, _c1.Standby, new Sights { [_c1.Primary] = Facts.Of(primary), [_c1.Standby] = Facts.Of([("mount", "/data"), .. standby]) });
        Assert.Equal(PemCheckState.Failed, Of(("free", "9000000")).State);
        Assert.Equal("8.6 GiB are free on /data; 9.1 GiB are needed for a copy of node1's database and its WAL.", Of(("free", "9000000")).Why);
        Assert.Equal(PemCheckState.Passed, Of(("free", "9999999")).State);
        // A standby of this primary already.
        Assert.Equal(PemCheckState.Passed, Of(("free", "2000000"), ("used", "8000000"), ("signal", "x"), ("sysid", "1"), ("database", "1")).State);
        Assert.Equal(PemCheckState.Warning, Of(("free", "1000000"), ("used", "8000000"), ("signal", "x"), ("sysid", "1"), ("database", "1")).State);
    }

    [Theory]
    [InlineData("localhost", "/d/postgresql.conf line 60", PemCheckState.Passed, "Enable-PemReplication sets listen_addresses = *")]
    [InlineData("localhost", "/d/postgresql.auto.conf line 3", PemCheckState.Failed, "listen_addresses is localhost, set by /d/postgresql.auto.conf line 3")]
    [InlineData("localhost", "command line", PemCheckState.Failed, "set by command line")]
    [InlineData("*", "/d/postgresql.auto.conf line 3", PemCheckState.Passed, "Enable-PemReplication sets wal_keep_size = 500")]
    [Spec("T1", "P8")]
    public void A_setting_that_our_lines_cannot_overrule_is_found(string value, string source, PemCheckState state, string why) =>
        Is("settings", state, Facts.Of(("up", "1"), ("setting.port", "5444"), ("setting.listen_addresses", value), ("source.listen_addresses", source)), why);

    /// <summary>
    /// B9: the WAL that more than one standby needs after a failover. A setting at its default, 0, is not reported.
    /// </summary>
    [Theory]
    [InlineData("2", "", PemCheckState.Warning, "wal_keep_size is 0 MB, and 2 standbys stream")]
    [InlineData("2", "64", PemCheckState.Warning, "wal_keep_size is 64 MB")]
    [InlineData("2", "500", PemCheckState.Passed, "")]
    [InlineData("2", "8000", PemCheckState.Passed, "")]
    [InlineData("1", "64", PemCheckState.Passed, "Enable-PemReplication sets wal_keep_size = 500")]
    [Spec("P8")]
    public void Less_WAL_than_the_other_standbys_may_need_is_told(
        string streaming, string kept, PemCheckState state, string why)
    {
        (string, string)[] keeps = kept.Length > 0
            ? [("setting.wal_keep_size", kept), ("source.wal_keep_size", "/d/postgresql.conf line 9")]
            : [];
        var facts = Facts.Of(
            [("up", "1"), ("setting.listen_addresses", "*"), ("streaming", streaming), .. keeps]);
        Is("settings", state, facts, why);
    }

    [Fact]
    [Spec("T16", "P14")]
    public void Rules_that_lock_out_are_found()
    {
        const string Demanding = "hostssl replication repl 172.16.161.201/32 scram-sha-256\n";
        Is("HBA rules", PemCheckState.Warning, Facts.Of(("file.text", Demanding), ("up", "1"), ("ssl", "off")), "1 lines");
        Is("HBA rules", PemCheckState.Passed, Facts.Of(("file.text", Demanding), ("up", "1"), ("ssl", "on")));
        Is("HBA rules", PemCheckState.Passed, Facts.Of(("file.text", $"# BEGIN PemHa replication\n{Demanding}# END PemHa replication\n"), ("up", "1"), ("ssl", "on")));
        Is("HBA rules", PemCheckState.Failed,
            Facts.Of(("file.text", "# BEGIN PemHa efm\nhostssl edb efm 172.16.161.209/32 scram-sha-256\n# END PemHa efm\n"), ("up", "1"), ("ssl", "on")), "172.16.161.209/32");
    }

    [Theory]
    [InlineData("off", "", "jdbc.sslmode=require\n", "", PemCheckState.Warning)]
    [InlineData("off", "", "", "", PemCheckState.Passed)]
    [InlineData("on", "", "", "", PemCheckState.Failed)]
    [InlineData("on", "1", "jdbc.sslmode=require\n", "", PemCheckState.Passed)]
    [InlineData("on", "1", "", "expires", PemCheckState.Warning)]
    [InlineData("on", "1", "", "expired", PemCheckState.Failed)]
    [Spec("T9", "T16", "P24")]
    public void TLS_that_EFM_wants_is_on_and_proven(string ssl, string speaks, string properties, string end, PemCheckState state) =>
        Is("TLS", state, Facts.Of(("up", "1"), ("ssl", ssl), ("speaks", speaks), ("properties.text", properties), (end, "1")));

    [Fact]
    [Spec("P16", "P20", "F5")]
    public void Agents_of_somebody_else_are_found()
    {
        Is("EFM", PemCheckState.Warning, Facts.Of(("others", "edb-efm-5.1.service ")), "edb-efm-5.1");
        Is("EFM", PemCheckState.Failed, Facts.Of(("cluster", "other"), ("used", "1")), "runs the agent of cluster other");
        Is("EFM", PemCheckState.Passed, Facts.Of(("cluster", "efm"), ("files", "1")), "kept and edited");
        string Status(string address) => $$"""{ "nodes": { "172.16.161.200": { "type": "Primary", "db": "UP" } }, "allowednodes": [ "{{address}}" ] }""";
        Is("EFM", PemCheckState.Passed, Facts.Of(("cluster", "efm"), ("agent", "1"), ("status", Status("172.16.161.203"))));
        Is("EFM", PemCheckState.Failed, Facts.Of(("cluster", "efm"), ("agent", "1"), ("status", Status("172.16.161.77"))), "172.16.161.77");
        Is("EFM", PemCheckState.Warning, Facts.Of(("cluster", "efm"), ("agent", "1")));
    }

    [Theory]
    [InlineData("1", "1", "1", PemCheckState.Passed)]
    [InlineData("", "1", "1", PemCheckState.Warning)]
    [InlineData("", "1", "", PemCheckState.Passed)]
    [Spec("T13")]
    public void A_database_that_may_start_before_its_agent_is_told(string ordered, string database, string agent, PemCheckState state) =>
        Is("boot order", state, Facts.Of(("ordered", ordered), ("database", database), ("agent", agent)));

    [Fact]
    [Spec("F8")]
    public void What_a_cut_run_left_is_told()
    {
        Is("leftovers", PemCheckState.Warning, Facts.Of(("answers", "1"), ("up", "1")), "no database pem");
        Is("leftovers", PemCheckState.Warning, Facts.Of(("answers", "1"), ("up", "1"), ("database", "1")), "did not end");
        Is("leftovers", PemCheckState.Passed, Facts.Of(("answers", "1"), ("configured", "1"), ("up", "1"), ("database", "1")));
        Is("leftovers", PemCheckState.Warning, Facts.Of(("files", "/var/lib/edb/as17/data.pemha-part\n")), "data.pemha-part");
        Is("leftovers", PemCheckState.Passed, new Facts());
    }

    [Fact]
    [Spec("P24")]
    public void A_name_that_stands_for_nothing_or_for_another_machine_is_found()
    {
        _c1.Primary.DnsName = "node1.lab";
        Verdict Of(string own, string name) => HostChecks.JudgeNames(_c1.Cluster, _c1.Standby, Facts.Of(("own.name", "node2"), ("own", own), ("name0", name)));
        Assert.Equal(PemCheckState.Passed, Of("127.0.1.1\n", "172.16.161.200\nfd16:161::200\n").State);
        Assert.Equal(("It knows no address of node1.lab.", PemCheckState.Warning), (Of("::1\n", "").Why, Of("::1\n", "").State));
        Assert.Equal(("Here node1.lab is 10.0.0.1, not 172.16.161.200.", PemCheckState.Failed), (Of("::1\n", "10.0.0.1\n").Why, Of("::1\n", "10.0.0.1\n").State));
        Assert.Contains("its own name node2", Of("", "172.16.161.200\n").Why, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T10", "T20")]
    public void The_whole_cluster_is_judged_and_a_host_that_does_not_answer_hides_no_other()
    {
        var answers = _c1.Cluster.Hosts.Select(host => host == _c1.Third
            ? new PrerequisiteReader.Answer(host, Verdict.Failed("no connection", "connect"), new Dictionary<Check, Facts>(), new Dictionary<Check, string>())
            : new PrerequisiteReader.Answer(host, Verdict.Passed("root"), Checks.Where(c => c.On(host) && c.Name != "SELinux").ToDictionary(c => c, _ => new Facts()),
                Checks.Where(c => c.Name == "SELinux").ToDictionary(c => c, _ => "getenforce: broken"))).ToList();
        var found = PrerequisiteReader.Judge(_c1.Cluster, Checks, answers);
        Assert.Equal(found.OrderBy(c => c.State), found);
        Assert.Equal(["connection"], found.Where(c => c.HostName == "node3").Select(c => c.Check));
        Assert.Contains(found, c => c is { HostName: "efm", Check: "EFM agents", State: PemCheckState.Warning } && c.Why.Contains("4 EFM agents are an even number", StringComparison.Ordinal));
        Assert.Contains(found, c => c is { HostName: "node1", Check: "ping server", State: PemCheckState.Failed });
        Assert.Contains(found, c => c is { HostName: "node1", Check: "SELinux", State: PemCheckState.Unknown } && c.Why.Contains("getenforce: broken", StringComparison.Ordinal));
        Assert.All(found.Where(c => c.State is PemCheckState.Failed or PemCheckState.Unknown), c => Assert.NotEqual("", c.Remedy));
        Assert.All(found, c => Assert.True(c.Why.Length > 0 && c.Cluster == "efm", c.ToString()));
    }

    IReadOnlyList<Check> Checks => _checks ??= PrerequisiteReader.Checks(_c1.Cluster);

    IReadOnlyList<Check>? _checks;

    /// <summary>One fact, of each of the four hosts.</summary>
    Sights Each(string name, params string[] values)
    {
        var sights = new Sights();
        foreach (var (host, value) in _c1.Cluster.Hosts.Zip(values)) sights[host] = Facts.Of((name, value));
        return sights;
    }

    void Is(string check, PemCheckState state, Facts facts, string why = "")
    {
        var verdict = Checks.Single(c => c.Name == check).Judge(_c1.Standby, new Sights { [_c1.Standby] = facts });
        Assert.Equal((state, true), (verdict!.State, verdict.Why.Contains(why, StringComparison.Ordinal)));
        Assert.Equal(state == PemCheckState.Passed, verdict.Remedy.Length == 0);
    }
}
