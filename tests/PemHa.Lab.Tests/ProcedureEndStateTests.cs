using PemHa.Lab.Rehearsals;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The documented end state, asked of the hosts themselves.</summary>
[Collection(ProcedureTests.Name)]
public sealed class ProcedureEndStateTests(ProcedureCluster cluster)
{
    const string Vip = ProcedureLab.VirtualIp;

    static readonly string[] All = ["node1", "node2", "node3", "witness1"];
    static readonly string[] Data = ["node1", "node2", "node3"];
    static readonly string[] DataAddresses = ["172.16.161.200", "172.16.161.201", "172.16.161.202"];

    [Fact]
    [Spec("P1", "P2", "P3", "P4", "P5", "P37", "T1")]
    public async Task Packages_services_and_ports_of_section_A()
    {
        await cluster.DeployedAsync();
        foreach (var host in All)
        {
            var witness = host.StartsWith("witness", StringComparison.Ordinal);
            Assert.Equal("[x]", await Root(host, "dnf -q module list --disabled postgresql | grep -o -m 1 '\\[x\\]'"));
            Assert.Equal("crb\nepel", await Root(host, "dnf -q repolist --enabled | grep -ow -e '^crb' -e '^epel' | sort"));
            await Root(host, "rpm -q edb-efm52 && command -v java");
            Assert.Equal(witness ? "absent" : "present", await Root(host, "rpm -q --quiet edb-as17-server && echo present || echo absent"));
            var ports = witness ? "7800/tcp" : "5444/tcp 7800/tcp 8443/tcp";
            Assert.Equal(ports, await Root(host, "firewall-cmd --zone=public --list-ports | tr ' ' '\\n' | sort | xargs"));
            Assert.Equal(ports, await Root(host, "firewall-cmd --permanent --zone=public --list-ports | tr ' ' '\\n' | sort | xargs"));
        }
        foreach (var host in Data)
        {
            Assert.Equal("enabled\nactive", await Root(host, "systemctl is-enabled edb-as-17; systemctl is-active edb-as-17"));
            Assert.Equal("UTF8", await Sql(host, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template0'"));
        }
    }

    [Fact]
    [Spec("P7", "P8", "P9", "P14", "P26", "P28", "T6", "T12", "T15", "T16")]
    public async Task Settings_and_HBA_rules_as_every_server_itself_reads_them()
    {
        await cluster.DeployedAsync();
        string[] sources = [.. DataAddresses, Vip];
        string[] pem =
        [
            "{pem} {+pem_user} 127.0.0.1 scram-sha-256", "{postgres} {+pem_user} 127.0.0.1 scram-sha-256",
            "{pem} {+pem_agent} 127.0.0.1 cert",
            .. sources.Select(a => $"{{pem}} {{+pem_admin}} {a} scram-sha-256"), .. sources.Select(a => $"{{pem}} {{+pem_agent}} {a} cert"),
            .. sources.Select(a => $"{{pem,postgres}} {{pemsuper}} {a} scram-sha-256"),
            "{pem} {+pem_user} 172.16.161.0/24 scram-sha-256", "{pem} {+pem_agent} 172.16.161.0/24 cert",
        ];
        string[] expected =
        [
            .. pem,
            .. sources.Concat(["172.16.161.203", "127.0.0.1", "::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])
                .Select(a => $"{{edb}} {{efm}} {a} scram-sha-256"),
            .. sources.Select(a => $"{{replication}} {{repl}} {a} scram-sha-256"),
        ];
        foreach (var host in Data)
        {
            var rules = (await Sql(host, """
                SELECT concat_ws(' ', type, database, user_name, address
                    || CASE netmask WHEN '255.255.255.255' THEN '' WHEN '255.255.255.0' THEN '/24' ELSE '/' || netmask END, auth_method)
                FROM pg_hba_file_rules WHERE user_name && '{repl,efm,pemsuper,+pem_user,+pem_admin,+pem_agent}' ORDER BY rule_number
                """)).Split('\n');
            Assert.All(rules, r => Assert.StartsWith("hostssl ", r, StringComparison.Ordinal));
            Assert.Equal(expected.Order(StringComparer.Ordinal), rules.Select(r => r["hostssl ".Length..]).Order(StringComparer.Ordinal));
            Assert.Equal("0", await Sql(host, "SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL"));
            // P26: nothing but our comment lines stands above the block.
            const string first = "grep -m 1 -v '^#' /var/lib/edb/as17/data/pg_hba.conf";
            Assert.Equal("hostssl pem +pem_user 127.0.0.1/32 scram-sha-256", await Root(host, first));
            Assert.Equal("# BEGIN PemHa pem", await Root(host, "head -n 1 /var/lib/edb/as17/data/pg_hba.conf"));
            Assert.Equal("*|10|10|on|500MB|replica", await Sql(host, """
                SELECT current_setting('listen_addresses'), current_setting('max_replication_slots'), current_setting('max_wal_senders'),
                    current_setting('ssl'), current_setting('wal_keep_size'), current_setting('wal_level')
                """));
            Assert.Equal("", await Sql(host, "SELECT name FROM pg_settings WHERE pending_restart"));
        }
        Assert.Equal("efm|f|f|SCRAM-SHA-256\npemsuper|f|t|SCRAM-SHA-256\nrepl|t|f|SCRAM-SHA-256", await Sql("node1", """
            SELECT rolname, rolreplication, rolsuper, split_part(rolpassword, '$', 1) FROM pg_authid
            WHERE rolname IN ('repl', 'efm', 'pemsuper') AND rolcanlogin ORDER BY 1
            """));
    }

    [Fact]
    [Spec("P11", "P12", "P25", "T4", "T5")]
    public async Task Standbys_stream_over_TLS_with_the_password_from_pgpass()
    {
        await cluster.DeployedAsync();
        var password = cluster.Secrets()["repl"];
        foreach (var host in Data)
        {
            Assert.Equal("600 enterprisedb:enterprisedb", await Root(host, "stat -c '%a %U:%G' /var/lib/edb/.pgpass"));
            var lines = (await Root(host, "grep -v '^#' /var/lib/edb/.pgpass")).Split('\n');
            Assert.Equal(DataAddresses.Select(a => $"{a}:5444:replication:repl:{password}"), lines);
            Assert.Equal("data", await Root(host, "cd /var/lib/edb/as17; ls -d data*"));
        }
        Assert.Equal("172.16.161.201|streaming|node2|t|TLSv1.3\n172.16.161.202|streaming|node3|t|TLSv1.3", await Sql("node1", """
            SELECT host(client_addr), state, application_name, ssl, version FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)
            ORDER BY client_addr
            """));
        foreach (var host in Data[1..])
        {
            Assert.Equal("t", await Sql(host, "SELECT pg_is_in_recovery()"));
            // They check whom they stream from.
            Assert.Equal("verify-full|/var/lib/edb/as17/data/root.crt|172.16.161.200", await Sql(host, ProcedureLab.Upstream));
            Assert.DoesNotContain(password, await Root(host, "cat /var/lib/edb/as17/data/postgresql.auto.conf"), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Spec("P13", "P16", "P17", "P18", "P19", "T7", "T8")]
    public async Task EFM_has_its_privileges_and_its_files()
    {
        await cluster.DeployedAsync();
        Assert.Equal("t", await Sql("node1", """
            SELECT has_database_privilege('efm', 'edb', 'CONNECT') AND pg_has_role('efm', 'pg_monitor', 'MEMBER')
                AND bool_and(has_function_privilege('efm', f || '()', 'EXECUTE'))
            FROM unnest('{pg_current_wal_lsn,pg_last_wal_replay_lsn,pg_wal_replay_resume,pg_wal_replay_pause,pg_reload_conf}'::text[]) f
            """, "edb"));
        var lab = await cluster.LabAsync();
        foreach (var host in All)
        {
            var witness = host.StartsWith("witness", StringComparison.Ordinal);
            Assert.Equal("600 efm:efm", await Root(host, "stat -c '%a %U:%G' /etc/edb/efm-5.2/efm.nodes"));
            const string file = "/etc/edb/efm-5.2/efm.properties";
            Assert.Equal(witness ? "640 efm:efm" : "640 efm:enterprisedb", await Root(host, $"stat -c '%a %U:%G' {file}"));
            await Root(host, $"runuser -u efm -- cat {file} >/dev/null; ! runuser -u nobody -- cat {file} 2>/dev/null");
            var text = await Root(host, "grep -v '^ *#' /etc/edb/efm-5.2/efm.properties");
            string[] expected =
            [
                "db.user=efm", "db.port=5444", "db.database=edb", "db.service.owner=enterprisedb", "db.service.name=edb-as-17",
                "db.bin=/usr/edb/as17/bin", "db.data.dir=/var/lib/edb/as17/data", "jdbc.sslmode=require",
                "user.email=root@localhost", $"from.email={host}@efm-pem",
                "notification.text.prefix=[PEM/EFM]", $"bind.address={lab[host].Address}:7800",
                $"is.witness={(witness ? "true" : "false")}", "encrypt.agent.messages=true", "stop.isolated.primary=true",
                "stop.failed.primary=true", "primary.shutdown.as.failure=false", $"ping.server.ip={LabSwitch.Controller}",
                $"virtual.ip={Vip}", "virtual.ip.interface=eth0", "virtual.ip.prefix=24", "virtual.ip.single=true",
                "check.vip.before.promotion=true", "node.timeout=3",
            ];
            Assert.Equal([], expected.Except(text.Split('\n')));
            Assert.Single(text.Split('\n'), l => l.StartsWith("db.password.encrypted=", StringComparison.Ordinal) && l.Length > 30);
            // All other lines of the sample stay, in their order.
            Assert.Equal("", await Root(host, "cd /etc/edb/efm-5.2; diff <(grep '^ *#' efm.properties.in) <(grep '^ *#' efm.properties)"));
        }
    }

    [Fact]
    [Spec("P20", "P21", "P38", "T10", "T11", "F1", "F3", "F5")]
    public async Task EFM_sees_every_node_and_holds_the_virtual_IP_on_the_primary()
    {
        await cluster.DeployedAsync();
        var status = "";
        await ProcedureLab.UntilAsync(
            "cluster-status",
            async () => status = await Root("node2", "/usr/edb/efm-5.2/bin/efm cluster-status efm && echo in sync || echo not in sync"),
            s => s.EndsWith("\nin sync", StringComparison.Ordinal));
        Assert.Matches(@"Primary +172\.16\.161\.200 +UP +172\.16\.161\.245\*\n", status);
        Assert.Matches(@"Standby +172\.16\.161\.201 +UP +172\.16\.161\.245\n", status);
        Assert.Matches(@"Standby +172\.16\.161\.202 +UP +172\.16\.161\.245\n", status);
        Assert.Matches(@"Witness +172\.16\.161\.203 +N/A", status);
        foreach (var host in All)
        {
            Assert.Equal("enabled\nactive", await Root(host, "systemctl is-enabled edb-efm-5.2; systemctl is-active edb-efm-5.2"));
            Assert.Equal(host == "node1" ? "1" : "0", await Root(host, $"ip -o addr show dev eth0 | grep -cF ' {Vip}/24 ' || :"));
        }
    }

    [Fact]
    [Spec("P23", "P24", "P25", "P31", "T14")]
    public async Task Certificates_stand_for_the_node_and_the_virtual_IP_and_the_authoritys_key_is_on_no_node()
    {
        await cluster.DeployedAsync();
        var folder = Path.Combine(cluster.StateFolder, "ca");
        var authority = await File.ReadAllTextAsync(Path.Combine(folder, "ca_certificate.crt"), ProcedureLab.Cancellation);
        var keys = new HashSet<string>();
        foreach (var (host, address, agent) in Data.Zip(DataAddresses, (h, a) => (h, a)).Select((p, i) => (p.h, p.a, $"agent{i + 1}")))
        {
            const string modes = "cd /var/lib/edb/as17/data; stat -c '%a %U:%G' server.key server.crt root.crt | sort -u";
            Assert.Equal("600 enterprisedb:enterprisedb", await Root(host, modes));
            Assert.Equal("600 root:root", await Root(host, "cd /etc/pki/pemha; stat -c '%a %U:%G' * | sort -u"));
            Assert.Equal($"{agent}.crt\n{agent}.key\nroot.crt\nweb.crt\nweb.key", await Root(host, "ls /etc/pki/pemha"));
            Assert.Equal(authority.Trim(), await Root(host, "cat /var/lib/edb/as17/data/root.crt"));
            // What the server really shows, checked as a client with sslmode=verify-full checks it.
            foreach (var name in new[] { $"-verify_ip {address}", $"-verify_ip {Vip}", $"-verify_hostname {host}" })
            {
                await Root(host, $"""
                    openssl s_client -starttls postgres -connect {address}:5444 -CAfile /etc/pki/pemha/root.crt {name} \
                        -verify_return_error </dev/null >/dev/null 2>&1
                    """);
            }
            var subject = $"openssl x509 -noout -subject -nameopt multiline -in /etc/pki/pemha/{agent}.crt";
            Assert.EndsWith($"commonName                = {agent}", await Root(host, subject), StringComparison.Ordinal);
            const string hashes = "sha256sum /var/lib/edb/as17/data/server.key /etc/pki/pemha/*.key | cut -d' ' -f1";
            keys.UnionWith((await Root(host, hashes)).Split('\n'));
            await Root(host, "openssl verify -CAfile /etc/pki/pemha/root.crt /etc/pki/pemha/*.crt /var/lib/edb/as17/data/server.crt");
            // No key anywhere on the node belongs to the authority.
            var public64 = await Root(host, "openssl x509 -noout -pubkey -in /etc/pki/pemha/root.crt | sha256sum");
            var all = await Root(host, """
                grep -rlsI -e 'PRIVATE KEY-----' /etc /root /home /tmp /run /var/lib/edb /usr/edb | while read -r f; do
                    openssl pkey -in "$f" -pubout -passin pass: 2>/dev/null | sha256sum
                done
                grep -rlsI -e 'ENCRYPTED PRIVATE KEY' /etc /root /home /tmp /run /var/lib/edb /usr/edb || :
                """);
            Assert.DoesNotContain(public64, all, StringComparison.Ordinal);
            Assert.DoesNotContain("/", all, StringComparison.Ordinal);
        }
        Assert.Equal(9, keys.Count);
        var key = await File.ReadAllTextAsync(Path.Combine(folder, "ca_key.key"), ProcedureLab.Cancellation);
        Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", key, StringComparison.Ordinal);
        Assert.Equal("", await Root("witness1", "ls /etc/pki/pemha 2>/dev/null || :"));
    }

    [Fact]
    [Spec("P31", "P32", "P33", "P34", "P37", "T18", "F8", "F9")]
    public async Task PEM_answers_and_every_agent_has_a_beating_heart()
    {
        await cluster.DeployedAsync();
        const string agents = "SELECT id, hostname, agent_user, active FROM pem.agent ORDER BY id";
        Assert.Equal("1|node1|agent1|t\n2|node2|agent2|t\n3|node3|agent3|t", await Sql("node1", agents, "pem"));
        // An agent whose database was just restarted comes back after some seconds.
        await ProcedureLab.UntilAsync("every agent with its own certificate", () => Sql("node1", """
            SELECT DISTINCT usename, ssl, substring(client_dn FROM 'CN=([^,/]+)') FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
            WHERE usename LIKE 'agent%' ORDER BY 1
            """, "pem"), said => said == "agent1|t|agent1\nagent2|t|agent2\nagent3|t|agent3");
        const string beats = "SELECT agent_id || '=' || extract(epoch FROM last_heartbeat) FROM pem.agent_heartbeat ORDER BY agent_id";
        var before = (await Sql("node1", beats, "pem")).Split('\n');
        Assert.Equal(3, before.Length);
        await ProcedureLab.UntilAsync("heartbeats", () => Sql("node1", beats, "pem"), now => !now.Split('\n').Intersect(before).Any());
        var lab = await cluster.LabAsync();
        var authority = Path.Combine(cluster.StateFolder, "ca", "ca_certificate.crt");
        await using var client = VipClient.Start(lab, Vip, user: "nobody", password: "", authority);
        foreach (var address in DataAddresses.Append(Vip))
            Assert.Equal("200 OK", await client.GetAsync($"https://{address}:8443/pem", ProcedureLab.Cancellation));
    }

    [Fact]
    [Spec("T1", "T10", "T11", "T13", "T20")]
    public async Task A_cluster_that_runs_passes_every_check_for_prerequisites_and_keeps_its_virtual_IP_to_itself()
    {
        await cluster.DeployedAsync();
        var before = await cluster.SnapshotAsync();
        var report = await cluster.PowerShellAsync("""
            $nodes = $hosts | Connect-PemHost @login
            Report {
                $nodes | Test-PemPrerequisite |
                    Where-Object { $_.State -ne 'Passed' -and $_.Check -ne 'mail server' }
            }
            'rehearsal'
            Report { $nodes | Test-PemVirtualIp }
            Report { $nodes | Test-PemVirtualIp -WhatIf }
            """);
        // The page's own example has an even number of agents.
        Assert.StartsWith("efm: EFM agents: Warning: 4 EFM agents are an even number", report.Lines[0], StringComparison.Ordinal);
        Assert.Equal(["rehearsal"], report.Lines.Skip(1));
        Assert.Equal(["AgentsRunning", "AgentsRunning"], report.Errors.Select(e => e.Id));
        Assert.Contains("node1, node2, node3, witness1", report.Errors[0].Message, StringComparison.Ordinal);
        ProcedureLab.AssertSame(before, await cluster.SnapshotAsync());
        // Whoever knocks at their ports does not disturb the agents.
        Assert.Matches(@"Primary +172\.16\.161\.200 +UP +172\.16\.161\.245\*\n", await Root("witness1", "/usr/edb/efm-5.2/bin/efm cluster-status efm || :"));
    }

    Task<string> Root(string host, string script) => cluster.RootAsync(host, script);

    Task<string> Sql(string host, string query, string database = "postgres") => cluster.SqlAsync(host, query, database);
}
