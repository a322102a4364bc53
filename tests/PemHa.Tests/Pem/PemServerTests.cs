using System.Text;
using CsCheck;
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
    public void What_is_answered_is_what_the_scripts_read_gives_back() => Texts.Any.Array[100].Sample(texts =>
    {
        var passwords = texts.Where(t => PemServer.Refusal(t) is null).ToArray();
        var input = string.Concat(passwords.Select(p => PemServer.Answer(p) + "\n"));
        var result = Shell.Run("bash", Encoding.UTF8.GetBytes(input), "-c", "while read p; do printf '%s\\0' \"$p\"; done");
        Assert.Equal(passwords, result.Output.Split('\0')[..^1]);
    }, iter: 50, threads: 1);

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
        var facts = Facts.Of(("configured", "1"), ("agent", agent), ("heartbeat", heartbeat), ("web", web));
        Assert.Equal(action, Server(_c1.Primary).Compare(facts, false)?.Action);
    }

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

    string Command(PemHost host) => Server(host).Compare(Facts.Of(), false)!.Difference;
}
