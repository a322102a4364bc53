using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The server's stand-in in another place than the default one, in the two ways that the manual knows.</summary>
[Collection(OneHostTests.Name)]
public sealed class LabServerTests(OneHost host)
{
    [Fact]
    [Spec("P4")]
    public async Task A_drop_in_moves_the_data_directory()
    {
        await host.RootAsync(
            """
            mkdir -p /pgdata
            cp /usr/lib/systemd/system/edb-as-17.service /etc/systemd/system/moved.service
            mkdir -p /etc/systemd/system/moved.service.d
            printf '[Service]\nEnvironment=PGDATA=/pgdata/moved\nPIDFile=/pgdata/moved/postmaster.pid\n' \
                >/etc/systemd/system/moved.service.d/data.conf
            systemctl daemon-reload
            /usr/edb/as17/bin/edb-as-17-setup initdb moved
            sed -i 's/^port = 5444/port = 5461/' /pgdata/moved/postgresql.conf
            systemctl enable --now moved
            """);
        Assert.Equal("/pgdata/moved", await host.SqlAsync(5461, "SHOW data_directory"));
        Assert.Equal("edb", await host.SqlAsync(5461, "SELECT datname FROM pg_database WHERE datname = 'edb'"));
    }

    [Fact]
    [Spec("P4")]
    public async Task The_parents_of_the_data_directory_are_not_made()
    {
        await host.RootAsync(
            """
            sed 's,/var/lib/edb/as17/data,/no/such/parent,' /usr/lib/systemd/system/edb-as-17.service >/etc/systemd/system/deep.service
            systemctl daemon-reload
            """);
        var failed = await host.RunAsync("/usr/edb/as17/bin/edb-as-17-setup initdb deep");
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("failed, see /var/lib/edb/as17/initdb.log", failed.Stdout, StringComparison.Ordinal);
        await host.RootAsync("mkdir -p /no/such && /usr/edb/as17/bin/edb-as-17-setup initdb deep");
        Assert.Equal("700 enterprisedb", await host.RootAsync("stat -c '%a %U' /no/such/parent"));
    }

    [Fact]
    [Spec("P4")]
    public async Task A_cluster_is_not_made_over_another_and_a_unit_must_name_a_directory()
    {
        await host.RootAsync(
            """
            sed 's,/var/lib/edb/as17/data,/srv/twice,' /usr/lib/systemd/system/edb-as-17.service >/etc/systemd/system/twice.service
            systemctl daemon-reload
            ! systemctl start twice
            /usr/edb/as17/bin/edb-as-17-setup initdb twice
            """);
        var again = await host.RunAsync("/usr/edb/as17/bin/edb-as-17-setup initdb twice");
        Assert.Equal((1, "Data directory is not empty!"), (again.ExitCode, again.Stdout.Trim()));
        var nobody = await host.RunAsync("/usr/edb/as17/bin/edb-as-17-setup initdb nobody");
        Assert.Equal((1, "failed to find PGDATA setting in nobody.service"), (nobody.ExitCode, nobody.Stdout.Trim()));
    }
}
