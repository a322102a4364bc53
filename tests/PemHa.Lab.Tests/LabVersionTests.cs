using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Two versions of the server's and EFM's stand-ins, each under its own names.</summary>
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
        var both = await host.RootAsync("grep -c ^auto.basebackup= /etc/edb/efm-5.[12]/efm.properties.in || :");
        Assert.Equal("/etc/edb/efm-5.1/efm.properties.in:0\n/etc/edb/efm-5.2/efm.properties.in:1", both);
    }

    [Fact]
    [Spec("F10")]
    public async Task The_older_server_says_that_it_is_not_what_its_name_says()
    {
        Assert.Contains("the server in it is 17", await host.RootAsync("rpm -qi edb-as16-server"), StringComparison.Ordinal);
    }
}
