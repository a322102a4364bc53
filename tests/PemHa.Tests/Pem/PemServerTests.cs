using System.Text;
using CsCheck;
using PemHa.Engine;
using PemHa.Engine.Linux;
using PemHa.Engine.Pem;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Pem;

/// <summary>How the vendor's script is called, answered and judged.</summary>
[Spec("F8")]
public class PemServerTests
{
    readonly Example _c1 = new();

    [Fact]
    [Fuzzes("PemServer.Answer")]
    public void What_is_answered_is_what_the_scripts_read_gives_back() => Texts.Any.Array[100].Holds(texts =>
    {
        var passwords = texts.Where(t => PemServer.Refusal(t) is null).ToArray();
        var input = string.Concat(passwords.Select(p => PemServer.Answer(p) + "\n"));
        var result = Shell.Run("bash", Encoding.UTF8.GetBytes(input), "-c", "while read p; do printf '%s\\0' \"$p\"; done");
        Assert.Equal(passwords, result.Output.Split('\0')[..^1]);
    }, cases: 50, each: 100, threads: 1);

    [Theory]
    [InlineData("", "empty")]
    [InlineData(" x", "blank")]
    [InlineData("x\t", "blank")]
    [InlineData("a\nb", "line break")]
    [InlineData("a\rb", "line break")]
    public void A_password_that_read_would_change_is_refused(string password, string reason) =>
        Assert.Contains(reason, PemServer.Refusal(password), StringComparison.Ordinal);

    [Theory]
    [InlineData("pemsuper", true)]
    [InlineData("pem_super-1", true)]
    [InlineData("pem super", false)]
    [InlineData("pem;reboot", false)]
    [InlineData("-su", false)]
    [InlineData("", false)]
    public void A_user_that_would_not_stay_one_argument_is_refused(string user, bool fit) =>
        Assert.Equal(fit, PemServer.UserRefusal(user) is null);

    [Fact]
    [Spec("P33", "P35", "T18")]
    public void The_primary_is_told_what_the_newest_page_tells_it()
    {
        // P35 would add -ci and -acp, but the newer fact takes precedence (K32, X2): the script asks for these two, and
        // empty answers select its defaults.
        var command = Command(_c1.Primary);
        Assert.Equal("/usr/edb/pem/bin/configure-pem-server.sh", command.Split(' ')[0]);
        AssertOptions(command,
            [("-t", "1"), ("-ho", "172.16.161.245"), ("-p", "5444"), ("-su", "pemsuper"), ("--asb-host-name", "127.0.0.1"),
            ("--replication-solution", "efm"),
            ("--replication-role", "primary"), ("--db-install-path", "/usr/edb/as17/"), ("--db-unitfile", "edb-as-17"),
            ("--use-agent-sslcert", "/etc/pki/pemha/agent1.crt"), ("--use-agent-sslkey", "/etc/pki/pemha/agent1.key"),
                ("-aro", "agent_id=1")]);
        Assert.Contains(" --skip-db-certificate ", command, StringComparison.Ordinal);
        Assert.Contains(
            " -srp --efm-cluster-name=efm -srp --efm-install-path=/usr/edb/efm-5.2/ ",
            command,
            StringComparison.Ordinal);
        var apply = Server(_c1.Primary).Compare(Facts.Of(), false)!.Apply;
        Assert.Contains("printf '%s\\n\\n\\n' s3cret | ", apply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PemSslModel.LocalCA, null)]
    [InlineData(PemSslModel.LocalCA, "common_agent_user")]
    [InlineData(PemSslModel.SslUtils, null)]
    [Spec("P33", "P34")]
    public void No_word_is_in_the_call_that_is_on_no_page(PemSslModel model, string? agentUser)
    {
        var c1 = new Example(model: model, agentUser: agentUser);
        foreach (var host in new[] { c1.Primary, c1.Standby })
        {
            string[] agent = agentUser is not null ? ["--use-agent-user", "--use-agent-sslcert", "--use-agent-sslkey"]
                : model == PemSslModel.SslUtils ? [] : ["--use-agent-sslcert", "--use-agent-sslkey", "-aro"];
            string[] database = host == c1.Standby
                ? []
                : model == PemSslModel.SslUtils
                    ? ["--skip-db-certificate", "--use-existing-sslutils"]
                    : ["--skip-db-certificate"];
            string[] page =
            [
                "-t", "-ho", "-p", "-su", "--asb-host-name", "--replication-solution", "--replication-role",
                "-srp", "-srp", "--db-unitfile", "--db-install-path",
                .. database, .. agent,
            ];
            var options = Command(c1, host).Split(' ')
                .Where(w => w.StartsWith('-') && !w.Contains('=', StringComparison.Ordinal));
            Assert.Equal(page, options);
        }
    }

