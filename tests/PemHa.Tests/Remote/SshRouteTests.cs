using PemHa.Engine;
using PemHa.Engine.Remote;

namespace PemHa.Tests.Remote;

/// <summary>How parameters, ssh_config and defaults are weighed.</summary>
public sealed class SshRouteTests : IDisposable
{
    readonly TemporaryFolder _home = new();
    readonly PemCluster _cluster = new("efm", "172.16.161.245");

    [Fact]
    public void Without_a_word_from_anybody_the_defaults_hold()
    {
        Directory.CreateDirectory(_home[".ssh"]);
        File.WriteAllText(_home[".ssh/id_rsa"], "");
        var route = To("172.16.161.200", "");
        Assert.Empty(route.Jumps);
        var node = route.Node;
        Assert.Equal(("172.16.161.200", 22, "root", ("172.16.161.200", 22)), (node.HostName, node.Port, node.UserName, node.KnownAs));
        Assert.Equal([new SshIdentity(_home[".ssh/id_rsa"], false)], node.Identities);
        Assert.Equal([_home[".ssh/known_hosts"], "/etc/ssh/ssh_known_hosts"], node.KnownHostsFile);
        Assert.False(node.IdentitiesOnly || node.PasswordFirst);
    }

    [Fact]
    public void What_ssh_config_says_of_the_alias_is_used_for_the_node()
    {
        var node = To("172.16.161.200", """
            Host pem1
                HostName %h.example.com
                User admin
                Port 2222
                IdentityFile ~/keys/%r@%h-%p
                IdentityFile %d/.ssh/%n
                IdentitiesOnly yes
                UserKnownHostsFile ~/known/%k /etc/more
                GlobalKnownHostsFile none
                IdentityAgent ~/agent.sock
            """, "pem1").Node;
        Assert.Equal(("pem1.example.com", 2222, "admin", ("pem1.example.com", 2222)), (node.HostName, node.Port, node.UserName, node.KnownAs));
        Assert.Equal([_home["keys/admin@pem1.example.com-2222"], _home[".ssh/pem1"]], node.Identities.Select(i => i.Path));
        Assert.True(node.IdentitiesOnly && node.Identities.All(i => !i.Required));
        Assert.Equal([_home["known/pem1"], "/etc/more"], node.KnownHostsFile);
        Assert.Equal(_home["agent.sock"], node.Agent);
        Assert.Equal("172.16.161.200 (pem1.example.com, port 2222)", node.Label);
    }

    [Fact]
    public void Parameters_win_over_ssh_config()
    {
        const string Config = "User admin\nPort 2222\nIdentityFile k\nUserKnownHostsFile f\nProxyJump j\n";
        var host = new PemHost(_cluster, "172.16.161.200", PemRole.Primary) { SshPort = 22 };
        var route = SshRoute.To(host, Options(Config) with { UserName = "root", KeyFile = ["/key"], KnownHostsFile = ["/known"], JumpHost = "none" });
        Assert.Empty(route.Jumps);
        Assert.Equal((22, "root"), (route.Node.Port, route.Node.UserName));
        Assert.Equal([new SshIdentity("/key", true)], route.Node.Identities);
        Assert.Equal(["/known"], route.Node.KnownHostsFile);
        Assert.True(route.Node.IdentitiesOnly);
    }

    [Theory]
    [InlineData("HostKeyAlias Known\nPort 2222", "known", 22)]
    [InlineData("HostName Real.Example\nPort 2222", "real.example", 2222)]
    [InlineData("Port 22", "pem1", 22)]
    public void The_host_key_is_looked_up_as_ssh_does(string config, string name, int port) =>
        Assert.Equal((name, port), To("172.16.161.200", config, "pem1").Node.KnownAs);

