using System.Globalization;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// One host as sections A to D leave a primary, with the stand-in of PEM installed and not configured yet: TLS by a local CA,
/// HBA lines, the virtual IP, the role pemsuper. Certificates lie in /root/certs.
/// </summary>
public sealed class PemNode : IAsyncLifetime
{
    public const string VirtualIp = "172.16.161.245";
    public const string Password = "lab-Secret-1";
    const string Host = "node1";
    const string Script = "/usr/edb/pem/bin/configure-pem-server.sh";

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    static int s_count;
    Lab? _lab;

    public async ValueTask InitializeAsync()
    {
        if (Preflight.Refusal() is not null)
            return;
        _lab = await Lab.UpAsync(new LabOptions { Name = $"pem-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}", DataNodes = 1, Witnesses = 0 });
        await RootAsync(Prepare);
    }

    public async ValueTask DisposeAsync()
    {
        if (_lab is not null)
            await _lab.DisposeAsync();
    }

    /// <summary>
    /// Resets the host to before the first configuration, with the newest PEM; skips the test where no lab can run.
    /// </summary>
    public async Task ResetAsync()
    {
        Assert.SkipWhen(_lab is null, Preflight.Refusal() ?? "");
        await RootAsync(Reset);
    }

    /// <summary>Downgrades to a version of PEM until the next reset.</summary>
    public Task<string> DowngradeAsync(string version) => RootAsync($"dnf -qy downgrade edb-pem-{version} >/dev/null");

    /// <summary>
    /// The newest page's command without the agent's options (P33, R22). The script asks for the values that the
    /// command omits, network and certificates' folder, and uses the defaults at the end of its input.
    /// </summary>
    public static string Primary(string agent, string host = VirtualIp, string version = "17") =>
        $"{Script} -t 1 -ho {host} -p 5444 -su pemsuper --asb-host-name 127.0.0.1 --replication-solution efm --replication-role primary "
        + $"--skip-db-certificate --db-install-path /usr/edb/as{version}/ --db-unitfile edb-as-{version} {agent}";

    public static string OwnCertificate(string name, int id) =>
        $"--use-agent-sslcert /root/certs/{name}.crt --use-agent-sslkey /root/certs/{name}.key "
        + $"-aro agent_id={id.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>What a command of root's says and how it ends, whichever that is.</summary>
    internal async Task<CommandResult> RunAsync(string command, string stdin = "") =>
        await _lab!.SshAsync(Host, command, stdin, TestContext.Current.CancellationToken);

    /// <summary>What a script of root's says; it must succeed.</summary>
    public async Task<string> RootAsync(string script) => (await RunAsync("bash -es", script)).Check("The script").Stdout.Trim();

    public async Task<string> SqlAsync(string database, string query) =>
        (await RunAsync($"runuser -u enterprisedb -- /usr/edb/as17/bin/psql -XAtq -v ON_ERROR_STOP=1 -d {database}", query))
            .Check(query).Stdout.Trim();

    /// <summary>Waits until the query answers so.</summary>
    public async Task UntilAsync(string database, string query, string answer)
    {
        var until = DateTime.UtcNow + Deadline;
        for (var said = await SqlAsync(database, query); said != answer; said = await SqlAsync(database, query))
        {
            Assert.True(DateTime.UtcNow < until, $"{query} still answers '{said}', not '{answer}'.");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    const string Prepare =
        """
        dnf -qy install edb-as17-server edb-pem --allowerasing >/dev/null
        PGSETUP_INITDB_OPTIONS="-E UTF-8" /usr/edb/as17/bin/edb-as-17-setup initdb >/dev/null
        device=$(ip -o -4 addr show to 172.16.161.0/24 | awk '{ print $2; exit }')
        ip addr add 172.16.161.245/24 dev "$device"
        data=/var/lib/edb/as17/data

        mkdir -p -m 0700 /root/certs
        cd /root/certs
        curve='ec -pkeyopt ec_paramgen_curve:prime256v1'
        openssl req -x509 -newkey $curve -nodes -keyout ca.key -out ca.crt -days 30 -subj '/CN=Lab CA'
        leaf() { # file, common name, extension
            openssl req -newkey $curve -nodes -keyout "$1.key" -subj "/CN=$2" |
                openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile <(echo "$3") -out "$1.crt"
        }
        leaf server node1 subjectAltName=IP:172.16.161.200,IP:172.16.161.245
        leaf web node1 subjectAltName=IP:172.16.161.245
        leaf agent1 agent1 basicConstraints=CA:FALSE
        leaf stranger stranger basicConstraints=CA:FALSE
        leaf common common_agent_user basicConstraints=CA:FALSE
        chmod 0600 *
        install -m 0600 -o enterprisedb -g enterprisedb server.crt server.key "$data"
        install -m 0600 -o enterprisedb -g enterprisedb ca.crt "$data/root.crt"
        printf '%s\n' "listen_addresses = '*'" 'ssl = on' "ssl_ca_file = 'root.crt'" >>"$data/postgresql.conf"
        cp -p "$data/pg_hba.conf" /root/hba.tail
        systemctl -q start edb-as-17
        """;

    // Roles and databases go by name: a run that failed half way may have made any part of them.
    const string Reset =
        $$"""
        rpm -q --quiet edb-pem-10.6.0 || dnf -qy upgrade edb-pem >/dev/null
        systemctl -q disable --now pemagent nginx edb-uwsgi
        rm -rf /usr/edb/pem/share/.install-config /usr/edb/pem/agent/etc/agent.cfg /usr/edb/pem/web/pem.wsgi /usr/edb/pem/logs/* \
            /usr/edb/pem/resources/server-pem.* /etc/nginx/conf.d/edb-pem.conf /root/.pem /var/log/pem/agent.log \
            /usr/edb/pem/web/config_local.py /var/lib/pem/* /etc/pem-stand-in /etc/nginx/pem
        {
            for address in 127.0.0.1 172.16.161.200 {{VirtualIp}}; do
                echo "hostssl pem,postgres pemsuper $address/32 scram-sha-256"
                echo "hostssl pem +pem_agent $address/32 cert"
            done
            cat /root/hba.tail
        } >/var/lib/edb/as17/data/pg_hba.conf
        runuser -u enterprisedb -- /usr/edb/as17/bin/psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
        SET client_min_messages = error;
        SELECT pg_reload_conf() \g /dev/null
        DROP DATABASE IF EXISTS pem WITH (FORCE);
        DROP DATABASE IF EXISTS pem_user_settings WITH (FORCE);
        GRANT CONNECT ON DATABASE template1 TO PUBLIC;
        DO $$ BEGIN
            IF to_regrole('common_agent_user') IS NOT NULL THEN DROP OWNED BY common_agent_user; END IF;
        END $$;
        DROP ROLE IF EXISTS agent1, common_agent_user, pemsuper, pem_admin, pem_user, pem_agent, pem_user_settings;
        CREATE ROLE pemsuper SUPERUSER LOGIN PASSWORD '{{Password}}';
        SQL
        """;
}
