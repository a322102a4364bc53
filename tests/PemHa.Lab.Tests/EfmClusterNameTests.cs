using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// A cluster by another name than efm, as the manual makes one: files of that name, and a copy of the unit or a drop-in that says it.
/// </summary>
[Collection(OneHostTests.Name)]
public sealed class EfmClusterNameTests(OneHost host)
{
    const string Efm = "/usr/edb/efm-5.2/bin/efm";

    [Fact]
    [Spec("P3", "P16", "P17", "P18", "P20")]
    public async Task A_copied_unit_and_the_packages_own_run_clusters_of_other_names_side_by_side()
    {
        await host.RootAsync(
            Files("acctg", 7801, 7811) + Files("sales", 7802, 7812) +
            """
            cp /usr/lib/systemd/system/edb-efm-5.2.service /etc/systemd/system/efm-acctg.service
            """ + DropIn("efm-acctg", "acctg", "acctg") + DropIn("edb-efm-5.2", "sales", "sales") +
            """
            systemctl daemon-reload
            systemctl enable --now efm-acctg edb-efm-5.2
            """);
        try
        {
            foreach (var (cluster, unit) in new[] { ("acctg", "efm-acctg"), ("sales", "edb-efm-5.2") })
            {
                var status = await host.RootAsync($"{Efm} cluster-status {cluster} || :");
                Assert.StartsWith($"Cluster Status: {cluster}\n", status, StringComparison.Ordinal);
                await host.RootAsync($"test -s /var/log/efm-5.2/{cluster}.log && test -e /run/lock/efm-5.2/{cluster}.lock");
                Assert.Equal(
                    await host.RootAsync($"cat /run/efm-5.2/{cluster}.pid"), await host.RootAsync($"systemctl show -P MainPID {unit}"));
            }
            var nobody = await host.RunAsync($"{Efm} cluster-status efm");
            Assert.NotEqual(0, nobody.ExitCode);
            Assert.Contains("Authorization file not found", nobody.Stderr, StringComparison.Ordinal);

            await host.RootAsync("systemctl stop efm-acctg");
            Assert.NotEqual(0, (await host.RunAsync($"{Efm} node-status-json acctg")).ExitCode);
            await host.RootAsync($"{Efm} node-status-json sales");
        }
        finally
        {
            await host.RootAsync("systemctl stop efm-acctg edb-efm-5.2; rm -r /etc/systemd/system/edb-efm-5.2.service.d");
            await host.RootAsync("systemctl daemon-reload");
        }
    }

    [Fact]
    [Spec("P20")]
    public async Task A_unit_that_waits_for_another_clusters_pid_file_never_starts()
    {
        await host.RootAsync(
            Files("stray", 7803, 7813) +
            """
            cp /usr/lib/systemd/system/edb-efm-5.2.service /etc/systemd/system/efm-stray.service
            sed -i '/^Type=/a TimeoutStartSec=4' /etc/systemd/system/efm-stray.service
            """ + DropIn("efm-stray", "stray", "efm") + "systemctl daemon-reload\n");
        var start = await host.RunAsync("systemctl start efm-stray");
        Assert.NotEqual(0, start.ExitCode);
        Assert.Equal("timeout", await host.RootAsync("systemctl show -P Result efm-stray"));
    }

    [Fact]
    [Spec("P16", "P17")]
    public async Task An_agent_without_the_files_of_its_clusters_name_says_which_is_missing()
    {
        var start = await host.RunAsync("/usr/edb/efm-5.2/bin/runefm.sh start nowhere");
        Assert.NotEqual(0, start.ExitCode);
        Assert.Contains("/etc/edb/efm-5.2/nowhere.properties", start.Stdout, StringComparison.Ordinal);
    }

    /// <summary>A witness needs no database to start, and its cluster may have it alone.</summary>
    static string Files(string cluster, int port, int admin) =>
        $"""
        cd /etc/edb/efm-5.2
        cp efm.nodes.in {cluster}.nodes
        cat efm.properties.in - >{cluster}.properties <<END
        db.user=efm
        db.password.encrypted=$(EFMPASS=secret {Efm} encrypt {cluster} --from-env)
        db.port=5444
        db.database=edb
        user.email=dba@example.com
        bind.address=172.16.161.200:{port}
        admin.port={admin}
        is.witness=true
        ping.server.ip=172.16.161.1
        ping.server.command=/bin/ping -q -c1 -w1
        END
        chown efm:efm {cluster}.*

        """;

    static string DropIn(string unit, string cluster, string pid) =>
        $"""

        mkdir -p /etc/systemd/system/{unit}.service.d
        printf '[Service]\nEnvironment=CLUSTER={cluster}\nPIDFile=/run/efm-5.2/{pid}.pid\n' >/etc/systemd/system/{unit}.service.d/override.conf

        """;
}
