using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// SSL models by topologies. Each cell is deployed by one call, deployed again without a change, its agents log in by certificate on every
/// data node, and it loses its primary. Own certificates of a LocalCA on three data nodes and a witness are the other tests' cluster
/// (<see cref="ProcedureRunTests"/>, <see cref="ProcedureEndStateTests"/>, <see cref="ProcedureInterruptionTests"/>).
/// </summary>
public sealed class ProcedureMatrixTests
{
    // The second of the two paths in the vendor's material (R27).
    const string EfmPath = "/usr/edb/efm-5.4/bin";

    const string Common = "common_agent_user",
        OlderPem = "the page's PEM, the newest EFM, a common agent user and host names",
        Older = "the older server and EFM and encrypted keys";

    [Fact]
    [Spec("P23", "P27", "P30", "P33", "P34", "P38", "T15", "F9")]
    public Task LocalCA_with_a_common_agent_user_on_two_and_a_witness() => CellAsync(
        new("LocalCA", 2, 1) { AgentUser = Common, Example = "TwoNodes.psd1" },
        async cluster =>
        {
            // The newest PEM, which temporarily needs a superuser and refuses options that are on no page; no switch
            // says so (R20-R23, K32).
            Assert.Equal("10.6.0", await cluster.RootAsync("node1", "rpm -q --qf '%{VERSION}' edb-pem"));
            await AssertAgentAsync(cluster);
            await AssertServersAsync(cluster, "efm|/usr/edb/efm-5.2/|t");
            string[] sources = ["127.0.0.1", "172.16.161.200", "172.16.161.201", "172.16.161.245"];
            const string rules = $$"""
                SELECT type, database, address, auth_method FROM pg_hba_file_rules WHERE user_name = '{{{Common}}}' ORDER BY rule_number
                """;
            Assert.Equal(sources.Select(a => $"hostssl|{{pem}}|{a}|cert"), (await cluster.SqlAsync("node2", rules)).Split('\n'));
        });

    [Fact]
    [Spec("P23", "P24", "P25", "P31", "P38", "F9")]
    public Task ExternalCA_with_an_intermediate_and_lists_on_three_refuses_an_agents_revoked_certificate() => CellAsync(
        new("ExternalCA", 3, 0) { Lists = true, Example = "ExternalCA.psd1", ExampleParameters = "-CertificatePath FOLDER" },
        async cluster =>
        {
            await cluster.RootAsync("node3", "cp -p /etc/pki/pemha/agent3.* /root");
            const string login = """
                PGSSLCERT=/root/agent3.crt; PGSSLKEY=/root/agent3.key
                for host in 172.16.161.200 172.16.161.201 172.16.161.202; do
                    /usr/edb/as17/bin/psql -XAtq -h $host -p 5444 -U agent3 -d pem -c 'SELECT current_user' 2>&1 |
                        grep -oe '^agent3' -e 'certificate revoked' || :
                done
                """;
            Assert.Equal("agent3\nagent3\nagent3", await cluster.AsAgentAsync("node3", login));
            cluster.Replace("agent3");
            var report = await cluster.RunAsync("Install revoked ExternalCA");
            cluster.AssertInstalled(report, "revoked");
            string[] data = ["node1", "node2", "node3"];
            string[] expected =
            [
                .. data.Select(h => $"{h} New-PemCertificate revocation list /var/lib/edb/as17/data/root.crl"),
                "node3 New-PemCertificate certificate /etc/pki/pemha/agent3.crt",
                .. data.Select(h => $"{h} Set-PemSsl configuration of edb-as-17"), "node3 Install-PemServer PEM server with agent3",
            ];
            Assert.Equal(expected.Order(StringComparer.Ordinal), MatrixCluster.Changed(report, "revoked").Order(StringComparer.Ordinal));
            Assert.Equal("certificate revoked\ncertificate revoked\ncertificate revoked", await cluster.AsAgentAsync("node3", login));
            await cluster.LogInAsync();
        });

    /// <summary>All of them in the long form.</summary>
    public static TheoryData<string> Others => LongForm.Asked ? [OlderPem, Older] : [OlderPem];

    [Theory]
    [Spec("P3", "P16", "P19", "P23", "P24", "P30", "P33", "P38", "F7")]
    [MemberData(nameof(Others))]
    public Task ExternalCA_on_two_and_a_witness_with(string packages) => packages == OlderPem
        ? CellAsync(
            new("ExternalCA", 2, 1)
            {
                AgentUser = Common,
                ByName = true,
                Described = "-EfmVersion 5.4",
                Installed = $"-EfmInstallPath {EfmPath}",
                Before = PagesPem,
            },
            async cluster =>
            {
                await AssertAgentAsync(cluster);
                Assert.Equal("10.4.0", await cluster.RootAsync("node2", "rpm -q --qf '%{VERSION}' edb-pem"));
                await AssertServersAsync(cluster, $"efm|{EfmPath}|t");
                await CutAsync(cluster);
                var data = await cluster.DataAsync();
                await cluster.SwitchOverAsync(data[0], data[1]);
                await cluster.SwitchOverAsync(data[1], data[0]);
            })
        : CellAsync(
            new("ExternalCA", 2, 1) { KeyPassword = "p w", Described = "-PostgresVersion 16 -EfmVersion 5.1" },
            async cluster =>
            {
                Assert.Equal("active\nactive", await cluster.RootAsync("node2", "systemctl is-active edb-as-16 edb-efm-5.1"));
                await cluster.RootAsync("node2", "! grep -rl ENCRYPTED /etc/pki/pemha /var/lib/edb/as16/data/*.key");
            });

