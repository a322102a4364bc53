using System.Text;
using PemHa.Engine;
using PemHa.Engine.Efm;
using PemHa.Engine.Linux;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests.Efm;

/// <summary>The nodes' <c>efm.properties</c> and <c>efm.nodes</c>, and who is let in.</summary>
public class EfmFilesTests
{
    const string Sample = "# EFM's sample\ndb.user=\ndb.password.encrypted=\nvirtual.ip=\nnode.timeout=50\n";
    const string Hex = "0123456789abcdef0123456789abcdef";
    readonly Example _c1 = new();

    [Fact]
    [Spec("P16")]
    public void The_first_nodes_list_is_empty_and_closed()
    {
        var change = Nodes(_c1.Primary).Compare(Facts.Of(("sample.text", "# nodes\n")), false)!;
        Assert.Equal("# nodes\n", Content(change));
        Assert.Contains("put_file /etc/edb/efm-5.2/efm.nodes efm:efm 600 ", change.Apply, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P16", "T7")]
    public void The_others_know_the_coordinator_the_witness_included()
    {
        foreach (var host in new[] { _c1.Standby, _c1.Third, _c1.Witness })
            Assert.Equal("# nodes\n172.16.161.200:7800\n", Content(Nodes(host).Compare(Facts.Of(("sample.text", "# nodes\n")), false)!));
    }

    [Theory]
    [InlineData("172.16.161.202:7800 172.16.161.201:7800\n", "1")]
    [InlineData("172.16.161.202:7800\n", "")]
    [InlineData("# only a comment\n", "1")]
    [Spec("P16", "F5")]
    public void A_list_that_an_agent_wrote_or_holds_stays(string text, string active) =>
        Assert.Null(Nodes(_c1.Standby)
            .Compare(Facts.Of(("file.text", text), ("file.mode", "600 efm:efm"), ("sample.text", ""), ("active", active)), false));

    [Fact]
    [Spec("P17", "P19", "T8")]
    public void The_properties_are_the_samples_with_ours_set_and_not_for_everybody()
    {
        var change = First();
        var text = Content(change);
        Assert.StartsWith(
            $"# EFM's sample\ndb.user=efm\ndb.password.encrypted={Hex}\n"
                + "virtual.ip=172.16.161.245\nnode.timeout=50\n",
            text, StringComparison.Ordinal);
        Assert.Contains("put_file /etc/edb/efm-5.2/efm.properties efm:enterprisedb 640 ", change.Apply, StringComparison.Ordinal);
        string[] expected =
        [
            "db.port=5444", "db.database=edb", "db.service.owner=enterprisedb", "db.service.name=edb-as-17", "db.bin=/usr/edb/as17/bin",
            "db.data.dir=/var/lib/edb/as17/data",
            "jdbc.sslmode=require", "user.email=root@localhost", "from.email=node1@efm-pem", "notification.text.prefix=[PEM/EFM]",
            "bind.address=172.16.161.200:7800", "is.witness=false",
            "encrypt.agent.messages=true", "stop.isolated.primary=true", "stop.failed.primary=true", "primary.shutdown.as.failure=false",
            "ping.server.ip=172.16.161.1",
            "virtual.ip.interface=ens33", "virtual.ip.prefix=24", "virtual.ip.single=true", "check.vip.before.promotion=true",
        ];
        Assert.Subset(text.Split('\n').ToHashSet(), expected.ToHashSet());
    }

    [Fact]
    [Spec("P19")]
    public void The_witness_says_that_it_is_one_and_the_users_own_values_come_last()
    {
        var step = Step(new() { ["node.timeout"] = "20", ["virtual.ip"] = "172.16.161.9" });
        First(step);
        var text = Content(Properties(step, _c1.Witness).Compare(Facts.Of(("sample.text", Sample)), false)!);
        Assert.Equal(("true", "20", "172.16.161.9"),
            (PropertiesText.Get(text, "is.witness"), PropertiesText.Get(text, "node.timeout"),
            PropertiesText.Get(text, "virtual.ip")));
        Assert.Equal("172.16.161.203:7800", PropertiesText.Get(text, "bind.address"));
    }

    [Fact]
    [Spec("P18")]
    public void One_encryption_is_used_on_every_node()
    {
        var step = Step();
        First(step);
        var text = Content(Properties(step, _c1.Third).Compare(Facts.Of(("sample.text", Sample)), false)!);
        Assert.Equal(Hex, PropertiesText.Get(text, "db.password.encrypted"));
    }

    [Fact]
    [Spec("P18")]
    public void A_text_that_works_is_not_rewritten_for_another_one_of_the_same_password()
    {
        var text = Content(First());
        var facts = Facts.Of(("sample.text", Sample), ("file.text", text), ("file.mode", "640 efm:enterprisedb"), ("works", "1"),
            ("encrypt.status", "0"), ("encrypted", "fedcba9876543210fedcba9876543210"));
        Assert.Null(Properties(Step(), _c1.Primary).Compare(facts, false));
    }

    [Fact]
    [Spec("P18", "T8")]
    public void No_difference_shows_the_password_in_a_form_that_could_be_decrypted()
    {
        var old = Facts.Of(("sample.text", Sample),
            ("file.text", Sample.Replace("encrypted=", "encrypted = b2xkb25l", StringComparison.Ordinal)),
            ("file.mode", "640 efm:enterprisedb"), ("encrypt.status", "0"), ("encrypted", Hex));
        var difference = Redacted(_c1.Primary, Properties(Step(), _c1.Primary).Compare(old, false)!.Difference);
        Assert.Contains("db.password.encrypted=********\n", difference, StringComparison.Ordinal);
        Assert.DoesNotContain("b2xkb25l", difference, StringComparison.Ordinal);
        Assert.DoesNotContain(Hex, difference, StringComparison.Ordinal);
        var step = Step();
        First(step);
        Assert.DoesNotContain(Hex,
            Redacted(_c1.Standby, Properties(step, _c1.Standby).Compare(Facts.Of(("sample.text", Sample)), false)!.Difference),
            StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T8")]
    public void A_world_readable_file_is_closed()
    {
        var facts = Facts.Of(("sample.text", Sample), ("file.text", Content(First())), ("file.mode", "644 efm:efm"), ("works", "1"));
        Assert.Contains("mode 644 efm:efm -> 640 efm:enterprisedb", Properties(Step(), _c1.Primary).Compare(facts, false)!.Difference,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", "EFMPASS password not found.", "", "output 'EFMPASS password not found.'", "environment")]
    [InlineData(
        "1",
        "Unable to find JRE in path.",
        "/usr/bin/which: no java",
        "error output '/usr/bin/which: no java'",
        "Install-PemEpas")]
    [InlineData("0", "Unable to find JRE in path.", "", "status 0", "Install-PemEpas")]
    [InlineData("1", Hex, "", "output '********'", "by hand")]
    [InlineData("0", "The encrypted password is: " + Hex, "", "is: ********'", "by hand")]
    [InlineData("0", Hex + "\n" + Hex, "", "********", "by hand")]
    [InlineData("0", "0123456789abcdef", "", "'0123456789abcdef'", "by hand")]
    [InlineData("0", "0123456789abcdef0123456789abcdef0", "", "********", "by hand")]
    [InlineData("0", "", "warning", "output empty, error output 'warning'", "by hand")]
    [Spec("P18", "T8")]
    public void What_efm_encrypt_prints_is_taken_only_when_it_is_an_encrypted_password(
        string status, string output, string errors, string told, string remedy)
    {
        var facts = Facts.Of(
            ("sample.text", Sample),
            ("encrypt.status", status),
            ("encrypted", output),
            ("encrypt.error", errors));
        var error = Assert.Throws<PemException>(() => Properties(Step(), _c1.Primary).Compare(facts, false));
        Assert.Equal("EfmEncryptFailed", error.Id);
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
        // Anyone who has this text has the password.
        Assert.DoesNotContain(Hex, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_without_EFM_is_said_to_be_one() =>
        Assert.Equal("EfmMissing", Assert.Throws<PemException>(() => Properties(Step(), _c1.Primary).Compare(Facts.Of(), false)).Id);

    [Theory]
    [InlineData("echo " + Hex, true)]
    [InlineData("echo " + Hex + Hex, true)]
    [InlineData("echo 'EFMPASS password not found.'; exit 1", false)]
    [InlineData("echo 'EFMPASS password not found.'", false)]
    [InlineData("echo " + Hex + "; exit 1", false)]
    [InlineData("echo " + Hex + "; echo " + Hex, false)]
    [InlineData("echo 0123; echo trouble >&2", false)]
    [InlineData("exit 0", false)]
    [Spec("P18")]
    public void A_runbook_and_a_probe_judge_efm_encrypt_alike(string efm, bool taken)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["efm"], $"#!/bin/sh\n{efm}\n");
        Shell.Run("chmod", [], "+x", folder["efm"]);
        var recipe = First().Recipe.Script;
        string Here(string script) =>
            script.Replace("/usr/edb/efm-5.2/bin/efm", folder["efm"], StringComparison.Ordinal);
        var frame = $"set -eu; T='{folder[""]}'; fail() {{ echo \"$*\" >&2; exit 9; }}\n";
        frame += "fact() { printf '%s\\t=%s\\n' \"$1\" \"$2\"; }; "
            + "fact64() { printf '%s\\t' \"$1\"; base64 -w0; echo; }\n";

        var encrypts = string.Join('\n', recipe.Split('\n')
            .SkipWhile(l => !l.StartsWith("E=$(EFMPASS", StringComparison.Ordinal))
            .TakeWhile(l => !l.StartsWith("set --", StringComparison.Ordinal)));
        var byHand = Shell.Sh(
            frame + Here(encrypts.Replace("\"$" + Variable(recipe) + "\"", "x", StringComparison.Ordinal)));
        Assert.Equal(
            (taken ? 0 : 9, false),
            (byHand.ExitCode, (byHand.Output + byHand.Error).Contains(Hex, StringComparison.Ordinal)));

        var probe = Properties(Step(), _c1.Primary).Probe;
        var asked = probe[probe.IndexOf("if [ -x ", StringComparison.Ordinal)..];
        var asks = asked[..(asked.IndexOf("\nfi", StringComparison.Ordinal) + 3)];
        var facts = Shell.Sh(frame + Here(asks) + "\n").Output;
        var error = Record.Exception(() =>
            Properties(Step(), _c1.Primary).Compare(Facts.Parse($"sample.text\t=db.user=\n{facts}"), false));
        Assert.Equal(taken, error is null);

        static string Variable(string recipe) => recipe.Split("EFMPASS=\"$")[1].Split('"')[0];
    }

    [Fact]
    [Spec("P18")]
    public void The_password_is_encrypted_through_the_environment_and_masked_in_what_is_shown()
    {
        var step = Step(password: "it's");
        var probe = Properties(step, _c1.Primary).Probe;
        // Before that one command, not exported: what else runs there does not inherit it.
        Assert.Contains(
            "EFMPASS='it'\\''s' /usr/edb/efm-5.2/bin/efm encrypt efm --from-env ", probe, StringComparison.Ordinal);
        Assert.DoesNotContain("export", probe, StringComparison.Ordinal);
        Assert.DoesNotContain("it'", Redacted(_c1.Primary, probe), StringComparison.Ordinal);
        Assert.DoesNotContain("EFMPASS", Properties(step, _c1.Standby).Probe, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P20")]
    public void Only_nodes_that_are_not_let_in_yet_are_allowed()
    {
        var allowed = Example.The<EfmAllowedNodes>(Step(), _c1.Primary);
        Assert.Equal(["201", "202", "203"], allowed.Compare(Facts.Of(), false)!.Difference.Split('\n').Select(l => l[^3..]));
        Assert.EndsWith("allow-node efm 172.16.161.202",
            allowed.Compare(Status("""{"nodes":{},"allowednodes":["172.16.161.201","172.16.161.203"]}"""), false)!.Difference,
            StringComparison.Ordinal);
        Assert.Null(allowed.Compare(Status("""{"nodes":{},"allowednodes":["172.16.161.201","172.16.161.202","172.16.161.203"]}"""), false));
        // One that is started anew forgets them, unless another agent of its cluster reminds it.
        Assert.NotNull(allowed.Compare(Status("""{"nodes":{"172.16.161.200":{}},"allowednodes":["172.16.161.201","172.16.161.202","172.16.161.203"]}"""), true));
        Assert.Null(allowed.Compare(Status("""{"nodes":{"172.16.161.200":{},"172.16.161.203":{}},"allowednodes":["172.16.161.201","172.16.161.202","172.16.161.203"]}"""), true));
    }

    [Theory]
    [InlineData("fd16:161::201", "fd16:161::202", true)]
    [InlineData("fd16:161:0:0:0:0:0:201", "FD16:161:0:0:0:0:0:202", true)]
    [InlineData("node2", "node3.example.com", true)]
    [InlineData("fd16:161::201", "fd16:161::203", false)]
    [InlineData("fd16:161::201", "fd16:161::2020", false)]
    [Spec("P20", "F2")]
    public void However_EFM_spells_a_node_it_is_that_node(string second, string third, bool all)
    {
        var cluster = new PemCluster("efm", "fd16:161::245") { PingServer = "fd16:161::1" };
        var first = new PemHost(cluster, "fd16:161::200", PemRole.Primary, "node1") { Session = _c1.Primary.Session };
        _ = new PemHost(cluster, "fd16:161::201", PemRole.Standby, "node2") { Session = _c1.Standby.Session };
        _ = new PemHost(cluster, "fd16:161::202", PemRole.Witness, "node3", "node3.example.com")
        {
            Session = _c1.Third.Session,
        };
        var step = SectionC.Cluster(cluster, cluster.Hosts, first, "efm", "pw", new EfmOptions());
        var json = $$"""
            {
              "nodes": {
                "fd16:161:0:0:0:0:0:200": { "type": "Primary", "DB": "UP" },
                "{{second}}": { "type": "Standby", "db": "UP" }, "{{third}}": { "type": "Witness", "db": "N/A" }
              },
              "allowedNodes": [ "fd16:161:0:0:0:0:0:200", "{{second}}", "{{third}}" ]
            }
            """;

        // Both the JSON reader and the shell that waits for the status must accept it.
        var allowed = Example.The<EfmAllowedNodes>(step, first);
        var membership = Example.The<EfmMembership>(step, first);
        Assert.Equal(all, allowed.Compare(Status(json), false) is null);
        Assert.Equal(all, membership.Compare(Status(json), false) is null);
        Assert.Equal(all, Waits(allowed.Compare(Facts.Of(), false)!, json));
        Assert.Equal(all, Waits(membership.Compare(Facts.Of(), false)!, json));
    }

    /// <summary>Whether the condition that a change waits for holds when <c>efm</c> prints a status.</summary>
    static bool Waits(Change change, string status)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["status"], status);
        var functions = change.Apply[change.Apply.IndexOf("efm_status()", StringComparison.Ordinal)..];
        functions = functions.Replace(
            "/usr/edb/efm-5.2/bin/efm cluster-status-json efm",
            $"cat '{folder["status"]}'",
            StringComparison.Ordinal);
        var result = Shell.Sh("set -u; LC_ALL=C; export LC_ALL\nfail() { exit 9; }; wait_for() { shift; \"$@\"; }; "
            + $"cat() {{ if [ -f \"$1\" ]; then command cat \"$1\"; fi; }}\n{functions}\n");
        Assert.True(result.ExitCode is 0 or 9 or 127, result.Error);
        return result.ExitCode == 0;
    }

    [Fact]
    [Spec("P20")]
    public void Who_was_allowed_is_waited_for_as_the_command_only_sends_a_signal()
    {
        var change = Example.The<EfmAllowedNodes>(Step(), _c1.Primary).Compare(Facts.Of(), false)!;
        Assert.Matches("allow-node efm 172.16.161.203\n(.*\n)+wait_for 30 allowed \\|\\|", change.Apply);
        Assert.DoesNotContain("wait_for", change.Difference, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("# the old db.data.dir=/x\n", null)]
    [InlineData("my.db-data-dir.note=/elsewhere\n", "my.db-data-dir.note=/elsewhere")]
    [InlineData("script.post.promotion=/opt/db.bin/after\n", "script.post.promotion=/opt/db.bin/after")]
    [Spec("P19", "F5")]
    public void A_later_line_that_EFMs_scripts_would_read_for_a_directory_is_refused_before_any_change(
        string line, string? told)
    {
        var agree = Step().Phases[0].Resources(_c1.Standby).Single(r => r.Name == "directories in efm.properties");
        Assert.Null(agree.Compare(Facts.Of(), false));
        var facts = Facts.Of(
            ("sample.text", Sample), ("file.text", Sample + "db.bin=/x\ndb.data.dir=/y\n" + line));
        var error = Record.Exception(() => agree.Compare(facts, false));
        Assert.Equal(told is null ? null : "PropertyAmbiguous", (error as PemException)?.Id);
        Assert.Contains(told ?? "", error?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P19")]
    public void That_auto_rewind_cannot_work_is_said_once()
    {
        var step = Step(new() { ["auto.rewind"] = "true" });
        Assert.Contains("wal_log_hints", Properties(step, _c1.Primary).Remark(Facts.Of()), StringComparison.Ordinal);
        Assert.Null(Properties(step, _c1.Standby).Remark(Facts.Of()));
        Assert.Null(Properties(Step(new() { ["auto.rewind"] = "false" }), _c1.Primary).Remark(Facts.Of()));
    }

    [Theory]
    [InlineData("Standby", "UP", true)]
    [InlineData("Idle", "UP", false)]
    [InlineData("Standby", "DOWN", false)]
    [Spec("P20", "P21")]
    public void The_cluster_is_complete_when_every_agent_has_joined_and_sees_its_database(string type, string database, bool complete)
    {
        var status = $$"""
            {"nodes":{
              "172.16.161.200":{"type":"Primary","db":"UP"}, "172.16.161.201":{"type":"Standby","db":"UP"},
              "172.16.161.202":{"type":"{{type}}","db":"{{database}}"}, "172.16.161.203":{"type":"Witness","db":"N/A"}
            } }
            """;
        var change = Example.The<EfmMembership>(Step(), _c1.Primary).Compare(Status(status), false);
        Assert.Equal(complete ? null : "until node3 joined", change?.Difference);
    }

    [Theory]
    [InlineData("""{"nodes":{"172.16.161.200":{"type":"Primary","db":"UP"}}}""", "1", true)]
    [InlineData("""{"nodes":{"172.16.161.200":{"type":"Primary","db":"UP"}}}""", "", false)]
    [InlineData("""{"nodes":{"172.16.161.200":{"type":"Primary","db":"UP"},"172.16.161.201":{"type":"Standby","db":"DOWN"}}}""", "1", false)]
    [InlineData("", "1", false)]
    [Spec("P20")]
    public void An_agent_that_runs_in_a_cluster_of_its_own_is_started_with_the_first_ones_address(string status, string active, bool restarted)
    {
        var step = Step();
        _ = Example.The<EfmAllowedNodes>(step, _c1.Primary).Compare(Status(status), false);
        var agent = Example.The<EfmTogether>(step, _c1.Standby);
        var facts = Facts.Of(("active", active));
        Assert.Null(agent.Compare(facts, true));
        var change = agent.Compare(facts, false);
        Assert.Equal(restarted, change is not null);
        Assert.True(change is null || change.Apply.Contains("172.16.161.200:7800 >> /etc/edb/efm-5.2/efm.nodes", StringComparison.Ordinal), change?.Apply);
        // Done once: what the first agent said is from before.
        Assert.Null(agent.Compare(facts, false));
    }

    [Theory]
    [InlineData("Idle", "true", "streaming 172.16.161.200", "Primary", true)]
    [InlineData("Idle", "true", "", "Primary", false)]
    [InlineData("Idle", "true", "starting 172.16.161.200", "Primary", false)]
    [InlineData("Idle", "false", "", "Primary", false)]
    [InlineData("Idle", "false", "", "Promoting", false)]
    [InlineData("Idle", "false", "", "Idle", true)]
    [InlineData("Idle", "", "", "Idle", false)]
    [InlineData("Standby", "true", "streaming 172.16.161.200", "Primary", false)]
    [Spec("P22", "T13")]
    public void An_idle_agent_is_resumed_where_its_database_is_well_and_no_second_primary(string type, string recovery, string receiver, string first, bool resumed)
    {
        var step = Step();
        var status = $$"""{"nodes":{"172.16.161.200":{"type":"{{first}}","db":"UP"},"172.16.161.201":{"type":"{{type}}","db":"UP"} } }""";
        _ = Example.The<EfmAllowedNodes>(step, _c1.Primary).Compare(Status(status), false);
        var watch = Example.The<EfmWatching>(step, _c1.Standby);
        var facts = Facts.Of(("active", "1"), ("recovery", recovery), ("receiver", receiver));
        Assert.Null(watch.Compare(facts, true));
        Assert.Equal(resumed ? "/usr/edb/efm-5.2/bin/efm resume efm" : null, watch.Compare(facts, false)?.Difference);
        // Done once: what the first agent said is from before.
        Assert.Null(watch.Compare(facts, false));
    }

    [Fact]
    [Spec("P20")]
    public void The_agent_is_restarted_when_its_properties_changed_and_only_then()
    {
        var agent = Example.The<ServiceRunning>(Step(), _c1.Standby);
        var running = Facts.Of(("state", "ActiveState=active\nUnitFileState=enabled\n"));
        Assert.Null(agent.Compare(running, false));
        Assert.Equal("systemctl restart edb-efm-5.2", agent.Compare(running, true)!.Difference);
        Assert.Equal("systemctl -q enable edb-efm-5.2\nsystemctl start edb-efm-5.2",
            agent.Compare(Facts.Of(("state", "ActiveState=inactive\nUnitFileState=disabled\n")), false)!.Difference);
        Assert.Equal([typeof(EfmUnit), typeof(EfmProperties)], agent.After.Select(r => r.GetType()));
    }

    [Theory]
    [InlineData("ssl", "off", "SslOff")]
    [InlineData("up", "", "DatabaseDown")]
    [InlineData("answers", "", "PingServerSilent")]
    [InlineData("nic", "", "InterfaceUnfit")]
    [InlineData("nic", "ens33 28", "InterfaceUnfit")]
    [Spec("T9", "T10", "T11")]
    public void Nothing_starts_before_its_conditions_hold(string fact, string value, string error)
    {
        (string, string)[] well =
            [("up", "1"), ("recovery", "f"), ("ssl", "on"), ("answers", "1"), ("nic", "ens33 24")];
        var requirements = Step().Phases[0].Resources(_c1.Standby);
        Assert.All(requirements, r => Assert.Null(r.Compare(Facts.Of(well), false)));
        var broken = Facts.Of([.. well, (fact, value)]);
        Assert.Contains(error, requirements.Select(r => Record.Exception(() => r.Compare(broken, false))).OfType<PemException>()
            .Select(e => e.Id));
    }

    [Theory]
    [InlineData(null, "172.16.161.245", "eth1 24", null)]
    [InlineData("eth1", "172.16.161.245", "eth1 24", null)]
    [InlineData("ens33", "172.16.161.245", "eth1 24", "ens33 on node1 does not carry 172.16.161.200; eth1 does.")]
    [InlineData(null, "172.16.162.245", "eth1 24", "172.16.162.245 is not in 172.16.161.0/24, the network of eth1 on node1.")]
    [InlineData(null, "172.16.162.245", "eth1 16", null)]
    [InlineData(null, "172.16.161.245", "", "No interface of node1 carries 172.16.161.200.")]
    [Spec("P19", "T11")]
    public void The_interface_of_the_virtual_IP_is_found_out_and_judged(string? given, string virtualIp, string nic, string? unfit)
    {
        var cluster = new PemCluster("efm", virtualIp) { VirtualIpInterface = given };
        Assert.Equal(unfit, SectionC.Unfit(cluster, new PemHost(cluster, "172.16.161.200", PemRole.Primary, "node1"), nic));
    }

    [Theory]
    [InlineData("application.name=dc1_node2", "application.name=dc1_node2", "release.vip.background=false", true)]
    [InlineData("release.vip.pre.wait=5", "release.vip.background=true", "application.name=node2", true)]
    [InlineData("application.name=node2", "application.name=node2", "release.vip.post.wait=1", false)]
    [Spec("P19")]
    public void What_an_administrator_chose_for_a_switchover_stays(string line, string stays, string ours, bool said)
    {
        const string Sample =
            "application.name=\nrelease.vip.background=true\nrelease.vip.pre.wait=0\nrelease.vip.post.wait=0\n"
            + "db.user=\n";
        var current = PropertiesText.Set(Sample, [new(line.Split('=')[0], line.Split('=')[1])]);
        (string, string)[] facts =
        [
            ("sample.text", Sample), ("file.text", current), ("file.mode", "640 efm:enterprisedb"), ("works", "1"),
        ];
        var properties = Properties(Step(), _c1.Standby);
        var difference = properties.Compare(Facts.Of(facts), false)!.Difference;
        Assert.DoesNotContain($"-{stays}", difference, StringComparison.Ordinal);
        Assert.Contains($"+{ours}", difference, StringComparison.Ordinal);
        Assert.Equal(said, properties.Remark(Facts.Of(facts)) is not null);
    }

    [Fact]
    [Spec("T10")]
    public void A_ping_server_of_the_cluster_itself_is_refused()
    {
        var cluster = new PemCluster("efm", "10.0.0.9") { PingServer = "10.0.0.1" };
        var host = new PemHost(cluster, "10.0.0.1", PemRole.Primary) { Session = _c1.Primary.Session };
        var requirement = SectionC.Cluster(cluster, [host], host, "efm", "pw", new EfmOptions()).Phases[0]
            .Resources(host).Single(r => r.Name == "ping server");
        Assert.Equal("PingServerInCluster", Assert.Throws<PemException>(() => requirement.Compare(Facts.Of(("answers", "1")), false)).Id);
    }

    [Fact]
    [Spec("T11")]
    public void A_virtual_IP_that_a_stranger_answers_for_is_refused()
    {
        var sighting = new VirtualIpSighting();
        var free = sighting.MustBeFree(_c1.Primary);
        Assert.Null(free.Compare(Facts.Of(), false));
        Assert.Equal("VirtualIpTaken", Assert.Throws<PemException>(() => free.Compare(Facts.Of(("taken", "ARP")), false)).Id);
        // ARP is IPv4's alone, and arping refuses an IPv6 address.
        Assert.Contains("arping", free.Probe, StringComparison.Ordinal);
        var cluster = new PemCluster("efm", "fd16:161::245") { PingServer = "fd16:161::1" };
        Assert.DoesNotContain("arping", sighting.MustBeFree(new PemHost(cluster, "fd16:161::200", PemRole.Primary)).Probe, StringComparison.Ordinal);
        // Ours may hold it.
        sighting.Look(_c1.Standby).Compare(Facts.Of(("known", "1")), false);
        Assert.Null(free.Compare(Facts.Of(("taken", "ARP")), false));
    }

    Step Step(Dictionary<string, string>? extra = null, string password = "pw") =>
        SectionC.Cluster(
            _c1.Cluster,
            _c1.Cluster.Hosts,
            _c1.Primary,
            "efm",
            password,
            new EfmOptions { Properties = extra ?? [] });

    EfmNodes Nodes(PemHost host) => Example.The<EfmNodes>(Step(), host);

    static EfmProperties Properties(Step step, PemHost host) => Example.The<EfmProperties>(step, host);

    /// <summary>The primary's file, as the first run makes it.</summary>
    Change First(Step? step = null) =>
        Properties(step ?? Step(), _c1.Primary).Compare(
            Facts.Of(
                ("sample.text", Sample),
                ("encrypt.status", "0"),
                ("encrypted", Hex),
                ("nic", "ens33 24")),
            false)!;

    static Facts Status(string json) => Facts.Of(("status", json));

    static string Redacted(PemHost host, string text) => SshSession.Of(host).Redactor.Redact(text);

    static string Content(Change change) =>
        Encoding.Latin1.GetString(Convert.FromBase64String(change.Apply.Split("<<'PEMHA'\n")[1].Split('\n')[0]));
}
