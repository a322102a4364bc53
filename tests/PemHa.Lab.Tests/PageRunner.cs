using System.Globalization;

namespace PemHa.Lab.Tests;

/// <summary>
/// The vendor's page, statement by statement, as a person follows it: shell on the hosts, over plain ssh, nothing checked and nothing
/// added. Every method does what one step of the page says and gives what came of it. Where the page has a person fill in a value, it
/// is a parameter.
/// </summary>
sealed class PageRunner(Lab lab, CancellationToken cancellation)
{
    internal const string VirtualIp = "172.16.161.245";
    internal const string Primary = "node1";
    internal const string Witness = "witness1";
    const string Data = "/var/lib/edb/as17/data";
    const string Efm = "/etc/edb/efm-5.2/efm";
    const string EfmCommand = "/usr/edb/efm-5.2/bin/efm";

    internal static readonly string[] Standbys = ["node2", "node3"];
    internal static readonly string[] DataNodes = ["node1", "node2", "node3"];
    internal static readonly string[] All = ["node1", "node2", "node3", "witness1"];

    /// <summary>The page's addresses, in its order.</summary>
    static readonly string[] Addresses = [.. Enumerable.Range(200, 4).Select(n => string.Create(CultureInfo.InvariantCulture, $"172.16.161.{n}"))];

    /// <summary>A block of commands as a person pastes it: each runs, whatever came of the one before.</summary>
    internal Task<CommandResult> PasteAsync(string host, string commands) => lab.SshAsync(host, "bash -s", commands, cancellation);

    /// <summary>The same on several hosts at once.</summary>
    internal async Task<CommandResult[]> PasteAsync(IEnumerable<string> hosts, string commands) =>
        await Task.WhenAll(hosts.Select(h => PasteAsync(h, commands)));

    // A. Packages and a first database.

    internal Task<CommandResult> PackagesAsync(string host) => PasteAsync(host, $"""
        dnf -qy module disable postgresql
        dnf -y install epel-release
        dnf config-manager --set-enabled crb
        dnf -y install {(host == Witness ? "" : "edb-as17-server ")}edb-efm52
        """);

    internal Task<CommandResult[]> DatabasesAsync() => PasteAsync(DataNodes, """
        PGSETUP_INITDB_OPTIONS="-E UTF-8" /usr/edb/as17/bin/edb-as-17-setup initdb
        systemctl start edb-as-17
        systemctl enable edb-as-17
        """);

    internal Task<CommandResult[]> FirewallAsync() => PasteAsync(All, """
        firewall-cmd --zone=public --add-port=5444/tcp --permanent
        firewall-cmd --zone=public --add-port=7800/tcp --permanent
        firewall-cmd --reload
        """);

    // B. Streaming replication.

    internal Task<CommandResult> ReplicationRoleAsync(string password) =>
        SqlAsync(Primary, $"CREATE ROLE repl REPLICATION LOGIN PASSWORD '{password}';");

    internal Task<CommandResult> ReplicationSettingsAsync() => PasteAsync(Primary, $"""
        cat >> {Data}/postgresql.conf <<'E'
        wal_level = replica
        max_wal_senders = 10
        wal_keep_size = 500
        max_replication_slots = 10
        E
        cat >> {Data}/pg_hba.conf <<'E'
        {Lines(Addresses[..3], a => $"host replication repl {a}/32 scram-sha-256")}
        E
        """);

    internal Task<CommandResult> RestartPrimaryAsync() => PasteAsync(Primary, "systemctl restart edb-as-17.service");

    internal Task<CommandResult[]> PassFilesAsync(string password) => PasteAsync(DataNodes, $"""
        cat > ~enterprisedb/.pgpass <<'E'
        {Lines(Addresses[..3], a => $"{a}:5444:replication:repl:{password}")}
        E
        chown enterprisedb:enterprisedb ~enterprisedb/.pgpass
        chmod 600 ~enterprisedb/.pgpass
        """);

    internal Task<CommandResult> EmptyAsync(string standby) => PasteAsync(standby, $"""
        systemctl stop edb-as-17.service
        su - enterprisedb
        rm -rf {Data}/*
        """);