    [Fact]
    [Spec("P34", "P31")]
    public void Each_standby_has_its_role_its_number_and_its_certificate() => AssertOptions(Command(_c1.Third),
        [("--replication-role", "standby"), ("-aro", "agent_id=3"), ("--use-agent-sslcert", "/etc/pki/pemha/agent3.crt"),
            ("-ho", "172.16.161.245")]);

    [Theory]
    [InlineData("missing.edb-pem", "dnf -qy install --allowerasing edb-pem")]
    [InlineData("userless", "dnf -qy reinstall edb-pem")]
    [InlineData("other", null)]
    [Spec("P32")]
    public void A_package_that_could_not_make_its_user_is_installed_again(string fact, string? command) =>
        Assert.Equal(command, Example.The<Packages>(Step(), _c1.Standby).Compare(Facts.Of((fact, "1")), false)?.Difference);

    [Theory]
    [InlineData("", true)]
    [InlineData("1", false)]
    [Spec("F8")]
    public void Half_a_web_server_is_made_anew(string web, bool moved) =>
        Assert.Equal(moved, Server(_c1.Primary).Compare(Facts.Of(("agent", "t"), ("web", web)), false)!.Apply.Contains("/usr/edb/pem/web/pem.wsgi", StringComparison.Ordinal));

    [Fact]
    [Spec("P34")]
    public void Standbys_follow_the_primary_one_after_another()
    {
        var phases = Step().Phases;
        Assert.Equal(["primary", "standbys", "PEM's own tables"], phases.TakeLast(3).Select(p => p.Title));
        Assert.Equal(["node1"], phases[^3].Hosts.Select(h => h.Name));
        Assert.Equal(["node2", "node3"], phases[^2].Hosts.Select(h => h.Name));
        Assert.True(phases[^2].OneByOne);
    }

