using System.Net;
using PemHa.Engine;
using PemHa.Engine.Remote;

namespace PemHa.Tests.Remote;

/// <summary>Which of its addresses a node's name stands for.</summary>
public class NodeAddressTests
{
    const string Own = """
        own 1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
        own 1: lo    inet6 ::1/128 scope host \       valid_lft forever preferred_lft forever
        own 2: eth0    inet 172.16.161.200/24 brd 172.16.161.255 scope global eth0\       valid_lft forever preferred_lft forever
        own 2: eth0    inet 172.16.161.245/24 scope global secondary eth0\       valid_lft forever preferred_lft forever
        own 2: eth0    inet6 fd00:161::200/64 scope global \       valid_lft forever preferred_lft forever
        own 2: eth0    inet6 fe80::1/64 scope link \       valid_lft forever preferred_lft forever
        own 3: eth1    inet 10.9.0.200/16 brd 10.9.255.255 scope global eth1\       valid_lft forever preferred_lft forever
        endpoint 172.16.161.1 51234 10.9.0.200 22

        """;

    [Theory]
    [InlineData("172.16.161.200", "172.16.161.200:7800")]
    [InlineData("fd16:161::200", "[fd16:161::200]:7800")]
    public void An_IPv6_address_before_a_port_stands_in_brackets(string address, string expected) => Assert.Equal(expected, NodeAddress.At(address, 7800));

    [Theory]
    [InlineData("172.16.161.245", "172.16.161.200", "172.16.161.200")]
    // The name of the machine is all of its addresses (nss-myhostname), the virtual IP included where it is held.
    [InlineData("172.16.161.245", "172.16.161.200 172.16.161.245 10.9.0.200 fd00:161::200 fe80::1", "172.16.161.200")]
    [InlineData("fd00:161::245", "172.16.161.200 10.9.0.200 fd00:161::200", "fd00:161::200")]
    [InlineData("fd00:161::245", "172.16.161.200", "172.16.161.200")]
    // Neither is in the network of the virtual IP: the one that the connection came in by.
    [InlineData("192.168.7.9", "172.16.161.200 10.9.0.200", "10.9.0.200")]
    // Its own hosts file names loopback only: what the admin's machine connected to.
    [InlineData("172.16.161.245", "127.0.1.1", "10.9.0.200")]
    [InlineData("172.16.161.245", "", "10.9.0.200")]
    [InlineData("172.16.161.245", "203.0.113.7", "10.9.0.200")]
    [InlineData("172.16.161.245", "172.16.161.245", "10.9.0.200")]
    public void It_is_the_one_that_the_node_carries_in_the_clusters_network(string virtualIp, string resolved, string expected) =>
        Assert.Equal(expected, Choose(virtualIp, resolved));

    [Fact]
    public void What_the_admins_machine_knows_counts_where_the_node_does_not_know_its_name()
    {
        Assert.Equal("172.16.161.200", Choose("172.16.161.245", "", here: "172.16.161.200"));
        Assert.Equal("10.9.0.200", Choose("172.16.161.245", "10.9.0.200", here: "172.16.161.200"));
        // Not one that another machine carries.
        Assert.Equal("10.9.0.200", Choose("172.16.161.245", "", here: "172.16.161.77"));
    }

    [Fact]
    public void The_name_that_was_described_goes_before_the_one_that_ssh_config_has_for_it() =>
        Assert.Equal("172.16.161.200", NodeAddress.Choose(Host("172.16.161.245"),
            Found("name0 172.16.161.200 STREAM a\nname1 10.9.0.200 STREAM b\n", "pem1", "pem1.mgmt"), []));

    [Theory]
    [InlineData("172.16.161.245", "", "endpoint ", "none")]
    [InlineData("172.16.161.245", "172.16.161.245", "endpoint 1.1.1.1 1 172.16.161.245 22", "none")]
    [InlineData("192.168.7.9", "172.16.161.200 10.9.0.200", "endpoint 1.1.1.1 1 fd00:161::200 22", "several")]
    public void A_guess_is_not_made(string virtualIp, string resolved, string endpoint, string count)
    {
        var found = Found(Names(resolved), "pem1") with { Endpoint = NodeAddress.Found.Parse(endpoint, []).Endpoint };
        var error = Assert.Throws<PemException>(() => NodeAddress.Choose(Host(virtualIp), found, []));
        Assert.Equal(("AddressUnknown", Trouble.ObjectNotFound), (error.Id, error.Category));
        Assert.Contains(count, error.Message, StringComparison.Ordinal);
        Assert.Contains("172.16.161.200", error.Message, StringComparison.Ordinal);
        Assert.Equal("Say which one the cluster uses: New-PemHost -Address IP -HostName pem1.", error.Remedy);
    }

    [Fact]
    public void The_script_asks_a_real_machine()
    {
        Assert.SkipUnless(Shell.Has("getent") && Shell.Has("ip"), "getent or ip is not on PATH");
        string[] names = ["localhost", "no such'name; exit 3"];
        var found = NodeAddress.Found.Parse(Shell.Sh(NodeAddress.Script(names)).Output, names);
        Assert.Contains(found.Named[0], IPAddress.IsLoopback);
        Assert.Empty(found.Named[1]);
        Assert.DoesNotContain(found.Own, o => IPAddress.IsLoopback(o.Address) || o.Address.IsIPv6LinkLocal);
    }

    [Fact]
    public void An_address_found_out_is_nobody_elses()
    {
        var cluster = new PemCluster("efm", "172.16.161.245");
        var one = new PemHost(cluster, "172.16.161.200", PemRole.Primary);
        var two = new PemHost(cluster, "pem2", PemRole.Standby);
        Assert.Equal(("pem2", "pem2", "pem2", false), (two.Address, two.HostName, two.Name, two.AddressKnown));
        Assert.Null(one.HostName);
        Assert.Throws<ArgumentException>(() => new PemHost(cluster, "PEM2", PemRole.Standby));
        Assert.Throws<ArgumentException>(() => two.Resolve("172.16.161.200"));
        Assert.Throws<ArgumentException>(() => two.Resolve("172.16.161.245"));
        two.Resolve("172.16.161.201");
        Assert.Equal(("172.16.161.201", "pem2", true), (two.Address, two.HostName, two.AddressKnown));
    }

    static string Choose(string virtualIp, string resolved, string? here = null) =>
        NodeAddress.Choose(Host(virtualIp), Found(Names(resolved), "pem1"), here is null ? [] : [IPAddress.Parse(here)]);

    static PemHost Host(string virtualIp) => new(new PemCluster("efm", virtualIp), "pem1", PemRole.Primary);

    static NodeAddress.Found Found(string names, params string[] asked) => NodeAddress.Found.Parse(Own + names, asked);

    static string Names(string resolved) => string.Concat(resolved.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => $"name0 {a}  STREAM pem1\nname0 {a}  DGRAM\n"));
}
