using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>PEM as its own certificate authority: whose files it signs with, and what it gives to an agent.</summary>
public sealed class PemSslutilsTests(PemSslutilsPair pair) : IClassFixture<PemSslutilsPair>
{
    const string Data = PemSslutilsPair.Data;

    [Theory]
    [Spec("P6", "P23", "P33", "F8", "F9")]
    [InlineData("node1", "agent1")]
    [InlineData("node2", "agent2")]
    public async Task Every_agent_is_issued_a_certificate_of_its_own_when_it_registers(string host, string agent)
    {
        var said = (await pair.ConfiguredAsync())[host == "node1" ? 0 : 1];
        Assert.Contains("Agent registered successfully", said.Stdout, StringComparison.Ordinal);
        Assert.Equal("600 root\n600 root", await pair.RootAsync(host, $"cd /root/.pem && stat -c '%a %U' {agent}.crt {agent}.key"));
        Assert.Equal($"{agent}.crt: OK", await pair.RootAsync(host, $"cd /root/.pem; openssl verify -CAfile {Data}/root.crt {agent}.crt"));
        Assert.Contains(
            $"CN={agent},", await pair.RootAsync(host, $"openssl x509 -noout -subject -in /root/.pem/{agent}.crt"), StringComparison.Ordinal);
        Assert.Equal($"{agent}|t", await Sql($"SELECT agent_user, active FROM pem.agent WHERE agent_user = '{agent}'"));
        Assert.Equal("efm|/usr/edb/efm-5.2/", await Sql("SELECT DISTINCT efm_cluster_name, efm_installation_path FROM pem.server"));
        await ProcedureLab.UntilAsync(
            $"a heartbeat of {agent}",
            () => Sql($"SELECT count(*) FROM pem.agent_heartbeat JOIN pem.agent ON id = agent_id WHERE agent_user = '{agent}'"),
            n => n == "1");
    }

    [Fact]
    [Spec("P34", "F8")]
    public async Task A_standbys_run_leaves_undone_what_no_page_says_that_it_does()
    {
        await pair.ConfiguredAsync();
        const string threads = "sed -n 's/^alert_threads=//p' /usr/edb/pem/agent/etc/agent.cfg";
        Assert.Equal(("1", "0"), (await pair.RootAsync("node1", threads), await pair.RootAsync("node2", threads)));
        Assert.Equal("1|t\n2|f", await Sql("SELECT id, is_pem_server FROM pem.server WHERE id < 3 ORDER BY id"));
        await Sql("SELECT pem.register_pem_server(2)");
        Assert.Equal("t", await Sql("SELECT is_pem_server FROM pem.server WHERE id = 2"));
        await Sql("UPDATE pem.server SET is_pem_server = false WHERE id = 2");
    }

    [Fact]
    [Spec("P23", "F8")]
    public async Task The_key_of_the_CA_is_needed_where_the_agent_registers_to_and_not_where_it_runs()
    {
        await pair.ConfiguredAsync();
        const string register =
            $"""
            mkdir -p /root/other && cd /root/other
            PEM_SERVER_PASSWORD={PemSslutilsPair.Password} /usr/edb/pem/agent/bin/pemworker --register-agent --config-dir /root/other \
                --pem-server {PemSslutilsPair.VirtualIp} --pem-port 5444 --pem-user pemsuper --cert-path /root/other -o agent_id=
            """;
        await pair.RootAsync("node2", $"mv {Data}/ca_key.key /root");
        try
        {
            Assert.Contains("registered successfully", (await pair.RunAsync("node2", register + "21")).Stdout, StringComparison.Ordinal);
        }
        finally
        {
            await pair.RootAsync("node2", $"mv /root/ca_key.key {Data}");
        }

        await pair.RootAsync("node1", $"mv {Data}/ca_key.key /root");
        try
        {
            var failed = await pair.RunAsync("node2", register + "22");
            Assert.Equal(1, failed.ExitCode);
            Assert.Contains("OpenSSL error (FILE_OPEN_CA_KEY)", failed.Stdout, StringComparison.Ordinal);
            Assert.DoesNotContain("PRIVATE KEY", await pair.RootAsync("node1", $"cat {Data}/log/*"), StringComparison.Ordinal);
        }
        finally
        {
            await pair.RootAsync("node1", $"mv /root/ca_key.key {Data}");
        }
    }

    [Theory]
    [Spec("P6", "F8")]
    [InlineData("NULL, '/etc/hostname'", "PATH_NOT_IN_PGDATA")]
    [InlineData("NULL, '../../x'", "PATH_NOT_IN_PGDATA")]
    [InlineData("'none.crt', 'ca_key.key'", "FILE_OPEN_CA_CERT")]
    [InlineData("'ca_key.key', 'ca_key.key'", "PEM_read_X509")]
    [InlineData("'ca_certificate.crt', 'ec.key'", "PEM_read_RSAPrivateKey")]
    [InlineData("'ca_certificate.crt', NULL", "PRIVATE_KEY_IS_NULL")]
    public async Task The_files_of_the_CA_must_be_an_RSA_pair_in_the_data_directory(string files, string place)
    {
        await pair.ConfiguredAsync();
        await pair.RootAsync("node1", $"runuser -u enterprisedb -- openssl ecparam -name prime256v1 -genkey -noout -out {Data}/ec.key");
        var failed = await pair.SqlAsync($"SELECT openssl_csr_to_crt('no request', {files})");
        Assert.NotEqual(0, failed.ExitCode);
        Assert.Contains($"OpenSSL error ({place})", failed.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P6")]
    public async Task A_self_signed_certificate_and_its_revocation_list_can_be_made()
    {
        await pair.ConfiguredAsync();
        var made = await Sql(
            """
            \set ON_ERROR_STOP on
            SELECT openssl_csr_to_crt(csr, NULL, 'ca_key.key', 7)
                FROM openssl_rsa_key_to_csr(pg_read_file('ca_key.key'), 'it''s / a CA', 'US', 'MA', 'x', 'y', 'z') csr;
            SELECT openssl_rsa_generate_crl('ca_certificate.crt', 'ca_key.key');
            SELECT openssl_is_crt_expire_on('ca_certificate.crt', now()), openssl_is_crt_expire_on('ca_certificate.crt', now() + '31 days');
            """);
        Assert.Contains("BEGIN X509 CRL", made, StringComparison.Ordinal);
        Assert.EndsWith("1|-1", made, StringComparison.Ordinal);
        var text = await pair.RootAsync("node1", $"openssl x509 -noout -text <<'END'\n{made}\nEND");
        Assert.Contains("CN=it's / a CA", text, StringComparison.Ordinal);
        Assert.Contains("CA:TRUE", text, StringComparison.Ordinal);
    }

    async Task<string> Sql(string query) => (await pair.SqlAsync(query)).Check(query).Stdout.Trim();
}