    internal Task<CommandResult> CopyAsync(string standby) => PasteAsync(standby, $"""
        su - enterprisedb -c "/usr/edb/as17/bin/pg_basebackup -h {Addresses[0]} -D {Data} -U repl -v -P -Fp -R -p 5444" </dev/null
        """);

    internal Task<CommandResult> StartAsync(string standby) => PasteAsync(standby, "systemctl start edb-as-17");

    // C. EFM.

    internal Task<CommandResult> EfmRoleAsync() => SqlAsync(Primary, """
        CREATE ROLE efm LOGIN PASSWORD 'password';
        GRANT CONNECT ON DATABASE edb TO efm;
        GRANT EXECUTE ON FUNCTION pg_current_wal_lsn() TO efm;
        GRANT EXECUTE ON FUNCTION pg_last_wal_replay_lsn() TO efm;
        GRANT EXECUTE ON FUNCTION pg_wal_replay_resume() TO efm;
        GRANT EXECUTE ON FUNCTION pg_wal_replay_pause() TO efm;
        GRANT EXECUTE ON FUNCTION pg_reload_conf() TO efm;
        GRANT pg_monitor TO efm;
        """);

    /// <summary>On the primary, says the page; elsewhere only when a person has found out.</summary>
    internal Task<CommandResult> EfmRulesAsync(string host, string type = "host") => PasteAsync(host, $"""
        cat >> {Data}/pg_hba.conf <<'E'
        {Lines(Addresses, a => $"{type} edb efm {a}/32 scram-sha-256")}
        E
        """);

    internal async Task ReloadAsync(params string[] hosts)
    {
        foreach (var host in hosts)
            await SqlAsync(host, "SELECT pg_reload_conf();");
    }

    internal Task<CommandResult[]> EfmFilesAsync() => PasteAsync(All, $"""
        cp {Efm}.nodes.in {Efm}.nodes
        chown efm:efm {Efm}.nodes
        chmod 600 {Efm}.nodes
        cp {Efm}.properties.in {Efm}.properties
        chown efm:efm {Efm}.properties
        chmod a+r {Efm}.properties
        """);

    /// <summary>On the standbys, says the page.</summary>
    internal Task<CommandResult[]> EfmCoordinatorAsync(params string[] hosts) => PasteAsync(hosts, $"echo {Addresses[0]}:7800 >> {Efm}.nodes");

    internal Task<CommandResult> EncryptAsync() => PasteAsync(Primary, $"export EFMPASS=password\n{EfmCommand} encrypt efm --from-env");

    /// <summary>The page's values; the timings are the lab's, so that a failover takes seconds.</summary>
    internal Task EfmPropertiesAsync(string encrypted) => Task.WhenAll(All.Select(host => PropertiesAsync(host, $"""
        db.user=efm
        db.password.encrypted={encrypted}
        db.port=5444
        db.database=edb
        db.service.owner=enterprisedb
        db.service.name=edb-as-17
        db.bin=/usr/edb/as17/bin
        db.data.dir={Data}
        jdbc.sslmode=require
        user.email=username@example.com
        from.email=node1@efm-pem
        notification.text.prefix=[PEM/EFM]
        bind.address={Address(host)}:7800
        is.witness={(host == Witness ? "true" : "false")}
        encrypt.agent.messages=true
        stop.isolated.primary=true
        stop.failed.primary=true
        primary.shutdown.as.failure=false
        ping.server.ip=8.8.8.8
        virtual.ip={VirtualIp}
        virtual.ip.interface=ens33
        virtual.ip.prefix=24
        virtual.ip.single=true
        check.vip.before.promotion=true
        local.period=1
        local.timeout=3
        local.timeout.final=1
        node.timeout=3
        """)));

    internal Task<CommandResult> PropertiesAsync(string host, string values) => PasteAsync(host, $"""
        sed -i {string.Join(' ', values.Split('\n').Select(v => $"-e 's|^{v.Split('=')[0]}=.*|{v}|'"))} {Efm}.properties
        """);

    internal Task<CommandResult> StartAgentAsync(string host) =>
        PasteAsync(host, "systemctl enable edb-efm-5.2\nsystemctl start edb-efm-5.2");

