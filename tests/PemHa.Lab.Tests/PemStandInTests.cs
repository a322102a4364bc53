using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The stand-in of PEM keeps the real one's manners, good and bad, so that nothing is easier on it than on the real one.</summary>
public sealed class PemStandInTests(PemNode node) : IClassFixture<PemNode>, IAsyncLifetime
{
    const string Critical = "CRITICAL ERROR";
    const string Registered = "Agent registered successfully";
    const string Newest = "10.6.0";

    public async ValueTask InitializeAsync() => await node.ResetAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    [Spec("F8", "P33")]
    public async Task A_configured_primary_can_be_proven()
    {
        var run = await node.RunAsync(PemNode.Primary(PemNode.OwnCertificate("agent1", 1)), PemNode.Password + "\n");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("stand-in", run.Stderr, StringComparison.Ordinal);
        Assert.Contains(Registered, run.Stdout, StringComparison.Ordinal);
        Assert.Contains($"PEM server can be accessed at https://{PemNode.VirtualIp}:8443/pem", run.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain(Critical, run.Stdout, StringComparison.Ordinal);
        Assert.Equal("1|agent1|t", await node.SqlAsync("pem", "SELECT id, agent_user, active FROM pem.agent"));
        Assert.Equal("t", await node.SqlAsync("pem", "SELECT pg_has_role('agent1', 'pem_agent', 'MEMBER')"));
        Assert.Equal("active\nactive", await node.RootAsync("systemctl is-active pemagent nginx"));
    }

    [Fact]
    [Spec("P3", "P33")]
    public async Task Another_version_of_the_server_goes_by_its_own_path_and_unit()
    {
        var command = PemNode.Primary(PemNode.OwnCertificate("agent1", 1), version: "16");
        await node.RootAsync("dnf -qy remove edb-as16-server >/dev/null || :");
        AssertCritical(await node.RunAsync(command, PemNode.Password + "\n"), "No psql below the database server installation path /usr/edb/as16/");
        await node.RootAsync("dnf -qy install edb-as16-server >/dev/null; rm -f /usr/edb/pem/share/.install-config");
        Assert.Contains(Registered, (await node.RunAsync(command, PemNode.Password + "\n")).Stdout, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P33")]
    public async Task The_server_can_be_given_by_an_IPv6_address()
    {
        await node.RootAsync(
            """
            sed -i '1i hostssl pem,postgres pemsuper fd16:161::/64 scram-sha-256\nhostssl pem +pem_agent fd16:161::/64 cert' \
                /var/lib/edb/as17/data/pg_hba.conf
            systemctl reload edb-as-17
            """);
        var run = await node.RunAsync(PemNode.Primary(PemNode.OwnCertificate("agent1", 1), host: "fd16:161::200"), PemNode.Password + "\n");
        Assert.Contains(Registered, run.Stdout, StringComparison.Ordinal);
        await node.UntilAsync("pem", "SELECT count(*) FROM pem.agent_heartbeat", "1");
        Assert.Contains("stand-in", await node.RootAsync("curl -sk 'https://[fd16:161::200]:8443/pem'"), StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F9")]
    public async Task The_agent_writes_heartbeats_by_its_certificate_and_finds_its_way_back()
    {
        await ConfigureAsync();
        await node.UntilAsync("pem", "SELECT count(*) FROM pem.agent_heartbeat WHERE agent_id = 1", "1");
        var first = await node.SqlAsync("pem", "SELECT last_heartbeat FROM pem.agent_heartbeat");
        await node.UntilAsync("pem", $"SELECT max(last_heartbeat) > '{first}' FROM pem.agent_heartbeat", "t");
        const string certified =
            "SELECT bool_and(ssl AND client_dn = '/CN=agent1') FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE usename = 'agent1'";
        Assert.Equal("t", await node.SqlAsync("pem", certified));

        await node.RootAsync("systemctl restart edb-as-17");

        var restart = await node.SqlAsync("pem", "SELECT pg_postmaster_start_time()");
        await node.UntilAsync("pem", $"SELECT max(last_heartbeat) > '{restart}' FROM pem.agent_heartbeat", "t");
    }

    [Fact]
    [Spec("P37")]
    public async Task The_web_server_answers_with_the_certificate_that_it_is_given()
    {
        await node.RootAsync("for kind in crt key; do install -m 0600 /root/certs/web.$kind /usr/edb/pem/resources/server-pem.$kind; done");
        await ConfigureAsync();

        var answer = await node.RootAsync(
            $"printf 'GET /pem HTTP/1.1\\r\\nHost: {PemNode.VirtualIp}\\r\\nConnection: close\\r\\n\\r\\n' | openssl s_client -quiet "
            + $"-connect {PemNode.VirtualIp}:8443 -CAfile /root/certs/ca.crt -verify_ip {PemNode.VirtualIp} "
            + "-verify_return_error 2>/dev/null");

        Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
        Assert.Contains("stand-in", answer, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F8")]
    public async Task A_wrong_password_is_a_critical_error_with_status_0()
    {
        var run = await node.RunAsync(PemNode.Primary(PemNode.OwnCertificate("agent1", 1)), "wrong\n");

        AssertCritical(run, "password authentication failed for user \"pemsuper\"");
        Assert.Equal("0", await node.SqlAsync("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'pem'"));
    }

    [Fact]
    [Spec("F8", "P26")]
    public async Task A_missing_HBA_line_of_the_superuser_is_a_critical_error()
    {
        await node.RootAsync("sed -i /pemsuper/d /var/lib/edb/as17/data/pg_hba.conf; systemctl reload edb-as-17");

        AssertCritical(
            await node.RunAsync(PemNode.Primary(PemNode.OwnCertificate("agent1", 1)), PemNode.Password + "\n"),
            "no pg_hba.conf entry for host \"172.16.161.200\", user \"pemsuper\"");
    }

    [Fact]
    [Spec("F9", "P26")]
    public async Task A_missing_HBA_line_of_the_agents_is_a_critical_error()
    {
        await node.RootAsync("sed -i /pem_agent/d /var/lib/edb/as17/data/pg_hba.conf; systemctl reload edb-as-17");

        AssertCritical(
            await node.RunAsync(PemNode.Primary(PemNode.OwnCertificate("agent1", 1)), PemNode.Password + "\n"),
            "no pg_hba.conf entry for host \"172.16.161.200\", user \"agent1\"");
    }

    [Fact]
    [Spec("F9")]
    public async Task A_certificate_of_another_name_is_a_critical_error() =>
        AssertCritical(
            await node.RunAsync(PemNode.Primary(PemNode.OwnCertificate("stranger", 1)), PemNode.Password + "\n"),
            "certificate authentication failed for user \"agent1\"");

    [Fact]
    [Spec("F8")]
    public async Task A_half_failed_run_poisons_the_next_one()
    {
        await node.DowngradeAsync("10.4.0");
        var stranger = PemNode.Primary(PemNode.OwnCertificate("stranger", 1) + " -acp /root/first");
        AssertCritical(await node.RunAsync(stranger, PemNode.Password + "\n"), "could not be registered");

        var again = await node.RunAsync(
            PemNode.Primary(PemNode.OwnCertificate("agent1", 1) + " -acp /root/second", host: "172.16.161.99"),
            PemNode.Password + "\n");

        Assert.Contains("running in upgrade mode", again.Stdout, StringComparison.Ordinal);
        Assert.Contains($"https://{PemNode.VirtualIp}:8443/pem", again.Stdout, StringComparison.Ordinal);
        Assert.Contains("/root/first", again.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain("/root/second", again.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F8", "P35")]
    public async Task What_was_not_told_is_asked_for_in_the_known_order()
    {
        var rest = PemNode.OwnCertificate("agent1", 1);
        var run = await node.RunAsync(
            $"/usr/edb/pem/bin/configure-pem-server.sh -ho {PemNode.VirtualIp} "
            + $"--replication-solution efm --replication-role primary {rest}",
            $"1\n/usr/edb/as17\npemsuper\n5444\n{PemNode.Password}\n172.16.161.0/24\nedb-as-17\n/root/.pem\n");

        Assert.Contains(Registered, run.Stdout, StringComparison.Ordinal);
        string[] questions =
            ["What to configure?", "installed", "Which superuser", "Which port", "Password", "CIDR", "systemd unit", "certificates go"];
        var places = questions.Select(q => run.Stdout.IndexOf(q, StringComparison.Ordinal)).ToArray();
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
    }

    [Theory]
    [Spec("F8")]
    [InlineData("runuser -u admin -- /usr/edb/pem/bin/configure-pem-server.sh", "root")]
    [InlineData("/usr/edb/pem/bin/configure-pem-server.sh --nonsense", "--nonsense")]
    [InlineData("/usr/edb/pem/bin/configure-pem-server.sh -t 4", "installation type")]
    public async Task A_wrong_start_is_a_critical_error(string command, string reason)
    {
        var run = await node.RunAsync(command);

        AssertCritical(run, reason);
    }

    [Fact]
    [Spec("F8")]
    public async Task An_argument_with_a_blank_falls_apart()
    {
        var run = await node.RunAsync(
            "/usr/edb/pem/bin/configure-pem-server.sh -t 1 -dbi '/usr/edb/as17 17' -su pemsuper -p 5444 -ho 127.0.0.1", "\n");

        Assert.Contains("installation path: /usr/edb/as17\n", run.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P30", "T15")]
    public async Task A_common_agent_user_needs_its_own_HBA_line_and_then_the_role()
    {
        await node.DowngradeAsync("10.4.0");
        await node.SqlAsync("postgres", "CREATE USER common_agent_user; GRANT CONNECT ON DATABASE template1 TO common_agent_user");
        AssertCritical(await node.RunAsync(CommonUser, PemNode.Password + "\n"), "no pg_hba.conf entry");

        await LetCommonUserInAsync();
        var run = await node.RunAsync(CommonUser, PemNode.Password + "\n");
        Assert.Contains(Registered, run.Stdout, StringComparison.Ordinal);
        Assert.Equal("0", await node.SqlAsync("pem", "SELECT count(*) FROM pem.agent_heartbeat"));

        await node.SqlAsync("pem", "GRANT pem_agent TO common_agent_user");
        await node.UntilAsync("pem", "SELECT count(*) FROM pem.agent_heartbeat", "1");
    }

    [Fact]
    [Spec("P30", "F8")]
    public async Task A_common_agent_user_needs_CONNECT_on_template1_where_not_everybody_has_it()
    {
        await node.DowngradeAsync("10.4.0");
        await LetCommonUserInAsync();
        await node.SqlAsync("postgres", "CREATE USER common_agent_user; REVOKE CONNECT ON DATABASE template1 FROM PUBLIC");
        AssertCritical(await node.RunAsync(CommonUser, PemNode.Password + "\n"), "without CONNECT on template1");
        await node.SqlAsync("postgres", "GRANT CONNECT ON DATABASE template1 TO common_agent_user");
        Assert.Contains(Registered, (await node.RunAsync(CommonUser, PemNode.Password + "\n")).Stdout, StringComparison.Ordinal);
    }

    [Theory]
    [Spec("P30", "F8")]
    [InlineData("10.5.0")]
    [InlineData("10.6.0")]
    public async Task The_newer_PEM_wants_a_common_agent_user_to_be_a_superuser_meanwhile(string version)
    {
        if (version != Newest)
            await node.DowngradeAsync(version);
        await LetCommonUserInAsync();
        await node.SqlAsync(
            "postgres", "CREATE USER common_agent_user; GRANT CONNECT ON DATABASE template1 TO common_agent_user");
        AssertCritical(await node.RunAsync(CommonUser, PemNode.Password + "\n"), "permission denied for schema pem");
        await node.SqlAsync("postgres", "ALTER USER common_agent_user SUPERUSER");
        var run = await node.RunAsync(CommonUser, PemNode.Password + "\n");
        Assert.Contains(Registered, run.Stdout, StringComparison.Ordinal);
        await node.SqlAsync("pem", "GRANT pem_agent TO common_agent_user; ALTER USER common_agent_user NOSUPERUSER");
        await node.RootAsync("systemctl restart pemagent");
        await node.UntilAsync("pem", "SELECT count(*) FROM pem.agent_heartbeat", "1");
    }

    [Fact]
    [Spec("P32")]
    public async Task The_newest_version_is_what_dnf_installs() =>
        Assert.Equal(Newest, await node.RootAsync("rpm -q --qf '%{VERSION}' edb-pem"));

    [Theory]
    [Spec("P33", "P34", "P35", "F8")]
    [InlineData("-ci 172.16.161.0/24")]
    [InlineData("--pemagent-certificate-path /root/.pem")]
    [InlineData("-nhc")]
    [InlineData("--use-existing-sslutils")]
    public async Task From_10_5_on_what_no_page_has_is_refused_as_every_error_is(string option)
    {
        var command = PemNode.Primary($"{PemNode.OwnCertificate("agent1", 1)} {option}");
        AssertCritical(
            await node.RunAsync(command, PemNode.Password + "\n"),
            $"The option {option.Split(' ')[0]} does not go with");
        Assert.Equal("0", await node.SqlAsync("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'pem'"));
    }

    [Theory]
    [Spec("P34", "F8")]
    [InlineData("--skip-db-certificate")]
    [InlineData("--use-agent-user u -aro agent_id=2")]
    public async Task From_10_5_on_a_standby_is_told_no_more_than_the_page_has(string option)
    {
        var command = PemNode.Primary($"{PemNode.OwnCertificate("agent1", 1)} {option}").Replace(
            "--replication-role primary --skip-db-certificate", "--replication-role standby", StringComparison.Ordinal);
        AssertCritical(
            await node.RunAsync(command, PemNode.Password + "\n"), "does not go with --replication-role standby");
    }

    [Fact]
    [Spec("F8")]
    public async Task A_registration_is_verified_by_the_agents_own_login_and_taken_back()
    {
        const string verify = "/usr/edb/pem/agent/bin/pemworker --verify-registration";
        Assert.Equal(1, (await node.RunAsync(verify)).ExitCode);
        await ConfigureAsync();
        var verified = await node.RunAsync(verify);
        Assert.Equal((0, "Verify registration done successfully."), (verified.ExitCode, verified.Stdout.Trim()));
        await node.SqlAsync("pem", "UPDATE pem.agent SET active = false");
        Assert.Equal(3, (await node.RunAsync(verify)).ExitCode);
        await node.RootAsync("sed -i /pem_agent/d /var/lib/edb/as17/data/pg_hba.conf; systemctl reload edb-as-17");
        Assert.Equal(2, (await node.RunAsync(verify)).ExitCode);

        await node.SqlAsync("pem", "UPDATE pem.agent SET active = true");
        await node.RootAsync(
            $"PEM_SERVER_PASSWORD={PemNode.Password} /usr/edb/pem/agent/bin/pemworker --unregister-agent "
                + "--pem-user pemsuper");
        Assert.Equal(
            "f|0",
            await node.SqlAsync(
                "pem", "SELECT active, (SELECT count(*) FROM pem.agent_server_binding) FROM pem.agent"));
    }

    [Theory]
    [Spec("F9")]
    [InlineData("10.4.0", "30", "given.crt")]
    [InlineData("10.6.0", "15", "/usr/edb/pem/agent/etc/given.crt")]
    public async Task Versions_differ_in_their_heartbeat_and_in_what_becomes_of_a_relative_path(
        string version, string seconds, string kept)
    {
        if (version != Newest)
            await node.DowngradeAsync(version);
        await node.RootAsync(
            "for kind in crt key; do "
                + "install -m 0600 /root/certs/agent1.$kind /usr/edb/pem/agent/etc/given.$kind; done");
        // As an argument of pemworker, the path is relative to the folder of the configuration; the script itself
        // resolves it in its working directory.
        const string Given = "--use-agent-sslcert given.crt --use-agent-sslkey given.key -aro agent_id=1";
        var run = await node.RunAsync(
            "cd /usr/edb/pem/agent/etc; " + PemNode.Primary(Given),
            PemNode.Password + "\n");
        Assert.Contains(Registered, run.Stdout, StringComparison.Ordinal);
        Assert.Equal(seconds, await node.SqlAsync("pem", "SELECT heartbeat_interval FROM pem.agent"));
        Assert.Equal(
            kept,
            await node.RootAsync(
                "sed -n 's/^agent_ssl_crt=//p' /usr/edb/pem/agent/etc/agent.cfg; rm /usr/edb/pem/agent/etc/given.*"));
    }

    [Fact]
    [Spec("F9")]
    public async Task The_agent_can_be_told_to_beat_as_slowly_as_the_real_one()
    {
        await node.RootAsync("echo heartbeat=30 > /etc/pem-stand-in");
        await ConfigureAsync();
        const string since = "SELECT round(extract(epoch FROM now() - last_heartbeat)) FROM pem.agent_heartbeat";
        await node.UntilAsync("pem", since, "6");
    }

    [Fact]
    [Spec("P33")]
    public async Task The_primary_is_a_server_of_PEMs_own_and_a_job_watches_over_the_authority()
    {
        await ConfigureAsync();
        Assert.Equal("1|t", await node.SqlAsync("pem", "SELECT id, is_pem_server FROM pem.server"));
        Assert.Equal(
            "t",
            await node.SqlAsync(
                "pem", "SELECT jobenabled FROM pem.job WHERE jobname = 'Check CA certificate expiry'"));
        Assert.Equal(
            "alert_threads=1\nenable_smtp=true\nenable_snmp=true\nenable_webhook=true",
            await node.RootAsync("grep -e ^alert_threads -e ^enable_ /usr/edb/pem/agent/etc/agent.cfg"));
    }

    [Fact]
    [Spec("P37")]
    public async Task The_web_servers_certificate_lies_where_its_configuration_says()
    {
        await node.RootAsync("echo certificates=/etc/nginx/pem > /etc/pem-stand-in");
        await ConfigureAsync();
        await node.RootAsync("grep -q 'ssl_certificate /etc/nginx/pem/server-pem.crt;' /etc/nginx/conf.d/edb-pem.conf");
        Assert.Equal("200", await node.RootAsync("curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1:8443/pem"));
        await node.RootAsync("[ ! -e /usr/edb/pem/resources/server-pem.crt ]");
    }

    [Fact]
    [Spec("F8")]
    public async Task The_password_is_in_no_log()
    {
        await ConfigureAsync();

        var found = await node.RunAsync($"grep -rlF {PemNode.Password} /usr/edb/pem /var/log /root/.pem");

        Assert.Equal("", found.Stdout);
    }

    [Fact]
    [Spec("P37")]
    public async Task The_SELinux_script_wants_to_know_the_web_server()
    {
        var run = await node.RunAsync("USE_NGINX=1 /usr/edb/pem/bin/configure-selinux.sh");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("SELinux is disabled", run.Stdout, StringComparison.Ordinal);
        Assert.Contains("stand-in", run.Stderr, StringComparison.Ordinal);
        Assert.Contains("SELinux", await node.RootAsync("cat /usr/edb/pem/logs/configure-selinux.log"), StringComparison.Ordinal);

        Assert.NotEqual(0, (await node.RunAsync("/usr/edb/pem/bin/configure-selinux.sh")).ExitCode);
    }

    static string CommonUser => PemNode.Primary(
        "--use-agent-user common_agent_user --use-agent-sslcert /root/certs/common.crt --use-agent-sslkey /root/certs/common.key");

    Task<string> LetCommonUserInAsync() => node.RootAsync(
        """
        sed -i '1i hostssl pem common_agent_user 172.16.161.200/32 cert' /var/lib/edb/as17/data/pg_hba.conf
        systemctl reload edb-as-17
        """);

    async Task ConfigureAsync()
    {
        var run = await node.RunAsync(PemNode.Primary(PemNode.OwnCertificate("agent1", 1)), PemNode.Password + "\n");
        Assert.Contains(Registered, run.Stdout, StringComparison.Ordinal);
    }

    static void AssertCritical(CommandResult run, string reason)
    {
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(reason, run.Stdout, StringComparison.Ordinal);
        Assert.Contains(Critical, run.Stdout, StringComparison.Ordinal);
        Assert.Contains("[Error]", run.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain(Registered, run.Stdout, StringComparison.Ordinal);
    }
}
