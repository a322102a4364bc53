using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// One agent of EFM 5.4's stand-in beside a database of its own, and the helper that it calls as the database's owner.
/// </summary>
[Collection(OneHostTests.Name)]
public sealed class EfmAgentTests(OneHost host)
{
    const string Functions = "runuser -u enterprisedb -- /usr/edb/efm-5.4/bin/efm_db_functions";

    /// <summary>
    /// G5, R4, O81: load balancers query the port, and a password that a script prints may change while the agent runs.
    /// </summary>
    [Fact]
    [Spec("F5")]
    public async Task A_primarys_health_port_says_200_and_its_password_comes_from_a_script()
    {
        await host.RootAsync(
            """
            mkdir -p /srv/efm && cd /srv/efm
            echo first >password; printf '#!/bin/sh\ncat /srv/efm/password\n' >ask; chmod 755 ask; chmod 644 password
            install -d -o enterprisedb -g enterprisedb -m 700 /srv/efm/data
            runuser -u enterprisedb -- /usr/edb/as17/bin/initdb -D /srv/efm/data >/dev/null
            printf '%s\n' 'port = 5469' "listen_addresses = '*'" "unix_socket_directories = '/srv/efm/data'" \
                >>data/postgresql.conf
            sed -i '1i host all efm all scram-sha-256' data/pg_hba.conf
            runuser -u enterprisedb -- \
                /usr/edb/as17/bin/pg_ctl -D /srv/efm/data -w -l /srv/efm/data/start.log start >/dev/null
            runuser -u enterprisedb -- /usr/edb/as17/bin/psql -Xq -h /srv/efm/data -p 5469 -d postgres \
                -c "CREATE ROLE efm LOGIN PASSWORD 'first' IN ROLE pg_monitor"
            cd /etc/edb/efm-5.4
            cp efm.nodes.in alone.nodes
            cat efm.properties.in - >alone.properties <<END
            db.user=efm
            script.db.password=/srv/efm/ask
            script.db.password.retry=1
            primary.health.check.port=8008
            db.port=5469
            db.database=postgres
            db.service.owner=enterprisedb
            db.bin=/usr/edb/as17/bin
            db.data.dir=/srv/efm/data
            user.email=dba@example.com
            bind.address=127.0.0.1:7811
            admin.port=7812
            is.witness=false
            ping.server.ip=127.0.0.1
            local.period=1
            local.timeout=3
            local.timeout.final=1
            END
            chown efm:efm alone.nodes; chown efm:enterprisedb alone.properties; chmod 640 alone.properties
            runuser -u efm -- /usr/edb/efm-5.4/bin/runefm.sh start alone >/srv/efm/started 2>&1 </dev/null
            """);
        try
        {
            const string Code = "curl -so /dev/null -w '%{http_code}' http://127.0.0.1:8008/any";
            Assert.Equal("200", await host.RootAsync(Code));
            // Logins fail until the agent runs the script again, and nothing is restarted.
            await host.RootAsync(
                """
                runuser -u enterprisedb -- /usr/edb/as17/bin/psql -Xq -h /srv/efm/data -p 5469 -d postgres \
                    -c "ALTER ROLE efm PASSWORD 'second'"
                echo second >/srv/efm/password
                """);
            const string Looks = "journalctl -q --no-pager -o cat | grep -c 'COMMAND=/usr/edb/efm-5.4/bin/"
                + "efm_db_functions extrecconfexists /etc/edb/efm-5.4/alone.properties' || :";
            await ProcedureLab.UntilAsync(
                "a look at the files of the database", () => host.RootAsync(Looks), n => n != "0");
            Assert.Equal("200", await host.RootAsync(Code));
            // A node that is not a primary is not a target for a load balancer.
            await host.RootAsync(
                "runuser -u enterprisedb -- /usr/edb/as17/bin/pg_ctl -D /srv/efm/data -w -m fast stop >/dev/null");
            await ProcedureLab.UntilAsync("an idle agent", () => host.RootAsync(Code), code => code == "404");
        }
        finally
        {
            await host.RootAsync(
                """
                /usr/edb/efm-5.4/bin/runefm.sh stop alone
                runuser -u enterprisedb -- \
                    /usr/edb/as17/bin/pg_ctl -D /srv/efm/data -w -m fast stop >/dev/null 2>&1 || :
                rm -rf /srv/efm /etc/edb/efm-5.4/alone.*
                """);
        }
    }