    [Theory]
    [InlineData("IdentityAgent none", null)]
    [InlineData("IdentityAgent $PEMHA_TEST_AGENT", "/run/agent")]
    [InlineData("IdentityAgent ${PEMHA_TEST_AGENT}.2", "/run/agent.2")]
    [InlineData("IdentityAgent \"/run/an agent\"", "/run/an agent")]
    public void The_agent_is_where_ssh_config_says(string config, string? agent)
    {
        Environment.SetEnvironmentVariable("PEMHA_TEST_AGENT", "/run/agent");
        Assert.Equal(agent, To("172.16.161.200", config).Node.Agent);
    }

    [Fact]
    public void A_credential_comes_before_keys_that_nobody_asked_for_and_after_those_that_were()
    {
        Assert.True(SshRoute.To(Host(), Options("") with { UserName = "admin", Password = "x" }).Node.PasswordFirst);
        Assert.False(SshRoute.To(Host(), Options("") with { UserName = "admin", Password = "x", KeyFile = ["/key"] }).Node.PasswordFirst);
        Assert.Equal("x", SshRoute.To(Host(), Options("") with { Password = "x" }).Node.Passphrase);
        Assert.Equal("y", SshRoute.To(Host(), Options("") with { Password = "x", KeyPassphrase = "y" }).Node.Passphrase);
    }

    [Fact]
    public void Jump_hosts_come_in_order_each_with_its_own_settings_and_never_the_nodes_password()
    {
        const string Config = """
            Host outer
                HostName 10.0.0.1
                User unused
                Port 2201
                UserKnownHostsFile /known/outer
                HostKeyAlias outside
            Host inner
                IdentityFile /inner
            Host node
                ProxyJump o@outer,inner:2202
            """;
        var route = SshRoute.To(Host("node"), Options(Config) with { UserName = "root", Password = "secret", JumpUserName = "me", JumpPassword = "jump" });
        Assert.Equal(["o@10.0.0.1:2201", "me@inner:2202"], route.Jumps.Select(j => $"{j.UserName}@{j.HostName}:{j.Port}"));
        Assert.Equal(["the jump host outer (10.0.0.1, port 2201)", "the jump host inner, port 2202"], route.Jumps.Select(j => j.Label));
        Assert.Equal((("outside", 22), "/known/outer"), (route.Jumps[0].KnownAs, route.Jumps[0].KnownHostsFile[0]));
        Assert.Equal(["/inner"], route.Jumps[1].Identities.Select(i => i.Path));
        // Only where it is the credential's own user, and the nodes' nowhere.
        Assert.Equal([null, "jump"], route.Jumps.Select(j => j.Password));
        Assert.Equal("secret", route.Node.Password);
    }