    /// <summary>All of them in the long form.</summary>
    public static TheoryData<int, int> SslUtilsSizes => LongForm.Asked ? new() { { 2, 1 }, { 3, 0 }, { 5, 0 } } : new() { { 2, 1 }, { 3, 0 } };

    [Theory]
    [Spec("P6", "P23", "P31", "P33", "P34", "P38", "F8", "F9")]
    [MemberData(nameof(SslUtilsSizes))]
    public Task SslUtils_issues_its_agents_certificates_with_one_authority_on_every_data_node(int dataNodes, int witnesses) => CellAsync(
        new("SslUtils", dataNodes, witnesses) { Example = witnesses > 0 ? "SslUtils.psd1" : null, Grows = witnesses == 0 },
        async cluster =>
        {
            var authorities = new HashSet<string>();
            foreach (var host in await cluster.DataAsync())
            {
                await cluster.RootAsync(host.Name, "rpm -q edb-as17-server-sslutils");
                Assert.Equal("600 enterprisedb:enterprisedb", await cluster.RootAsync(host.Name,
                    "cd /var/lib/edb/as17/data; stat -c '%a %U:%G' ca_key.key ca_certificate.crt root.crt server.key server.crt | sort -u"));
                authorities.Add(await cluster.RootAsync(host.Name, "cd /var/lib/edb/as17/data; sha256sum ca_key.key ca_certificate.crt"));
                Assert.Matches(@"^600 root:root (/root/\.pem/agent\d\.crt): OK$", await cluster.AsAgentAsync(host.Name, """
                    echo $(stat -c '%a %U:%G' $PGSSLKEY) $(openssl verify -CAfile /var/lib/edb/as17/data/ca_certificate.crt $PGSSLCERT)
                    """));
            }
            Assert.Single(authorities);
            // Its key is on no host's side but theirs.
            Assert.False(Directory.Exists(Path.Combine(cluster.StateFolder, "ca")));
        });

    [Fact]
    [Spec("P16", "P19", "P20", "P23", "P24", "P26", "P38")]
    public Task LocalCA_by_IPv6() => CellAsync(new("LocalCA", 2, 1) { Ipv6 = true });

    [Fact]
    [Spec("P23", "P25", "P31")]
    public Task LocalCA_on_three_becomes_ExternalCA_while_it_runs() => CellAsync(
        new("LocalCA", 3, 0),
        async cluster =>
        {
            await cluster.IssueAsync();
            var start = await StartedAsync(cluster);
            var report = await cluster.RunAsync("""
                Install refused ExternalCA
                $external = $models.ExternalCA
                Report { Describe ExternalCA | Connect-PemHost @login | New-PemCertificate @external -Force | ForEach-Object { "replaced $_" } }
                Install followed ExternalCA
                Install again ExternalCA
                Status ExternalCA
                """);
            // Nobody changes the authority by the way.
            Assert.Equal(["AuthorityChanged", "AuthorityChanged", "AuthorityChanged"], report.Errors.Select(e => e.Id));
            Assert.Empty(MatrixCluster.Changed(report, "refused"));
            Assert.Equal(3, report.Lines.Count(l => l.StartsWith("replaced ", StringComparison.Ordinal)));
            var followed = MatrixCluster.Changed(report, "followed");
            Assert.Equal(3, followed.Count(c => c.Contains(" Install-PemServer PEM server with agent", StringComparison.Ordinal)));
            Assert.All(followed, c => Assert.Matches(" (configuration of edb-as-17|TLS handshake|PEM server with .*|web application at .*)$", c));
            Assert.Empty(MatrixCluster.Changed(report, "again"));
            Assert.Equal(3, report.Lines.Count(l => Regex.IsMatch(l, @"^status node\d (Primary|Standby) UP (True|False) 0$")));
            Assert.Equal(start, await StartedAsync(cluster));
            await cluster.LogInAsync();
        }, becomes: "ExternalCA");

    /// <summary>
    /// The version for which the page was written: without a superuser among the agents' users (P30), and with a
    /// different heartbeat.
    /// </summary>
    const string PagesPem = "echo 'excludepkgs=edb-pem-10.[5-9].*' >> /etc/dnf/dnf.conf";