    /// <summary>B15, G50: EFM's shell helper does not read properties as Java does.</summary>
    [Theory]
    [InlineData("db.data.dir=/srv/a", "/srv/a")]
    [InlineData("db.data.dir=/srv/a=b", "/srv/a")]
    [InlineData("db.data.dir=/srv/a\n# db.data.dir=/srv/b\nx.db.data.dir.y=/srv/c", "/srv/c")]
    [InlineData("db.data.dir=/srv/a\ndb.data.dir=/srv/b#1", "/srv/a")]
    public async Task The_helper_reads_the_last_line_with_the_name_up_to_its_second_equals_sign(
        string properties, string data)
    {
        var said = await host.RunAsync(
            $"printf '%s\\n' '{properties}' >/tmp/p; chmod 644 /tmp/p; {Functions} validaterecoveryconf /tmp/p || :");
        Assert.Equal($"db.data.dir is no directory writable by enterprisedb: {data}", said.Stdout.Trim());
    }

    /// <summary>
    /// G51: a recovery.conf with EFM's marker is EFM's own and is removed at the next inspection; any other file is
    /// moved aside.
    /// </summary>
    [Fact]
    [Spec("F6")]
    public async Task A_recovery_conf_of_EFMs_own_goes_with_the_next_look_and_another_is_kept()
    {
        var said = await host.RootAsync(
            $"""
            D=$(mktemp -d /srv/fence.XXXX); chown enterprisedb $D
            P=/tmp/fence.properties; echo db.data.dir=$D >$P; chmod 644 $P
            {Functions} extrecconfexists $P && echo there || echo none
            echo mine >$D/recovery.conf; chown enterprisedb $D/recovery.conf
            {Functions} extrecconfexists $P && echo foreign
            {Functions} writerecoveryconf $P >/dev/null
            grep -c 'EDB Failover Manager' $D/recovery.conf; cat $D/recovery.conf.20*
            {Functions} recoveryfileexists $P && echo fenced
            {Functions} extrecconfexists $P || echo removed; test -e $D/recovery.conf || echo gone
            rm -r $D $P
            """);
        Assert.Equal("none\nforeign\n1\nmine\nfenced\nremoved\ngone", said);
    }

    /// <summary>
    /// B9, G54: a link pg_wal stays and its target is emptied; a copy is kept only if backup.wal says so.
    /// </summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [Spec("F6")]
    public async Task A_standby_that_follows_has_its_WAL_emptied(bool link, bool backup)
    {
        var said = await host.RootAsync(
            $$"""
            D=$(mktemp -d /srv/wal.XXXX); mkdir $D/data $D/disk $D/disk/wal; P=$D/p; W=$D/data/pg_wal
            {{(link ? "ln -s $D/disk/wal $W" : "mkdir $W")}}
            touch $W/000000010000000000000001; mkdir $W/archive_status; chown -R enterprisedb $D
            printf '%s\n' db.data.dir=$D/data backup.wal={{(backup ? "true" : "false")}} >$P
            {{Functions}} clearwalfiles $P
            ls -A $W | wc -l; test -L $W && echo link || echo folder; find $D -name '*wal_20*' | wc -l
            rm -r $D
            """);
        Assert.Equal($"0\n{(link ? "link" : "folder")}\n{(backup ? 1 : 0)}", said);
    }

    /// <summary>G55: a different owner of the database needs additional lines in sudoers.</summary>
    [Fact]
    public async Task Its_sudoers_knows_the_two_usual_owners_of_a_database_only()
    {
        var owners = await host.RootAsync("grep -oP '\\(\\K[a-z]+(?=\\))' /etc/sudoers.d/efm-54");
        Assert.Equal("postgres\nenterprisedb", owners);
    }
}