    /// <summary>
    /// Then waits until the signals have had their effect (B12), as a person does who goes on to the next host.
    /// </summary>
    internal async Task<CommandResult> AllowAsync()
    {
        var allowed = await PasteAsync(Primary, Lines(Addresses[1..], a => $"{EfmCommand} allow-node efm {a}"));
        if (allowed.ExitCode == 0) await PasteAsync(Primary, ProcedureLab.Allowed(Addresses[1..]));
        return allowed;
    }

    internal Task<CommandResult> StatusAsync(string host) => PasteAsync(host, $"{EfmCommand} cluster-status efm");

    // D. SSL and HBA.

    /// <summary>The linked page's local CA, on the primary, with keys that are quicker to make.</summary>
    internal async Task SslFilesAsync()
    {
        await PasteAsync(Primary, $"""
            mkdir -m 0700 /root/ca; cd /root/ca; umask 077
            key() {"{"} openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1" 2>/dev/null; {"}"}
            key ca_key.key
            openssl req -x509 -new -nodes -key ca_key.key -sha256 -days 3650 -out ca_certificate.crt -subj "/CN=PEM CA"
            for name in {string.Join(' ', DataNodes)} agent1 agent2 agent3 common_agent_user; do
                key $name.key
                openssl req -new -key $name.key -out $name.csr -subj "/CN=$name"
                openssl x509 -req -in $name.csr -CA ca_certificate.crt -CAkey ca_key.key -CAcreateserial -out $name.crt -days 3650 -sha256
                rm $name.csr
            done
            """);
        foreach (var (host, number) in DataNodes.Select((h, i) => (h, i + 1)))
        {
            var bundle = (await PasteAsync(Primary, $"cd /root/ca; tar c ca_certificate.crt {host}.* agent{number}.* common_agent_user.* | base64"))
                .Check("The certificates").Stdout;
            (await PasteAsync(host, $"""
                mkdir -p -m 0700 /root/ssl; cd /root/ssl
                base64 -d <<'E' | tar x
                {bundle.TrimEnd()}
                E
                cd {Data}
                cp /root/ssl/ca_certificate.crt root.crt; cp /root/ssl/{host}.crt server.crt; cp /root/ssl/{host}.key server.key
                chown enterprisedb:enterprisedb root.crt server.crt server.key
                chmod 0600 root.crt server.crt server.key
                """)).Check("The SSL files");
        }
    }

    internal Task<CommandResult[]> SslSettingsAsync() => PasteAsync(DataNodes, $"""
        cat >> {Data}/postgresql.conf <<'E'
        ssl = on
        ssl_ca_file = 'root.crt'
        ssl_cert_file = 'server.crt'
        ssl_key_file = 'server.key'
        E
        """);

    /// <summary>The block at the top, with the line for a common agent user, and <c>hostssl</c> for the earlier lines.</summary>
    internal Task<CommandResult[]> PemRulesAsync() => PasteAsync(DataNodes, $"""
        cd {Data}
        sed -i -E 's/^host( +(replication +repl|edb +efm) )/hostssl\1/' pg_hba.conf
        cat - pg_hba.conf > /tmp/pg_hba.conf <<'E'
        hostssl pem +pem_user 127.0.0.1/32 scram-sha-256
        hostssl postgres +pem_user 127.0.0.1/32 scram-sha-256
        hostssl pem +pem_agent 127.0.0.1/32 cert
        {Lines(Addresses[..3], a => $"hostssl pem +pem_admin {a}/32 scram-sha-256\nhostssl pem +pem_agent {a}/32 cert")}
        {Lines(Addresses[..3], a => $"hostssl pem,postgres pemsuper {a}/32 scram-sha-256")}
        hostssl pem +pem_user 0.0.0.0/0 scram-sha-256
        hostssl pem +pem_agent 0.0.0.0/0 cert
        hostssl pem common_agent_user 127.0.0.1/32 cert
        E
        cat /tmp/pg_hba.conf > pg_hba.conf
        """);

