namespace PemHa.Lab.Tests;

/// <summary>What a cluster is made of, however far it is deployed, without what differs between two deployments: times, LSNs, encrypted texts, keys.</summary>
static class ProcedurePortrait
{
    const string EveryHost = """
        exec 2>/dev/null; set +e
        sed 's/^db.password.encrypted=.*/db.password.encrypted=(some)/' /etc/edb/efm-5.2/efm.properties
        grep -v '^#' /etc/edb/efm-5.2/efm.nodes | tr ' ' '\n' | sort
        # the text before the last change is kept beside a file: history, not state
        ls -d /etc/edb/efm-5.2/* | grep -v '\.pemha-2' | xargs stat -c '%n %a %U:%G'
        for unit in edb-as-17 edb-efm-5.2 pemagent nginx; do
            echo $unit $(systemctl is-enabled $unit 2>&1 || :) $(systemctl is-active $unit || :)
        done
        rpm -qa | sort; firewall-cmd --list-ports | tr ' ' '\n' | sort; firewall-cmd --permanent --list-ports | tr ' ' '\n' | sort
        ip -o -4 addr show dev eth0 | awk '{ print $4 }'
        # nothing half-made is left
        ls -d /run/pemha.* /var/lib/edb/.pemha* /etc/edb/efm-5.2/.pemha* /etc/pki/pemha/.pemha* /usr/edb/pem/web/.pemha*
        :
        """;

    const string DataNode = """
        exec 2>/dev/null; set +e
        cd /var/lib/edb/as17 || exit 0; ls -d * data/.pemha* 2>/dev/null || :
        stat -c '%n %a %U:%G' data/*.conf data/*.crt data/*.key data/*.signal /var/lib/edb/.pgpass /etc/pki/pemha/* 2>/dev/null || :
        sed 's/:[^:]*$//' /var/lib/edb/.pgpass
        for c in data/server.crt /etc/pki/pemha/*.crt /usr/edb/pem/resources/server-pem.crt; do
            openssl x509 -in $c -noout -subject -issuer -ext subjectAltName,extendedKeyUsage,basicConstraints 2>/dev/null
        done
        grep -v -e '^;' /usr/edb/pem/agent/etc/agent.cfg; grep -v '^#' /usr/edb/pem/share/.install-config
        :
        """;

    // max_connections is what the rolling restart's test raises, by ALTER SYSTEM, on the lab that it shares.
    const string Sql = """
        SELECT type, database, user_name, address, netmask, auth_method FROM pg_hba_file_rules ORDER BY rule_number;
        SELECT name, setting FROM pg_settings WHERE sourcefile LIKE '%/postgresql.conf' AND name <> 'max_connections' ORDER BY name;
        SELECT rolname, rolsuper, rolcanlogin, rolreplication, split_part(rolpassword, '$', 1), ARRAY(
            SELECT roleid::regrole::text FROM pg_auth_members WHERE member = r.oid ORDER BY 1) FROM pg_authid r ORDER BY 1;
        SELECT datname, datacl FROM pg_database ORDER BY 1;
        SELECT pg_is_in_recovery(), (SELECT sender_host FROM pg_stat_wal_receiver);
        SELECT application_name, state, ssl FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) ORDER BY 1;
        """;

    const string Pem = """
        SELECT id, description, hostname, agent_user, active FROM pem.agent ORDER BY id;
        SELECT id, description, server, port, database, active FROM pem.server ORDER BY id;
        SELECT agent_id, server_id, server, port FROM pem.agent_server_binding ORDER BY 1, 2;
        """;

    /// <summary>Whether a server runs, and whether it has PEM's database.</summary>
    const string There = """
        systemctl -q is-active edb-as-17 || exit 0
        echo server
        cd /; runuser -u enterprisedb -- /usr/edb/as17/bin/psql -XAtq -p 5444 -d postgres -c "SELECT datname FROM pg_database WHERE datname = 'pem'"
        """;

    /// <summary>One line of text for each fact of each host.</summary>
    public static async Task<IReadOnlyDictionary<string, string[]>> OfAsync(ProcedureLab cluster)
    {
        var lab = await cluster.LabAsync();
        var portraits = await Task.WhenAll(lab.Hosts.Select(async h => (h.Name, Lines: await OfAsync(cluster, h))));
        return portraits.ToDictionary(p => p.Name, p => p.Lines);
    }

    static async Task<string[]> OfAsync(ProcedureLab cluster, LabHost host)
    {
        var text = await cluster.RootAsync(host.Name, EveryHost);
        if (host.IsWitness) return text.Split('\n');
        text += "\n" + await cluster.RootAsync(host.Name, DataNode);
        var there = (await cluster.RootAsync(host.Name, There)).Split('\n');
        if (there.Contains("server")) text += "\n" + await cluster.SqlAsync(host.Name, Sql);
        if (there.Contains("pem")) text += "\n" + await cluster.SqlAsync(host.Name, Pem, "pem");
        return text.Split('\n');
    }
}
