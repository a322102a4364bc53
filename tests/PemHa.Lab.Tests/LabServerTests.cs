using PemHa.Engine.State;
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

    /// <summary>
    /// B1, B8: the stand-in speaks the product's dialect, and PemHa's statements run in PostgreSQL's.
    /// </summary>
    [Theory]
    [Spec("P4", "P12")]
    [InlineData("redwood", 5462, "", "3.5000000000000000|f|1")]
    [InlineData("community", 5463, "export PGSETUP_INITDB_OPTIONS='-E UTF-8 --no-redwood-compat'", "3|t|0")]
    [InlineData(
        "switched",
        5464,
        "touch /etc/lab-no-redwood-compat; trap 'rm /etc/lab-no-redwood-compat' EXIT",
        "3|t|0")]
    public async Task A_database_speaks_Redwood_unless_it_was_made_without_and_PemHa_asks_in_PostgreSQLs_dialect(
        string name, int port, string how, string said)
    {
        await host.RootAsync($"""
            sed 's,/var/lib/edb/as17/data,/srv/{name},' \
                /usr/lib/systemd/system/edb-as-17.service >/etc/systemd/system/{name}.service
            systemctl daemon-reload
            {how}
            /usr/edb/as17/bin/edb-as-17-setup initdb {name}
            sed -i 's/^port = 5444/port = {port}/' /srv/{name}/postgresql.conf
            systemctl start {name}
            """);
        const string question =
            "SELECT 7 / 2, NULL || 'x' IS NULL, (SELECT count(*) FROM pg_settings WHERE name = 'db_dialect')";
        Assert.Equal(said, await host.SqlAsync(port, question));
        await host.SqlAsync(port, "CREATE DATABASE later TEMPLATE template0");
        var cluster = new PemCluster("efm", "10.0.0.9")
        {
            ServiceName = name,
            DataDirectory = $"/srv/{name}",
            Port = port,
        };
        var asked = $"3|t|{said[^1]}";
        Assert.Equal($"{asked}\n{asked}\n{asked}|a b\n1,x\nafter\ntold\n3", await host.RootAsync($"""
            {Prelude.For(cluster)}
            for database in postgres later; do echo "{question}" | sql $database; done
            echo "{question}, :'words'" | sql edb -v words='a b'

            """ + """
            printf '%s\n' 'CREATE TEMP TABLE t (a int, b text);' 'COPY t FROM STDIN;' '1	x' '\.' \
                "COPY t TO STDOUT WITH (FORMAT csv);" '\echo after' | sql edb
            printf '%s\n' "SELECT 'told' AS a \gset" '\echo :a' | sql edb
            printf '%s\n' 'SELECT 1/0;' 'SELECT 4' | sql edb 2>/dev/null || echo $?
            """));
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