    /// <summary>Standbys first, the primary last.</summary>
    internal async Task RollingRestartAsync()
    {
        foreach (var host in Standbys.Append(Primary))
            await PasteAsync(host, "systemctl stop edb-efm-5.2\nsystemctl restart edb-as-17\nsystemctl start edb-efm-5.2");
    }

    // E. Agents and PEM.

    internal Task<CommandResult> CommonAgentUserAsync() =>
        SqlAsync(Primary, "CREATE USER common_agent_user;\nGRANT CONNECT ON DATABASE template1 TO common_agent_user;");

    /// <summary>The page was written for PEM 10.4, the newest version at that time.</summary>
    internal async Task<CommandResult[]> PemPackageAsync()
    {
        foreach (var host in DataNodes)
            await PasteAsync(host, "echo 'excludepkgs=edb-pem-10.[5-9].*' >> /etc/dnf/dnf.conf");
        return await PasteAsync(DataNodes, "dnf -y install edb-pem --allowerasing");
    }

    internal Task<CommandResult> SuperuserAsync() =>
        PasteAsync(Primary, "su - enterprisedb -c \"psql -c \\\"create role pemsuper login superuser password 'password';\\\"\"");

    /// <summary>The configuration script, answered with the password and the defaults.</summary>
    internal Task<CommandResult> ConfigureAsync(string host, string agent, int type = 1) => lab.SshAsync(host, $"""
        /usr/edb/pem/bin/configure-pem-server.sh -t {type} -ho {VirtualIp} -p 5444 -su pemsuper --asb-host-name '127.0.0.1' \
            --replication-solution efm --replication-role {(host == Primary ? "primary" : "standby")} --db-unitfile edb-as-17 \
            --db-install-path '/usr/edb/as17/' {(host == Primary ? "--skip-db-certificate " : "")}{agent}
        """, "password\n\n\n", cancellation);

    internal static string CommonAgent =>
        "--use-agent-user 'common_agent_user' --use-agent-sslcert /root/ssl/common_agent_user.crt --use-agent-sslkey /root/ssl/common_agent_user.key";

    internal static string OwnAgent(int n) =>
        $"--use-agent-sslcert /root/ssl/agent{n}.crt --use-agent-sslkey /root/ssl/agent{n}.key -aro agent_id={n}";

    /// <summary>The linked page about user settings: as a superuser, then as one in the new database. Statement by statement, whatever came of the one before.</summary>
    internal Task<CommandResult> UserSettingsAsync() => lab.SshAsync(Primary, "su - enterprisedb -c psql", $"""
        CREATE DATABASE pem_user_settings;
        CREATE USER pem_user_settings WITH PASSWORD 'choose-a-password';
        GRANT CONNECT ON DATABASE pem_user_settings FROM PUBLIC;
        REVOKE CONNECT ON DATABASE pem FROM PUBLIC;
        \connect pem_user_settings
        ALTER DEFAULT PRIVILEGES FOR ROLE pem_user_settings GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO pem_user;
        ALTER DEFAULT PRIVILEGES FOR ROLE pem_user_settings GRANT SELECT, UPDATE ON SEQUENCES TO pem_user;

        """, cancellation);

    /// <summary>Its line for a single endpoint, and the start that makes the web application read it.</summary>
    /// <param name="scheme">The page's, or another one that a person has found out.</param>
    internal Task<CommandResult> UserSettingsUriAsync(string host, string scheme = "postgres") => PasteAsync(host, $"""
        echo 'CONFIG_DATABASE_URI="{scheme}://pem_user_settings:choose-a-password@{VirtualIp}:5444/pem_user_settings"' > /usr/edb/pem/web/config_local.py
        systemctl restart edb-uwsgi
        """);

    /// <summary>As a superuser of the database.</summary>
    internal Task<CommandResult> SqlAsync(string host, string statements) =>
        lab.SshAsync(host, "su - enterprisedb -c 'psql -v ON_ERROR_STOP=1'", statements, cancellation);

    internal static string Address(string host) => Addresses[Array.IndexOf(All, host)];

    static string Lines(IEnumerable<string> items, Func<string, string> line) => string.Join('\n', items.Select(line));
}