    [Fact]
    public void No_argument_holds_a_blank_and_the_password_is_none_of_them()
    {
        // Word by word as the shell reads the command, and then as the script reads $* again.
        var command = Command(_c1.Standby);
        var once = Shell.Sh($"set -- {command}; printf '%s\\0' \"$@\"").Output.Split('\0')[..^1];
        var again = Shell.Sh($"set -- {command}; set -- $*; printf '%s\\0' \"$@\"").Output.Split('\0')[..^1];
        Assert.Equal(once, again);
        Assert.DoesNotContain("s3cret", command, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("t", "t", "1", null)]
    [InlineData("t", "", "1", "start")]
    [InlineData("t", "t", "", "start")]
    [InlineData("", "", "1", "configure")]
    public void Proof_decides_what_is_left_to_do(string agent, string heartbeat, string web, string? action)
    {
        var facts = Facts.Of([.. Proven, ("agent", agent), ("heartbeat", heartbeat), ("web", web)]);
        Assert.Equal(action, Server(_c1.Primary).Compare(facts, false)?.Action);
    }

    [Fact]
    public void An_agent_that_its_own_worker_does_not_verify_is_not_proven()
    {
        var facts = Facts.Of([("verified", "2"), .. Of(2).Where(f => f.Item1 != "verified")]);
        var change = Server(_c1.Standby).Compare(facts, false)!;
        Assert.Equal("start", change.Action);
        Assert.Contains("pemworker --verify-registration", change.Apply, StringComparison.Ordinal);
        Assert.Contains("wait_for 120 proven", change.Apply, StringComparison.Ordinal);
    }

    [Fact]
    public void An_agent_that_could_not_serve_after_a_failover_is_told_to()
    {
        var facts = Facts.Of([("lacking", "alert_threads=1 enable_snmp=true x=1 "), .. Of(2)]);
        var change = Server(_c1.Standby).Compare(facts, false)!;
        Assert.Equal(
            "alert_threads=1, enable_snmp=true in /usr/edb/pem/agent/etc/agent.cfg\nsystemctl restart pemagent",
            change.Difference);
        Assert.Contains("set_agent 'alert_threads=1' 'enable_snmp=true'\n", change.Apply, StringComparison.Ordinal);
        Assert.DoesNotContain("x=1", change.Apply, StringComparison.Ordinal);
        // Also after the script has run, whatever it wrote there.
        var configured = Server(_c1.Standby).Compare(Facts.Of(), false)!;
        Assert.Contains("set_agent $(lacking)", configured.Apply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.4.0", "alert_threads=1\n", "alert_threads=1")]
    [InlineData(
        "",
        "[PEM/agent]\nalert_threads=0\nenable_smtp=true\n",
        "[PEM/agent]\nalert_threads=1\nenable_smtp=true\nenable_snmp=true")]
    public void Settings_of_an_agent_are_set_where_they_stand_and_added_otherwise(
        string version, string before, string after)
    {
        using var folder = new TemporaryFolder();
        var file = folder["agent.cfg"];
        System.IO.File.WriteAllText(file, before);
        var facts = Facts.Of([("version", version), ("lacking", "alert_threads=1 enable_snmp=true"), .. Of(2)]);
        var apply = Server(_c1.Standby).Compare(facts, false)!.Apply;
        var begin = apply.IndexOf("set_agent() {", StringComparison.Ordinal);
        var set = apply[begin..apply.IndexOf("\nset_agent ", StringComparison.Ordinal)]
            .Replace(PemServer.AgentConfig, file, StringComparison.Ordinal);
        var values = version.Length > 0 ? "alert_threads=1" : "alert_threads=1 enable_snmp=true";
        var result = Shell.Sh($"set -e; T=$(mktemp -d '{folder[""]}/XXXXXX')\n{set}\nset_agent {values}");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(after + "\n", System.IO.File.ReadAllText(file));
    }

    [Fact]
    [Spec("F8")]
    public void A_script_that_ran_in_upgrade_mode_is_believed_where_the_agent_lives()
    {
        var lives = Facts.Of([("answers", "1"), .. Of(2).Where(f => f.Item1 != "configured")]);
        Assert.Null(Server(_c1.Standby).Compare(lives, false));
        var silent = Facts.Of([
            ("answers", "1"),
            ("heartbeat", ""),
            .. Of(2).Where(f => f.Item1 is not ("configured" or "heartbeat"))]);
        Assert.Equal("configure", Server(_c1.Standby).Compare(silent, false)!.Action);
        // A live agent without a web application is a run that was cut before its end.
        var cut = Facts.Of(
            [("answers", "1"), ("web", ""), .. Of(2).Where(f => f.Item1 is not ("configured" or "web"))]);
        Assert.Equal("configure", Server(_c1.Standby).Compare(cut, false)!.Action);
    }

    [Fact]
    [Spec("P30")]
    public void The_common_user_and_the_superuser_are_two()
    {
        var same = new Example(agentUser: "pemsuper");
        var error = Assert.Throws<PemException>(() => Server(same, same.Primary));
        Assert.Equal("AgentUserUnfit", error.Id);
    }

    [Fact]
    [Spec("F8")]
    public void An_agent_that_is_only_stopped_is_started_before_it_would_be_registered_anew()
    {
        var common = new Example(agentUser: "common_agent_user");
        var others = Of(2).Where(f => f.Item1 is not ("configured" or "heartbeat" or "web")).ToList();
        Change Planned(string web) => Server(common, common.Standby)
            .Compare(Facts.Of([("answers", "1"), ("heartbeat", ""), ("web", web), .. others]), false)!;
        var start = Planned("1").Apply.IndexOf("systemctl start pemagent", StringComparison.Ordinal);
        Assert.InRange(start, 0, Planned("1").Apply.IndexOf("--unregister-agent", StringComparison.Ordinal));
        Assert.DoesNotContain("systemctl start pemagent", Planned("").Apply, StringComparison.Ordinal);
        Assert.Contains("--unregister-agent", Planned("").Apply, StringComparison.Ordinal);
        Assert.Contains("systemctl start pemagent", Planned("1").Recipe.Script, StringComparison.Ordinal);
        Assert.StartsWith("systemctl start pemagent\n", Planned("1").Difference, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[Info] PEM server can be accessed at https://x", null, true)]
    [InlineData("[Info] PEM server can be accessed at https://x", "running in upgrade mode", true)]
    [InlineData("[Info] PEM server can be accessed at https://x", "running in upgrade mode\n--> [Error] no", false)]
    [InlineData("[Error] no", "running in upgrade mode", false)]
    [InlineData("asked for something", null, false)]
    [Spec("F8")]
    public void Only_the_scripts_last_words_say_that_it_ended(string first, string? second, bool configured)
    {
        using var folder = new TemporaryFolder();
        foreach (var path in new[] { "share", "agent/etc", "logs" }) Directory.CreateDirectory(folder[path]);
        System.IO.File.WriteAllText(folder["share/.install-config"], "");
        System.IO.File.WriteAllText(folder["agent/etc/agent.cfg"], "");
        foreach (var (text, i) in new[] { first, second }.Select((t, i) => (t, i)))
            if (text is not null)
            {
                var log = folder[$"logs/configure-pem-server-{i}.log"];
                System.IO.File.WriteAllText(log, text + "\n");
                System.IO.File.SetLastWriteTimeUtc(log, DateTime.UnixEpoch.AddDays(i + 1));
            }
        var condition = PemServer.Configured.Replace("/usr/edb/pem", folder[""].TrimEnd('/'), StringComparison.Ordinal);
        var result = Shell.Sh($"if {condition}\nthen echo yes; else echo no; fi");
        Assert.Equal(configured ? "yes" : "no", result.Output.Trim());
    }

    [Theory]
    [InlineData("10.3.1", true)]
    [InlineData("9.8.0", true)]
    [InlineData("10.4.0", false)]
    [InlineData("10.10.0", false)]
    [InlineData("", false)]
    public void A_PEM_without_options_for_high_availability_is_refused(string version, bool refused)
    {
        var facts = Facts.Of([("version", version), .. Of(2)]);
        if (!refused)
        {
            Assert.Null(Server(_c1.Standby).Compare(facts, false));
            return;
        }

        var error = Assert.Throws<PemException>(() => Server(_c1.Standby).Compare(facts, false));
        Assert.Equal(
            ("PemTooOld", true),
            (error.Id, error.Message.Contains($"node2 has edb-pem {version}", StringComparison.Ordinal)));
        var settings = SectionE.Settings(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "pem_user_settings", "pw");
        var there = Example.The<Requirement>(settings, _c1.Standby, r => r.Name == "PEM's web application");
        var old = Facts.Of(("there", "1"), ("version", version));
        Assert.Equal("PemTooOld", Assert.Throws<PemException>(() => there.Compare(old, false)).Id);
    }

    [Fact]
    [Spec("P23")]
    public void An_agent_whose_files_are_elsewhere_or_newer_than_its_start_is_proven_anew()
    {
        var server = Server(_c1.Primary);
        // From sslutils to an authority of one's own: the files move, and its configuration says so.
        var moved = server.Compare(Facts.Of([.. Proven, ("agent_ssl_crt", "/root/.pem/agent1.crt")]), false)!;
        Assert.Equal("reconnect", moved.Action);
        Assert.Contains("agent_ssl_crt=/etc/pki/pemha/agent1.crt", moved.Difference, StringComparison.Ordinal);
        var renewed = server.Compare(Facts.Of([.. Proven, ("written", "1001.5")]), false)!;
        Assert.Equal(("start", "systemctl restart pemagent"), (renewed.Action, renewed.Difference));
        // A heartbeat from before does not count.
        Assert.Contains("systemctl stop pemagent; proof; LAST=$B", renewed.Apply, StringComparison.Ordinal);
        Assert.Null(server.Compare(Facts.Of([.. Proven, ("written", "999.5")]), false));
    }

    [Fact]
    [Spec("P23", "P33", "P34")]
    public void With_sslutils_the_primary_is_told_to_use_it_and_a_standby_nothing()
    {
        var c1 = new Example(model: PemSslModel.SslUtils);
        var primary = Command(c1, c1.Primary);
        Assert.Contains(" --skip-db-certificate --use-existing-sslutils", primary, StringComparison.Ordinal);
        var standby = Command(c1, c1.Standby);
        foreach (var absent in new[] { "sslutils", "--skip-db-certificate" }) Assert.DoesNotContain(absent, standby, StringComparison.Ordinal);
        foreach (var command in new[] { primary, standby })
            foreach (var absent in new[] { "--use-agent", "-aro" }) Assert.DoesNotContain(absent, command, StringComparison.Ordinal);
    }

    [Theory]
    [Spec("P30", "P33", "P34")]
    [InlineData(PemSslModel.LocalCA)]
    [InlineData(PemSslModel.ExternalCA)]
    public void A_common_agent_user_is_named_with_its_files_and_no_number(PemSslModel model)
    {
        var c1 = new Example(model: model, agentUser: "common_agent_user");
        foreach (var host in new[] { c1.Primary, c1.Standby })
        {
            AssertOptions(Command(c1, host),
                [("--use-agent-user", "common_agent_user"), ("--use-agent-sslcert", "/etc/pki/pemha/common_agent_user.crt"),
                ("--use-agent-sslkey", "/etc/pki/pemha/common_agent_user.key")]);
            Assert.DoesNotContain("-aro", Command(c1, host), StringComparison.Ordinal);
            // An agent that an interrupted run has registered is unregistered by the vendor's own command before the
            // next one is registered.
            var again = Server(c1, host).Compare(Facts.Of(("id", "4"), ("agent", "t")), false)!;
            const string unregister = "/usr/edb/pem/agent/bin/pemworker --unregister-agent --pem-user pemsuper";
            Assert.StartsWith(unregister + "\n", again.Difference, StringComparison.Ordinal);
            Assert.True(
                again.Apply.IndexOf(unregister, StringComparison.Ordinal)
                    < again.Apply.IndexOf("configure-pem-server.sh -t", StringComparison.Ordinal));
            var first = Server(c1, host).Compare(Facts.Of(("id", "4")), false)!;
            Assert.DoesNotContain("unregister", first.Apply, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Spec("P30")]
    public void After_the_primary_the_common_user_is_an_agent_and_nothing_more()
    {
        var c1 = new Example(agentUser: "common_agent_user");
        string[] settle =
        [
            "GRANT pem_agent TO \"common_agent_user\";", "REVOKE CONNECT ON DATABASE template1 FROM \"common_agent_user\";",
            "ALTER ROLE \"common_agent_user\" NOSUPERUSER;",
        ];
        var change = Server(c1, c1.Primary).Compare(Facts.Of(), false)!;
        foreach (var sql in settle) Assert.Contains(sql, change.Difference, StringComparison.Ordinal);
        Assert.True(change.Apply.IndexOf("configure-pem-server.sh -t", StringComparison.Ordinal)
            < change.Apply.IndexOf("GRANT pem_agent", StringComparison.Ordinal));
        // Not without the role that the agent's heartbeat needs.
        Assert.True(change.Apply.IndexOf("GRANT pem_agent", StringComparison.Ordinal)
            < change.Apply.IndexOf("wait_for 120 proven", StringComparison.Ordinal));
        Assert.DoesNotContain("GRANT", Server(c1, c1.Standby).Compare(Facts.Of(), false)!.Apply, StringComparison.Ordinal);
        // A run that was cut between the two is mended, and a settled one left alone.
        string File(string end) => $"/etc/pki/pemha/common_agent_user.{end}";
        var proven = Facts.Of([.. Proven, ("agent_ssl_crt", File("crt")), ("agent_ssl_key", File("key"))]);
        Assert.Null(Server(c1, c1.Primary).Compare(proven, false));
        var unsettled = Server(c1, c1.Primary).Compare(Facts.Of(("unsettled", "1")).Or(proven), false)!;
        Assert.Contains(settle[0], unsettled.Difference, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.4.1", null, false)]
    [InlineData("10.5.0", null, true)]
    [InlineData("10.6.0", null, true)]
    [InlineData("11.0.0", null, true)]
    [InlineData("", null, true)]
    [InlineData("10.4.1", true, true)]
    [InlineData("10.6.0", false, false)]
    [Spec("P30")]
    public void The_installed_version_decides_whether_the_common_user_is_a_superuser_meanwhile(
        string version, bool? said, bool super)
    {
        var c1 = new Example(agentUser: "common_agent_user");
        var options = new PemServerOptions(TemporarySuperUser: said);
        var server = new PemServer(c1.Primary, true, "pemsuper", "s3cret", options);
        var change = server.Compare(Facts.Of(("version", version)), false)!;
        Assert.Equal(super, change.Difference.Contains("\" SUPERUSER;", StringComparison.Ordinal));
    }

    [Fact]
    [Spec("P30")]
    public void What_a_killed_run_left_of_the_superuser_the_next_one_takes_away_first()
    {
        var c1 = new Example(agentUser: "common_agent_user");
        var step = SectionE.Server(c1.Cluster, c1.Cluster.Hosts, c1.Primary, "pemsuper", "s3cret");
        Assert.Equal("common agent user", step.Phases[1].Title);
        var demoted = Example.The<CommonUserDemoted>(step, c1.Primary);
        Assert.Equal(
            "ALTER ROLE \"common_agent_user\" NOSUPERUSER;",
            demoted.Compare(Facts.Of(("super", "1")), false)!.Difference);
        Assert.Null(demoted.Compare(Facts.Of(), false));
        var role = Example.The<PemHa.Engine.Postgres.Role>(
            SectionE.AgentUser(c1.Cluster, c1.Cluster.Hosts, c1.Primary), c1.Primary);
        var left = Facts.Of(("up", "1"), ("verifier", ""), ("attributes", "false"), ("holds0", "true"));
        Assert.Equal("ALTER ROLE \"common_agent_user\" LOGIN NOSUPERUSER;", role.Compare(left, false)!.Difference);
    }

    [Fact]
    [Spec("P30")]
    public void Where_a_newer_PEM_wants_a_superuser_it_is_one_only_while_the_primary_is_configured()
    {
        var c1 = new Example(agentUser: "common_agent_user");
        PemServer Super(PemHost host) => new(host, host == c1.Primary, "pemsuper", "s3cret", new PemServerOptions());
        var apply = Super(c1.Primary).Compare(Facts.Of(), false)!.Apply;
        int At(string text) => apply.IndexOf(text, StringComparison.Ordinal);
        Assert.True(0 < At("trap demote EXIT"));
        Assert.True(At("trap demote EXIT") < At("ALTER ROLE \"common_agent_user\" SUPERUSER"));
        Assert.True(At("\"common_agent_user\" SUPERUSER") < At("configure-pem-server.sh -t"));
        Assert.True(At("demote; trap - EXIT") > At("configure-pem-server.sh -t"));
        foreach (var (host, server) in new[] { (c1.Standby, Super(c1.Standby)), (_c1.Primary, Server(_c1.Primary)) })
            Assert.DoesNotContain(" SUPERUSER", server.Compare(Facts.Of(), false)!.Apply, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P33")]
    public void The_backend_is_registered_with_EFM_unless_that_is_declined_and_by_the_path_that_is_given()
    {
        foreach (var host in new[] { _c1.Primary, _c1.Standby })
        {
            string Call(PemServerOptions options) =>
                new PemServer(host, host == _c1.Primary, "pemsuper", "s3cret", options)
                    .Compare(Facts.Of(), false)!.Difference;
            Assert.Contains(
                " -srp --efm-cluster-name=efm -srp --efm-install-path=/usr/edb/efm-5.2/ ",
                Call(new()),
                StringComparison.Ordinal);
            Assert.Contains(
                " -srp --efm-install-path=/usr/edb/efm-5.2/bin ",
                Call(new(EfmInstallPath: "/usr/edb/efm-5.2/bin")),
                StringComparison.Ordinal);
            Assert.DoesNotContain("-srp", Call(new(RegisterEfm: false)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("bin/efm", "", true)]
    [InlineData("bin/efm", "bin", true)]
    [InlineData("bin/other", "", false)]
    [Spec("P33")]
    public void The_path_of_EFM_is_looked_at_on_the_host(string made, string given, bool fits)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["bin"]);
        System.IO.File.WriteAllText(folder[made], "");
        Shell.Sh($"chmod 755 '{folder[made]}'");
        var options = new PemServerOptions(EfmInstallPath: folder[given]);
        var step = SectionE.Server(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "pemsuper", "s3cret", options);
        var there = Example.The<Requirement>(step, _c1.Third, r => r.Name == "EFM's path for PEM");
        var facts = Facts.Parse(Shell.Sh($"{PemHa.Engine.State.Prelude.For(_c1.Cluster)}{there.Probe}").Output);
        if (fits) Assert.Null(there.Compare(facts, false));
        else Assert.Equal("EfmPathUnfit", Assert.Throws<PemException>(() => there.Compare(facts, false)).Id);
    }

    /// <summary>An agent that runs with the files it is to have, begun at second 1000.</summary>
    static readonly (string, string)[] Proven = Of(1);

    /// <summary>The same facts about the agent with another number.</summary>
    static (string, string)[] Of(int id) =>
    [
        ("configured", "1"), ("id", $"{id}"), ("agent", "t"), ("heartbeat", "t"), ("verified", "0"), ("web", "1"),
        ("agent_ssl_crt", $"/etc/pki/pemha/agent{id}.crt"), ("agent_ssl_key", $"/etc/pki/pemha/agent{id}.key"),
        ("now", "1100"), ("uptime", "110"), ("written", "999"),
        ("state", "ActiveState=active\nActiveEnterTimestampMonotonic=10000000\n"),
    ];

    [Fact]
    public void A_half_failed_run_is_not_believed_and_its_answers_are_moved_away()
    {
        var change = Server(_c1.Primary).Compare(Facts.Of(("agent", "t")), false)!;
        Assert.Equal("configure", change.Action);
        Assert.True(change.Apply.IndexOf("share/.install-config",
            StringComparison.Ordinal) < change.Apply.IndexOf("configure-pem-server.sh -t", StringComparison.Ordinal));
        Assert.Contains("CRITICAL ERROR", change.Apply, StringComparison.Ordinal);
        Assert.Contains("wait_for 120 proven", change.Apply, StringComparison.Ordinal);
    }

    static void AssertOptions(string command, (string Name, string Value)[] options)
    {
        var words = command.Split(' ');
        foreach (var (name, value) in options) Assert.Equal(value, words[Array.IndexOf(words, name) + 1]);
    }

    Step Step() => SectionE.Server(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "pemsuper", "s3cret");

    PemServer Server(PemHost host) => Example.The<PemServer>(Step(), host);

    static PemServer Server(Example c1, PemHost host) =>
        Example.The<PemServer>(SectionE.Server(c1.Cluster, c1.Cluster.Hosts, c1.Primary, "pemsuper", "s3cret"), host);

    static string Command(Example c1, PemHost host) => Server(c1, host).Compare(Facts.Of(), false)!.Difference
        .Split('\n')
        .Single(l => l.Contains("configure-pem", StringComparison.Ordinal));

    string Command(PemHost host) => Server(host).Compare(Facts.Of(), false)!.Difference;
}
