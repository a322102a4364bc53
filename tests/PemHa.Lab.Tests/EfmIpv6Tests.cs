using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>A cluster of EFM's stand-in that knows IPv6 addresses only, its virtual IP by name, and different cards.</summary>
[Collection(WideLabTests.Name)]
public sealed class EfmIpv6Tests(WideLab fixture)
{
    static readonly string[] Hosts = ["node1", "node2", "witness1"];

    [Fact]
    [Spec("P16", "P19", "P20", "F1", "F6")]
    public async Task An_IPv6_virtual_IP_moves_to_the_standby_when_the_primary_has_no_power()
    {
        var lab = await fixture.LabAsync();
        await fixture.RootAsync("node1", Install + Primary + Agent("200", "eth0", witness: false, ""));
        foreach (var (host, number, nic) in new[] { ("node2", "201", "ens33"), ("witness1", "202", "eth0") })
        {
            await fixture.RootAsync("node1", $"/usr/edb/efm-5.2/bin/efm allow-node efm fd16:161:0::{number}\n"
                + ProcedureLab.Allowed([$"fd16:161::{number}"]));
            var witness = host == "witness1";
            await fixture.RootAsync(host, Install + (witness ? "" : Standby) + Agent(number, nic, witness, "[fd16:161::200]:7800"));
        }
        await ProcedureLab.UntilAsync(
            "the cluster in sync", () => StatusAsync("witness1"), s => s.Contains("safe to promote", StringComparison.Ordinal));
        Assert.Matches(@"Primary +fd16:161::200 +UP +pem\.v6\.lab\*", await StatusAsync("witness1"));
        var others = await fixture.RootAsync("node2", "grep -v '^#' /etc/edb/efm-5.2/efm.nodes");
        Assert.Equal("[fd16:161::200]:7800 [fd16:161::202]:7800", others);
        // The witness has learned whose card the address is on; the standby must make it forget that.
        Assert.Equal("node1", await WhoAsync());

        await lab.PowerCutAsync("node1", TestContext.Current.CancellationToken);

        await ProcedureLab.UntilAsync("the virtual IP on node2", WhoAsync, who => who == "node2");
        Assert.Contains(" fd16:161::245/64 ", await fixture.RootAsync("node2", "ip -o -6 addr show dev ens33"), StringComparison.Ordinal);
        Assert.Matches("dev eth0 lladdr 02:00:ac:10:a1:c9 ", await fixture.RootAsync("witness1", "ip -6 neigh show fd16:161::245"));
        await lab.PowerOnAsync("node1", TestContext.Current.CancellationToken);
        foreach (var host in Hosts)
            await fixture.RootAsync(host, "systemctl -q stop edb-efm-5.2 edb-as-17 || :");
        await fixture.RootAsync("node2", "/usr/edb/efm-5.2/bin/efm_address del ens33 fd16:161::245/64");
    }

