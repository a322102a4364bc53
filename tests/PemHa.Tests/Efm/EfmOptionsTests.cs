using PemHa.Engine;
using PemHa.Engine.Efm;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Efm;

/// <summary>
/// The EFM properties that PemHa sets beyond the page, and the values that it refuses or warns about.
/// </summary>
public class EfmOptionsTests
{
    readonly Example _c1 = new();

    [Fact]
    [Spec("P19")]
    public void A_data_node_keeps_the_name_that_it_streams_under_after_a_switchover()
    {
        Assert.Equal("node2", Values(_c1.Standby)["application.name"]);
        Assert.False(Values(_c1.Witness).ContainsKey("application.name"));
        // Replica writes the same name.
        var replicas = SectionB.Replicas(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "repl", force: false);
        var change = Example.The<Replica>(replicas, _c1.Standby).Compare(Facts.Of(), false)!;
        Assert.Matches("application_name=[\\\\']+node2[\\\\']+ ", change.Apply);
    }

    [Theory]
    [InlineData(2, "5.2", "false")]
    [InlineData(3, "5.2", "false")]
    [InlineData(3, "5.1", "false")]
    [InlineData(3, "5.0", null)]
    [Spec("P19")]
    public void The_virtual_IP_is_released_before_a_standby_is_chosen(int nodes, string efm, string? background)
    {
        var cluster = Cluster(nodes, efm);
        var values = Example.The<EfmProperties>(Step(cluster, new()), cluster.Hosts[0]).Values;
        Assert.Equal(background, values.GetValueOrDefault("release.vip.background"));
        Assert.Equal(background is null ? null : "1", values.GetValueOrDefault("release.vip.post.wait"));
    }

    [Theory]
    [InlineData("5.2", "verify-full", true)]
    [InlineData("5.3", "verify-full", false)]
    [InlineData("5.4", "verify-full", false)]
    [InlineData("4.10", "verify-ca", false)]
    [InlineData("5.1", "verify-ca", false)]
    public void The_strictest_check_of_certificates_needs_EFM_5_3(string efm, string mode, bool refused)
    {
        var why = PropertyRules.Refusal(Version.Parse(efm), "jdbc.sslmode", mode);
        Assert.Equal(refused, why is not null);
        if (refused) Assert.Contains("needs EFM 5.3", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "true",
        "false",
        "",
        "primary.shutdown.as.failure=true with enable.stop.cluster=false is eager failover")]
    [InlineData("false", "true", "edb-efm-5.2.service", "BindsTo=edb-efm-5.2.service of edb-as-17 is eager failover")]
    [InlineData("true", "true", "", null)]
    [InlineData("false", "false", "var.mount", null)]
    public void Eager_failover_is_warned_of_as_it_goes_with_no_virtual_IP(
        string shutdown, string stop, string binds, string? warning)
    {
        var properties = new Dictionary<string, string>
        {
            ["primary.shutdown.as.failure"] = shutdown,
            ["enable.stop.cluster"] = stop,
        };
        var eager = Example.The<EagerFailover>(Step(_c1.Cluster, new() { Properties = properties }), _c1.Primary);
        Assert.Null(eager.Compare(Facts.Of(("binds", binds)), false));
        var said = eager.Remark(Facts.Of(("binds", binds)));
        if (warning is null) Assert.Null(said);
        else Assert.StartsWith(warning, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5.2", true)]
    [InlineData("5.3", true)]
    [InlineData("5.4", false)]
    [Spec("T20")]
    public void An_even_number_of_agents_is_more_dangerous_below_EFM_5_4(string efm, bool stronger)
    {
        var cluster = Cluster(2, efm);
        var said = Example.The<AgentCount>(Step(cluster, new()), cluster.Hosts[0]).Remark(Facts.Of())!;
        Assert.Equal(stronger, said.Contains($"EFM {efm} may even promote a second primary", StringComparison.Ordinal));
    }

    [Fact]
    [Spec("T11")]
    public void An_IPv6_virtual_IP_is_announced_by_the_kernel_of_every_data_node()
    {
        var cluster = Cluster(2, "5.2", "fd00::9");
        var announcer = Example.The<VirtualIpAnnouncer>(Step(cluster, new()), cluster.Hosts[1]);
        var change = announcer.Compare(Facts.Of(("interface", "bond0.100"), ("notify", "0")), false)!;
        // A VLAN's name contains a dot, which sysctl.d takes for a separator unless the line is written with slashes.
        Assert.Contains(
            "+net/ipv6/conf/bond0.100/ndisc_notify = 1\n", change.Difference + "\n", StringComparison.Ordinal);
        Assert.EndsWith(
            "echo 1 > \"/proc/sys/net/ipv6/conf/$N/ndisc_notify\"\n", change.Apply, StringComparison.Ordinal);
        var added = change.Difference.Split('\n')
            .Where(l => l.StartsWith('+') && !l.StartsWith("+++", StringComparison.Ordinal))
            .Select(l => l[1..]);
        var text = string.Join('\n', added) + "\n";
        (string, string)[] there = [("interface", "bond0.100"), ("file.text", text), ("file.mode", "644 root:root")];
        Assert.Null(announcer.Compare(Facts.Of([.. there, ("notify", "1")]), false));
        Assert.Equal("apply", announcer.Compare(Facts.Of([.. there, ("notify", "0")]), false)!.Action);
        var odd = Facts.Of(("interface", "x; reboot"));
        Assert.Equal("AnswerUnfit", Assert.Throws<PemException>(() => announcer.Compare(odd, false)).Id);
        var none = Example.The<VirtualIpAnnouncer>(Step(cluster, new() { Announces = false }), cluster.Hosts[1]);
        Assert.Equal("remove", none.Compare(Facts.Of([.. there, ("notify", "1")]), false)!.Action);
        Assert.Null(none.Compare(Facts.Of(("interface", "bond0.100"), ("notify", "0")), false));
        // EFM announces an IPv4 address itself.
        Assert.Empty(Example.Resources(Step(_c1.Cluster, new()), _c1.Primary).OfType<VirtualIpAnnouncer>());
    }

    IReadOnlyDictionary<string, string> Values(PemHost host) =>
        Example.The<EfmProperties>(Step(_c1.Cluster, new()), host).Values;

    PemCluster Cluster(int nodes, string efm, string virtualIp = "10.0.0.9")
    {
        var cluster = new PemCluster("efm", virtualIp) { EfmVersion = Version.Parse(efm) };
        for (var i = 1; i <= nodes; i++)
        {
            _ = new PemHost(cluster, virtualIp[..^1] + (100 + i), i == 1 ? PemRole.Primary : PemRole.Standby)
            {
                Session = _c1.Primary.Session,
            };
        }
        return cluster;
    }

    static Step Step(PemCluster cluster, EfmOptions options) =>
        SectionC.Cluster(cluster, cluster.Hosts, cluster.Hosts[0], "efm", "pw", options);
}
