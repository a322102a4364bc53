using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Two versions of the server's stand-in and four of EFM's, each under its own names.</summary>
[Collection(OneHostTests.Name)]
public sealed class LabVersionTests(OneHost host)
{
    [Theory]
    [Spec("P3")]
    [InlineData("17", "5.2", 5451)]
    [InlineData("16", "5.1", 5452)]
    public async Task Paths_package_and_service_names_follow_the_version(string server, string efm, int port)
    {
        var shortened = efm.Replace(".", "", StringComparison.Ordinal);
        await host.RootAsync($"rpm -q edb-as{server}-server edb-efm{shortened}");
        await host.RootAsync(
            $"""
            PGSETUP_INITDB_OPTIONS="-E UTF-8" /usr/edb/as{server}/bin/edb-as-{server}-setup initdb
            sed -i 's/^port = 5444/port = {port}/' /var/lib/edb/as{server}/data/postgresql.conf
            systemctl start edb-as-{server}
            """);
        Assert.Equal($"/var/lib/edb/as{server}/data", await host.SqlAsync(port, "SHOW data_directory"));
        Assert.Equal(
            $"Failover Manager, version {efm}", await host.RootAsync($"/usr/edb/efm-{efm}/bin/efm --version"));
        await host.RootAsync(
            $"""
            cd /etc/edb/efm-{efm} && test -f efm.properties.in && test -f efm.nodes.in
            visudo -cq /etc/sudoers.d/efm-{shortened} && grep -q /usr/edb/efm-{efm}/bin/efm_root_functions /etc/sudoers.d/efm-{shortened}
            systemctl cat edb-efm-{efm} | grep -q /usr/edb/efm-{efm}/bin/runefm.sh
            test -d /var/log/efm-{efm} && test -d /run/efm-{efm} && test -d /run/lock/efm-{efm}
            """);
    }

    [Fact]
    [Spec("P3", "P6")]
    public async Task Sslutils_of_both_versions_goes_with_its_server()
    {
        await host.RootAsync("dnf -qy install edb-as17-server-sslutils edb-as16-server-sslutils >/dev/null");
        await host.RootAsync("dnf -qy remove edb-as16-server-sslutils >/dev/null; ! rpm -q edb-as16-server-sslutils");
        Assert.Contains("sslutils.control", await host.RootAsync("rpm -ql edb-as17-server-sslutils | xargs ls"), StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F5")]
    public async Task A_property_of_the_newer_EFM_is_unknown_to_the_older()
    {
        var each = await host.RootAsync(
            "cd /etc/edb; grep -c ^auto.basebackup= efm-5.?/efm.properties.in; "
                + "grep -c ^script.db.password efm-5.?/efm.properties.in || :");
        Assert.Equal("""
            efm-5.1/efm.properties.in:0
            efm-5.2/efm.properties.in:1
            efm-5.3/efm.properties.in:1
            efm-5.4/efm.properties.in:1
            efm-5.1/efm.properties.in:0
            efm-5.2/efm.properties.in:0
            efm-5.3/efm.properties.in:0
            efm-5.4/efm.properties.in:3
            """, each);
    }

    /// <summary>G4, G5: an older agent does not start with what the newer ones introduced.</summary>
    [Theory]
    [InlineData("5.1", true, true)]
    [InlineData("5.2", true, true)]
    [InlineData("5.3", false, true)]
    [InlineData("5.4", false, false)]
    [Spec("F5")]
    public async Task An_older_EFM_refuses_what_a_newer_one_knows(string efm, bool mode, bool port)
    {
        var said = await host.RunAsync(
            $"""
            cd /etc/edb/efm-{efm}
            printf '%s\n' jdbc.sslmode=verify-full primary.health.check.port=8009 >refused.properties
            cp efm.nodes.in refused.nodes; chown efm:efm refused.*
            runuser -u efm -- /usr/edb/efm-{efm}/bin/runefm.sh start refused || :
            rm -f refused.*
            """);
        Assert.Contains("The required property db.user has no value.", said.Stdout, StringComparison.Ordinal);
        Assert.Equal(
            mode,
            said.Stdout.Contains("Invalid value for property jdbc.sslmode: verify-full", StringComparison.Ordinal));
        Assert.Equal(
            port,
            said.Stdout.Contains(
                "Invalid property name found in the properties file: primary.health.check.port",
                StringComparison.Ordinal));
    }

    /// <summary>O40, O42, O44: the view of an administrator who upgrades from 5.3 to 5.4.</summary>
    [Fact]
    [Spec("F5")]
    public async Task Files_of_an_earlier_EFM_are_taken_over_by_the_next()
    {
        var said = await host.RootAsync(
            """
            cd /etc/edb/efm-5.3
            sed 's/^node.timeout=.*/node.timeout=20/' efm.properties.in >moving.properties
            { cat efm.nodes.in; echo 10.0.0.1:7800; } >moving.nodes
            /usr/edb/efm-5.4/bin/efm upgrade-conf moving
            cd /etc/edb/efm-5.4
            grep -c . moving.nodes; grep ^node.timeout= moving.properties
            grep -c ^primary.health.check.port= moving.properties
            stat -c %U:%G moving.properties
            /usr/edb/efm-5.4/bin/efm upgrade-conf moving >/dev/null; ls moving.properties.* | wc -l
            rm -f /etc/edb/efm-5.[34]/moving.*
            """);
        Assert.Contains(
            "properties were added: script.db.password script.db.password.retry script.db.password.encrypted "
                + "primary.health.check.port",
            said,
            StringComparison.Ordinal);
        Assert.EndsWith("\n3\nnode.timeout=20\n1\nefm:efm\n1", said, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F10")]
    public async Task The_older_server_says_that_it_is_not_what_its_name_says()
    {
        Assert.Contains("the server in it is 17", await host.RootAsync("rpm -qi edb-as16-server"), StringComparison.Ordinal);
    }
}