    [Fact]
    public void A_jump_host_may_itself_be_behind_one_by_its_own_account()
    {
        const string Config = "Host node\nProxyJump b\nHost b\nProxyJump a\nHost c\nProxyJump a\n";
        Assert.Equal(["a", "b"], To("172.16.161.200", Config, "node").Jumps.Select(j => j.HostName));
        // In a chain that was spelled out only the first one may.
        Assert.Equal(["a", "b", "c"], SshRoute.To(Host(), Options(Config) with { JumpHost = "b,c" }).Jumps.Select(j => j.HostName));
        var error = Assert.Throws<PemException>(() => To("172.16.161.209", "Host *\nProxyJump a\n"));
        Assert.Equal("SshConfigInvalid", error.Id);
        Assert.StartsWith("config:2: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_user_of_a_jump_host_is_the_one_given_or_configured_or_the_admin()
    {
        Assert.Equal([Environment.UserName], Users("a", ""));
        Assert.Equal(["u"], Users("a", "User u"));
        Assert.Equal(["v"], Users("v@a", "User u"));

        IEnumerable<string> Users(string jump, string config) => SshRoute.To(Host(), Options(config) with { JumpHost = jump }).Jumps.Select(j => j.UserName);
    }

    [Theory]
    [InlineData("h", null, "h", null)]
    [InlineData("u@h", "u", "h", null)]
    [InlineData("u@v@h:22", "u@v", "h", 22)]
    [InlineData("10.0.0.1:2222", null, "10.0.0.1", 2222)]
    [InlineData("fd00::1", null, "fd00::1", null)]
    [InlineData("u@[fd00::1]:2222", "u", "fd00::1", 2222)]
    [InlineData("[fd00::1]", null, "fd00::1", null)]
    [InlineData("ssh://u@h:1", "u", "h", 1)]
    [InlineData("ssh://u@h/", "u", "h", null)]
    public void A_jump_host_is_written_as_for_ssh(string text, string? user, string host, int? port) => Assert.Equal((user, host, port), SshRoute.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("@h")]
    [InlineData("u@")]
    [InlineData("h:")]
    [InlineData("h:0")]
    [InlineData("h:65536")]
    [InlineData("h:ssh")]
    [InlineData("h:+1")]
    [InlineData("-oProxyCommand=x")]
    [InlineData("h;reboot")]
    [InlineData("[fd00::1")]
    [InlineData("[fd00::1]22")]
    [InlineData("a b")]
    public void What_is_no_jump_host_is_refused(string text)
    {
        Assert.Null(SshRoute.Parse(text));
        if (text.Length > 0)
            Assert.Equal("JumpHostUnfit", Assert.Throws<PemException>(() => SshRoute.To(Host(), Options("") with { JumpHost = $"a,{text}" })).Id);
    }

    [Theory]
    [InlineData("ProxyCommand nc %h %p", "ProxyCommand")]
    [InlineData("ProxyCommand nc %h %p\nProxyJump j", "ProxyCommand")]
    [InlineData("BindAddress 10.0.0.1", "bindaddress")]
    [InlineData("CanonicalizeHostname yes", "canonicalizehostname")]
    [InlineData("KnownHostsCommand /bin/x", "knownhostscommand")]
    [InlineData("RevokedHostKeys /x", "revokedhostkeys")]
    [InlineData("IdentityFile %C", "%C")]
    [InlineData("HostName %d", "%d")]
    [InlineData("Match exec true\nUser a", "Match exec true")]
    public void What_cannot_be_done_is_said_with_its_line_and_what_to_do_instead(string config, string what)
    {
        var error = Assert.Throws<PemException>(() => To("172.16.161.200", config));
        Assert.Equal(("SshConfigUnsupported", Trouble.InvalidArgument), (error.Id, error.Category));
        Assert.StartsWith("config:1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.NotEqual("", error.Remedy);
    }

    [Theory]
    [InlineData("ProxyCommand none")]
    [InlineData("ProxyCommand none\nProxyJump j")]
    [InlineData("CanonicalizeHostname no")]
    [InlineData("Host other\nProxyCommand x")]
    [InlineData("ForwardAgent yes\nControlMaster auto\nServerAliveInterval 30\nNoSuchKeyword x")]
    public void What_does_not_matter_is_passed_over(string config) => Assert.Empty(To("172.16.161.200", config).Jumps);

    [Fact]
    public void A_jump_host_given_by_parameter_makes_the_command_not_matter() =>
        Assert.Single(SshRoute.To(Host(), Options("Host 172.*\nProxyCommand x") with { JumpHost = "j" }).Jumps);

    [Fact]
    public void A_login_that_cannot_be_tried_is_remembered_for_the_one_who_is_refused() =>
        Assert.Contains("config:2", Assert.Single(To("172.16.161.200", "Host *\nGSSAPIAuthentication yes").Node.Notes), StringComparison.Ordinal);

    public void Dispose() => _home.Dispose();

    PemHost Host(string? hostName = null) => new(_cluster, $"172.16.161.{200 + _cluster.Hosts.Count}", PemRole.Standby, null, hostName);

    SshRoute To(string address, string config, string? hostName = null) =>
        SshRoute.To(new PemHost(_cluster, address, PemRole.Standby, null, hostName), Options(config));

    SshOptions Options(string config) => new() { Config = SshConfig.Parse(config, "config", _home.Path), Home = _home.Path };
}
