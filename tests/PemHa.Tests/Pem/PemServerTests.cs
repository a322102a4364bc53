using System.Text;
using CsCheck;
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
    public void The_primary_is_told_everything_but_the_password()
    {
        var command = Command(_c1.Primary);
        Assert.Equal("/usr/edb/pem/bin/configure-pem-server.sh", command.Split(' ')[0]);
        AssertOptions(command,
            [("-t", "1"), ("-ho", "172.16.161.245"), ("-p", "5444"), ("-su", "pemsuper"), ("--asb-host-name", "127.0.0.1"),
            ("--replication-solution", "efm"),
            ("--replication-role", "primary"), ("--db-install-path", "/usr/edb/as17/"), ("--db-unitfile", "edb-as-17"),
            ("-ci", "172.16.161.0/24"), ("-acp", "/root/.pem"),
            ("--use-agent-sslcert", "/etc/pki/pemha/agent1.crt"), ("--use-agent-sslkey", "/etc/pki/pemha/agent1.key"),
                ("-aro", "agent_id=1")]);
        Assert.Contains(" --skip-db-certificate ", command, StringComparison.Ordinal);
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
        Assert.Equal(["node1"], phases[^2].Hosts.Select(h => h.Name));
        Assert.Equal(["node2", "node3"], phases[^1].Hosts.Select(h => h.Name));
        Assert.True(phases[^1].OneByOne);
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
        Assert.Contains(" --skip-db-certificate --use-existing-sslutils ", primary, StringComparison.Ordinal);
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
            // What a run that was cut has registered is not registered a second time.
            var again = Server(c1, host).Compare(Facts.Of(("id", "4")), false)!;
            Assert.Contains("-aro agent_id=4", again.Difference, StringComparison.Ordinal);
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
            < change.Apply.IndexOf("wait_for 60 proven", StringComparison.Ordinal));
        Assert.DoesNotContain("GRANT", Server(c1, c1.Standby).Compare(Facts.Of(), false)!.Apply, StringComparison.Ordinal);
        // A run that was cut between the two is mended, and a settled one left alone.
        string File(string end) => $"/etc/pki/pemha/common_agent_user.{end}";
        var proven = Facts.Of([.. Proven, ("agent_ssl_crt", File("crt")), ("agent_ssl_key", File("key"))]);
        Assert.Null(Server(c1, c1.Primary).Compare(proven, false));
        var unsettled = Server(c1, c1.Primary).Compare(Facts.Of(("unsettled", "1")).Or(proven), false)!;
        Assert.Contains(settle[0], unsettled.Difference, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P30")]
    public void Where_a_newer_PEM_wants_a_superuser_it_is_one_only_while_the_primary_is_configured()
    {
        var c1 = new Example(agentUser: "common_agent_user");
        PemServer Super(PemHost host) => new(host, host == c1.Primary, "pemsuper", "s3cret", new PemServerOptions(TemporarySuperUser: true));
        var apply = Super(c1.Primary).Compare(Facts.Of(), false)!.Apply;
        int At(string text) => apply.IndexOf(text, StringComparison.Ordinal);
        Assert.True(0 < At("trap demote EXIT"));
        Assert.True(At("trap demote EXIT") < At("ALTER ROLE \"common_agent_user\" SUPERUSER"));
        Assert.True(At("\"common_agent_user\" SUPERUSER") < At("configure-pem-server.sh -t"));
        Assert.True(At("demote; trap - EXIT") > At("configure-pem-server.sh -t"));
        foreach (var (host, server) in new[] { (c1.Standby, Super(c1.Standby)), (c1.Primary, Server(c1, c1.Primary)), (_c1.Primary, Server(_c1.Primary)) })
            Assert.DoesNotContain(" SUPERUSER", server.Compare(Facts.Of(), false)!.Apply, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P33")]
    public void The_backend_is_registered_with_EFM_only_where_that_is_asked_for()
    {
        Assert.DoesNotContain("-srp", Command(_c1.Primary), StringComparison.Ordinal);
        foreach (var host in new[] { _c1.Primary, _c1.Standby })
        {
            var server = new PemServer(host, host == _c1.Primary, "pemsuper", "s3cret", new PemServerOptions(RegisterEfm: true));
            Assert.Contains(" -srp --efm-cluster-name=efm -srp --efm-install-path=/usr/edb/efm-5.2/ ", server.Compare(Facts.Of(), false)!.Difference,
                StringComparison.Ordinal);
        }
    }

    /// <summary>An agent that runs with the files it is to have, begun at second 1000.</summary>
    static readonly (string, string)[] Proven =
    [
        ("configured", "1"), ("id", "1"), ("agent", "t"), ("heartbeat", "t"), ("web", "1"), ("agent_ssl_crt", "/etc/pki/pemha/agent1.crt"),
        ("agent_ssl_key", "/etc/pki/pemha/agent1.key"), ("now", "1100"), ("uptime", "110"), ("written", "999"),
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
        Assert.Contains("wait_for 60 proven", change.Apply, StringComparison.Ordinal);
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

    static string Command(Example c1, PemHost host) => Server(c1, host).Compare(Facts.Of(), false)!.Difference.Split('\n')[0];

    string Command(PemHost host) => Server(host).Compare(Facts.Of(), false)!.Difference;
}
