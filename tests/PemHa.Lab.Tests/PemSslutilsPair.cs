using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// A primary and a standby as the manual prepares them for sslutils: one CA in both data directories, a server certificate of its own
/// on each host, the virtual IP on the primary. PEM is configured on both when a test first asks for it.
/// </summary>
public sealed class PemSslutilsPair : LabFixture
{
    internal const string VirtualIp = "172.16.161.245";
    internal const string Password = "lab-Secret-1";
    internal const string Data = "/var/lib/edb/as17/data";

    Task? _prepared;
    Task<CommandResult[]>? _configured;

    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 0 };

    /// <summary>What the configuration script said on the primary and on the standby.</summary>
    internal async Task<CommandResult[]> ConfiguredAsync()
    {
        await LabAsync();
        return await (_configured ??= ConfigureAsync());
    }

    /// <summary>What a script of root's says and how it ends, whichever that is.</summary>
    internal async Task<CommandResult> RunAsync(string host, string script)
    {
        await LabAsync();
        await (_prepared ??= PrepareAsync());
        return await SshAsync(host, script);
    }

    /// <summary>What a script of root's says; it must succeed.</summary>
    internal async Task<string> RootAsync(string host, string script) =>
        (await RunAsync(host, script)).Check($"The script on {host}").Stdout.Trim();

    /// <summary>Asks the primary's database pem as the superuser that PEM is configured with.</summary>
    internal Task<CommandResult> SqlAsync(string query) => RunAsync(
        "node1",
        $"""
        export PGPASSWORD={Password} PGSSLMODE=require
        /usr/edb/as17/bin/psql -XAtq -v ON_ERROR_STOP=1 -h {VirtualIp} -U pemsuper -d pem <<'SQL'
        {query}
        SQL
        """);

    async Task PrepareAsync()
    {
        (await SshAsync("node1", Primary)).Check("Preparing the primary");
        (await SshAsync("node2", Standby)).Check("Preparing the standby");
    }

    async Task<CommandResult[]> ConfigureAsync() =>
    [
        await RunAsync("node1", Configure("primary --skip-db-certificate --use-existing-sslutils")),
        await RunAsync("node2", Configure("standby")),
    ];

    async Task<CommandResult> SshAsync(string host, string script) =>
        await (await LabAsync()).SshAsync(host, "bash -es", script, TestContext.Current.CancellationToken);

    static string Configure(string role) =>
        $"""
        /usr/edb/pem/bin/configure-pem-server.sh -t 1 -ho {VirtualIp} -p 5444 -su pemsuper --asb-host-name 127.0.0.1 \
            --replication-solution efm -srp --efm-cluster-name=efm -srp --efm-install-path=/usr/edb/efm-5.2/ --replication-role {role} \
            --db-install-path /usr/edb/as17/ --db-unitfile edb-as-17 <<<{Password}
        """;

    // The manual makes keys of 4096 bits; these prove the same and cost less.
    const string ServerCertificate =
        """
        openssl genrsa -out server.key 2048
        openssl req -new -key server.key -out server.csr -subj "/CN=$(hostname)"
        openssl x509 -req -in server.csr -CA ca_certificate.crt -CAkey ca_key.key -CAcreateserial -out server.crt -days 30 -sha256
        chmod 0600 ca_certificate.crt ca_key.key root.crt server.crt server.key
        rm server.csr
        """;

    const string Primary =
        $$"""
        dnf -qy install edb-as17-server edb-as17-server-sslutils edb-pem --allowerasing >/dev/null
        PGSETUP_INITDB_OPTIONS="-E UTF-8" /usr/edb/as17/bin/edb-as-17-setup initdb >/dev/null
        ip addr add {{VirtualIp}}/24 dev eth0
        firewall-cmd -q --add-port=5444/tcp
        runuser -u enterprisedb -- bash -es <<'CA' 2>/dev/null
        cd {{Data}}
        openssl genrsa -out ca_key.key 2048
        openssl req -x509 -new -nodes -key ca_key.key -sha256 -days 30 -out ca_certificate.crt -subj '/O=Lab/CN=PEM CA'
        cp ca_certificate.crt root.crt
        {{ServerCertificate}}
        CA
        printf '%s\n' "listen_addresses = '*'" 'ssl = on' "ssl_ca_file = 'root.crt'" >>{{Data}}/postgresql.conf
        for address in 127.0.0.1 172.16.161.200 172.16.161.201 {{VirtualIp}}; do
            echo "hostssl pem,postgres pemsuper $address/32 scram-sha-256"
            echo "hostssl pem +pem_agent $address/32 cert"
            echo "hostssl replication repl $address/32 trust"
        done >/tmp/hba
        sed -i '1e cat /tmp/hba' {{Data}}/pg_hba.conf
        systemctl start edb-as-17
        runuser -u enterprisedb -- /usr/edb/as17/bin/psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
        CREATE ROLE pemsuper SUPERUSER LOGIN PASSWORD '{{Password}}';
        CREATE ROLE repl REPLICATION LOGIN;
        SQL
        """;

    const string Standby =
        $$"""
        dnf -qy install edb-as17-server edb-as17-server-sslutils edb-pem --allowerasing >/dev/null
        runuser -u enterprisedb -- /usr/edb/as17/bin/pg_basebackup -h 172.16.161.200 -D {{Data}} -U repl -Fp -R -c fast
        runuser -u enterprisedb -- bash -es <<'CA' 2>/dev/null
        cd {{Data}}
        {{ServerCertificate}}
        CA
        systemctl start edb-as-17
        """;
}