    /// <summary>
    /// With the real EFM 5.4, neighbours went on sending to the old owner for about 40 s, and a new address was
    /// tentative for 2 to 5 s (B4). The lab's network and kernel do the same, and PemHa's announcer ends it, as a
    /// neighbour's own table shows.
    /// </summary>
    [Theory]
    [Spec("T11")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Neighbours_know_the_new_owner_of_an_IPv6_address_at_once_only_if_its_kernel_announces_it(
        bool announced)
    {
        const string address = "/usr/edb/efm-5.2/bin/efm_address", vip = "fd16:161::246";
        await fixture.RootAsync("node1", Install + $"{address} add6 eth0 {vip}/64");
        await fixture.RootAsync(
            "node2", $"{Install}echo {(announced ? 1 : 0)} > /proc/sys/net/ipv6/conf/ens33/ndisc_notify");
        await fixture.RootAsync(
            "witness1",
            $"ip neigh flush to {vip}; for i in $(seq 30); do ping -c1 -W1 -q {vip} && exit; done; exit 1");
        // The witness has the old owner's card in its table.
        var old = await fixture.RootAsync("witness1", Neighbour(vip));
        Assert.Contains("lladdr 02:00:ac:10:a1:c8 ", old, StringComparison.Ordinal);
        await fixture.RootAsync("node1", $"{address} del eth0 {vip}/64");
        await fixture.RootAsync("node2", $"{address} add6 ens33 {vip}/64");
        var fresh = await fixture.RootAsync("node2", $"ip -6 addr show dev ens33 to {vip}");
        Assert.Contains(" tentative", fresh, StringComparison.Ordinal);
        await fixture.RootAsync(
            "node2",
            $"for i in $(seq 100); do ip -6 addr show dev ens33 to {vip} | grep -q tentative || exit 0; "
                + "sleep 0.1; done; exit 1");

        // No packet is sent to the address: any new entry in the table comes from the new owner alone.
        var known = await fixture.RootAsync(
            "witness1",
            $"for i in $(seq 20); do {Neighbour(vip)} | grep a1:c9 && exit; sleep 0.1; done; {Neighbour(vip)}");
        var expected = announced ? "lladdr 02:00:ac:10:a1:c9 " : "lladdr 02:00:ac:10:a1:c8 ";
        Assert.Contains(expected, known, StringComparison.Ordinal);

        await fixture.RootAsync("witness1", $"for i in $(seq 60); do ping -c1 -W1 -q {vip} && exit; done; exit 1");
        await fixture.RootAsync(
            "node2", $"{address} del ens33 {vip}/64; echo 0 > /proc/sys/net/ipv6/conf/ens33/ndisc_notify");
        Assert.Empty(await fixture.RootAsync("node2", $"ip -6 addr show to {vip}"));
    }

    static string Neighbour(string address) => $"ip -6 neigh show {address}";

    async Task<string> StatusAsync(string host) => await fixture.RootAsync(host, "/usr/edb/efm-5.2/bin/efm cluster-status efm || :");

    /// <summary>The host whose server answers at the virtual IP, as seen from the witness.</summary>
    Task<string> WhoAsync() => fixture.RootAsync(
        "witness1",
        "export PGCONNECT_TIMEOUT=2; psql -XAtq -h pem.v6.lab -p 5444 -U efm -d edb -c 'SHOW cluster_name' 2>/dev/null || :");

    static string Agent(string number, string nic, bool witness, string nodes) =>
        $$"""

        cd /etc/edb/efm-5.2
        { cat efm.nodes.in; echo '{{nodes}}'; } >efm.nodes
        cat efm.properties.in - >efm.properties <<END
        db.user=efm
        db.password.encrypted=$(EFMPASS=secret /usr/edb/efm-5.2/bin/efm encrypt efm --from-env)
        db.port=5444
        db.database=edb
        db.service.owner=enterprisedb
        db.service.name=edb-as-17
        db.bin=/usr/edb/as17/bin
        db.data.dir=/var/lib/edb/as17/data
        user.email=dba@example.com
        bind.address=[fd16:161::{{number}}]:7800
        is.witness={{(witness ? "true" : "false")}}
        ping.server.ip=fd16:161::1
        ping.server.command=/bin/ping -q -c1 -w5
        virtual.ip=pem.v6.lab
        virtual.ip.interface={{nic}}
        virtual.ip.prefix=64
        local.period=1
        local.timeout=3
        local.timeout.final=1
        node.timeout=3
        END
        chown efm:efm efm.properties efm.nodes
        chmod 0644 efm.properties
        systemctl start edb-efm-5.2
        """;

    const string Install =
        """
        dnf -qy install java-17-openjdk-headless edb-as17-server edb-efm52 >/dev/null
        firewall-cmd -q --zone=internal --add-port=5444/tcp --add-port=7800/tcp

        """;

    const string Primary =
        """
        /usr/edb/as17/bin/edb-as-17-setup initdb >/dev/null
        cd /var/lib/edb/as17/data
        printf '%s\n' "listen_addresses = '*'" "cluster_name = node1" >>postgresql.conf
        sed -i '1i host all,replication all fd16:161::/64 trust' pg_hba.conf
        systemctl start edb-as-17
        runuser -u enterprisedb -- /usr/edb/as17/bin/psql -Xq <<'SQL'
        CREATE ROLE repl REPLICATION LOGIN;
        CREATE ROLE efm LOGIN IN ROLE pg_monitor;
        SQL
        """;

    const string Standby =
        """
        runuser -u enterprisedb -- /usr/edb/as17/bin/pg_basebackup -h fd16:161::200 -D /var/lib/edb/as17/data -U repl -Fp -R -c fast
        sed -i 's/^cluster_name.*/cluster_name = node2/' /var/lib/edb/as17/data/postgresql.conf
        systemctl start edb-as-17
        """;
}