    static async Task CellAsync(MatrixCell cell, Func<MatrixCluster, Task>? beyond = null, string? becomes = null)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await using var cluster = new MatrixCluster(cell);
        await cluster.DeployAsync();
        await cluster.LogInAsync();
        if (beyond is not null) await beyond(cluster);
        await cluster.LosePrimaryAsync(becomes);
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
            $"{cell.Model} {cell.DataNodes}+{cell.Witnesses}: {watch.Elapsed.TotalSeconds:0.0} s"));
    }

    /// <summary>The agents' common user has their role, and nothing any more of what it needed on its way (P30).</summary>
    static async Task AssertAgentAsync(MatrixCluster cluster) => Assert.Equal("t|f|f|t", await cluster.SqlAsync("node1", $"""
        SELECT rolcanlogin, rolsuper, EXISTS (SELECT FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = 'template1' AND a.grantee = r.oid),
            pg_has_role(oid, 'pem_agent', 'MEMBER') FROM pg_roles r WHERE rolname = '{Common}'
        """));

    /// <summary>
    /// The leftovers of killed runs: a superuser among the agents' users, and an agent that is registered but not
    /// configured.
    /// </summary>
    static async Task CutAsync(MatrixCluster cluster)
    {
        const string install = $$"""
            $nodes = Describe ExternalCA | Connect-PemHost @login
            Report {
                $nodes | Install-PemServer -Credential $with.SuperUser -EfmInstallPath {{EfmPath}} -Confirm:$false |
                    ForEach-Object { "left well $_" }
            }
            foreach ($node in $nodes) {
                foreach ($c in $node.Changes) {
                    "left changed $node $($c.Resource): $($c.Difference.Split("`n")[0])"
                }
            }
            """;
        await cluster.SqlAsync("node1", $"ALTER ROLE {Common} SUPERUSER");
        var demoted = await cluster.RunAsync(install);
        Assert.Equal(
            [$"node1.lab role {Common} is not a superuser: ALTER ROLE \"{Common}\" NOSUPERUSER;"],
            MatrixCluster.Changed(demoted, "left"));
        await AssertAgentAsync(cluster);

        const string agents = "SELECT id, active FROM pem.agent ORDER BY id";
        const string silent =
            "UPDATE pem.agent_heartbeat SET last_heartbeat = now() - interval '1 hour' WHERE agent_id = 2";
        // An agent that somebody stopped, and cleaned up after, is the same agent again.
        await cluster.RootAsync("node2", "systemctl stop pemagent; rm /usr/edb/pem/logs/*");
        await cluster.SqlAsync("node1", silent, "pem");
        var started = MatrixCluster.Changed(await cluster.RunAsync(install), "left");
        Assert.Equal(["node2.lab PEM server and its agent: systemctl start pemagent"], started);
        Assert.Equal("1|t\n2|t", await cluster.SqlAsync("node1", agents, "pem"));
        await AssertAgentAsync(cluster);

        // Without a web application it is what a run that was cut has left.
        await cluster.RootAsync("node2", "systemctl stop pemagent nginx");
        await cluster.SqlAsync("node1", silent, "pem");
        await cluster.SqlAsync("node1", $"ALTER ROLE {Common} SUPERUSER");
        var again = MatrixCluster.Changed(await cluster.RunAsync(install), "left");
        Assert.Contains(
            "node2.lab PEM server and its agent: "
                + "/usr/edb/pem/agent/bin/pemworker --unregister-agent --pem-user pemsuper",
            again);
        Assert.Equal("1|t\n2|f\n3|t", await cluster.SqlAsync("node1", agents, "pem"));
        await AssertAgentAsync(cluster);
    }

    /// <summary>
    /// Every data node can act as the PEM server (A10, R32), and PEM does not replace its certificates (B23).
    /// </summary>
    static async Task AssertServersAsync(MatrixCluster cluster, string registered)
    {
        const string servers = "SELECT efm_cluster_name, efm_installation_path, is_pem_server FROM pem.server";
        Assert.Equal($"{registered}\n{registered}", await cluster.SqlAsync("node1", servers, "pem"));
        Assert.Equal("f", await cluster.SqlAsync("node1", "SELECT jobenabled FROM pem.job", "pem"));
        foreach (var host in await cluster.DataAsync())
        {
            Assert.Equal(
                "alert_threads=1\nenable_smtp=true\nenable_snmp=true\nenable_webhook=true",
                await cluster.RootAsync(
                    host.Name, "grep -e ^alert_threads -e ^enable_ /usr/edb/pem/agent/etc/agent.cfg"));
            await cluster.RootAsync(host.Name, "/usr/edb/pem/agent/bin/pemworker --verify-registration");
        }
    }

    /// <summary>When each server was started: a model change takes no restart.</summary>
    static async Task<string> StartedAsync(MatrixCluster cluster) => string.Join('\n', await Task.WhenAll(
        (await cluster.DataAsync()).Select(h => cluster.SqlAsync(h.Name, "SELECT pg_postmaster_start_time()"))));
}
