using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Two families, two networks, cards of different names, names for all, and a firewall zone of choice.</summary>
[Collection(WideLabTests.Name)]
public sealed class LabNetworkTests(WideLab fixture)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("node1", "eth0", 200)]
    [InlineData("node2", "ens33", 201)]
    [InlineData("witness1", "eth0", 202)]
    public async Task Every_host_has_an_address_of_each_family_on_each_card(string host, string nic, int number)
    {
        var cards = await fixture.RootAsync(host, "ip -br addr | awk '$1 != \"lo\" { sub(\"@.*\", \"\", $1); print $1, $3, $4 }'");
        Assert.Equal(
            $"{nic} 172.16.161.{number}/24 fd16:161::{number}/64\neth1 172.16.162.{number}/24 fd16:162::{number}/64", cards);
    }

    [Theory]
    [InlineData("node2", "172.16.161.201")]
    [InlineData("node2.lab", "172.16.161.201")]
    [InlineData("node2.v6.lab", "fd16:161::201")]
    [InlineData("node2.dual.lab", "172.16.161.201 fd16:161::201")]
    [InlineData("node2.2.lab", "172.16.162.201")]
    [InlineData("pem.v6.lab", "fd16:161::245")]
    public async Task Names_are_known_on_the_hosts_and_to_the_controller(string name, string addresses)
    {
        const string ask = "getent ahosts {0} | awk '{{ print $1 }}' | sort -u | xargs";
        var command = string.Format(System.Globalization.CultureInfo.InvariantCulture, ask, name);
        Assert.Equal(addresses, await fixture.RootAsync("witness1", command));
        var inside = await (await fixture.LabAsync()).EnterAsync(["sh", "-c", command], cancellation: Cancellation);
        Assert.Equal(addresses, inside.Check("getent").Stdout.Trim());
        Assert.DoesNotContain("node2", await File.ReadAllTextAsync("/etc/hosts", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sshd_answers_on_every_address_with_a_key_that_is_known()
    {
        var lab = await fixture.LabAsync();
        foreach (var to in new[] { "node1.v6.lab", "fd16:161::200", "node1.2.lab", "node1.dual.lab" })
        {
            var said = await lab.EnterAsync(
                ["ssh", "-F", "none", "-i", lab.KeyPath, "-o", "UserKnownHostsFile=" + lab.KnownHostsPath, "-o", "BatchMode=yes",
                    "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=5", $"root@{to}", "hostname"],
                cancellation: Cancellation);
            Assert.Equal("node1", said.Check($"ssh to {to}").Stdout.Trim());
        }
    }

    [Fact]
    public async Task The_first_card_is_in_the_zone_that_was_asked_for()
    {
        await fixture.LabAsync();
        Assert.Equal("internal", await fixture.RootAsync("node1", "firewall-cmd --get-zone-of-interface=eth0"));
        Assert.Equal("internal", await fixture.RootAsync("node2", "firewall-cmd --get-zone-of-interface=ens33"));
        Assert.Equal("public", await fixture.RootAsync("node2", "firewall-cmd --get-default-zone"));
        // A port that is open in public is not open there, and in internal it is.
        await fixture.RootAsync("node2", "systemd-run -q --unit=knock python3 -m http.server 8099 --bind ::");
        const string knock = "for i in $(seq 50); do (exec 3<>/dev/tcp/node2/8099) 2>/dev/null && exit; sleep 0.1; done; exit 1";
        const string once = "(exec 3<>/dev/tcp/node2/8099) 2>/dev/null && echo open || echo closed";
        await fixture.RootAsync("node2", "firewall-cmd -q --zone=public --add-port=8099/tcp");
        await fixture.RootAsync("node2", knock);
        Assert.Equal("closed", await fixture.RootAsync("node1", once));
        await fixture.RootAsync("node2", "firewall-cmd -q --zone=internal --add-port=8099/tcp");
        Assert.Equal("open", await fixture.RootAsync("node1", once));
        await fixture.RootAsync("node2", "systemctl stop knock");
    }

    [Fact]
    public async Task A_host_without_its_cables_is_alone_on_both_networks_and_stays_so_over_a_reboot()
    {
        var lab = await fixture.LabAsync();
        await lab.LinkAsync("witness1", up: false, Cancellation);
        const string ask = "ping -c1 -W1 -q witness1 >/dev/null || ping -c1 -W1 -q witness1.2.lab >/dev/null && echo there || echo gone";
        Assert.Equal("gone", await fixture.RootAsync("node1", ask));
        await lab.PowerCutAsync("witness1", Cancellation);
        await lab.PowerOnAsync("witness1", Cancellation);
        Assert.Equal("gone", await fixture.RootAsync("node1", ask));
        await lab.LinkAsync("witness1", up: true, Cancellation);
        Assert.Equal("running", await lab.WaitRunningAsync("witness1", Cancellation));
        await fixture.RootAsync("node1", "ping -c1 -W1 -q witness1.v6.lab && ping -c1 -W1 -q witness1.v6.2.lab");
    }
}
