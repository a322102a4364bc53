using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Where the web application's stand-in stores user settings, and what it needs to store them in the backend.</summary>
public sealed class PemUserSettingsTests(PemNode node) : IClassFixture<PemNode>, IAsyncLifetime
{
    const string Local = "/usr/edb/pem/web/config_local.py";
    const string Uri = "postgresql+psycopg://pem_user_settings:plain-1.2_3~x"
        + $"@{PemNode.VirtualIp}:5444/pem_user_settings";

    public async ValueTask InitializeAsync()
    {
        await node.ResetAsync();
        var run = await node.RunAsync(PemNode.Primary(PemNode.OwnCertificate("agent1", 1)), PemNode.Password + "\n");
        Assert.Contains("PEM server can be accessed", run.Stdout, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    [Spec("P36")]
    public async Task Without_a_setting_they_stay_on_the_host()
    {
        Assert.Contains("Postgres Enterprise Manager", await GetAsync("/pem"), StringComparison.Ordinal);
        Assert.Equal("sqlite\ntheme=dark\nvisits=1", await GetAsync("/pem/stand-in/settings?theme=dark"));
    }

    [Fact]
    [Spec("P36")]
    public async Task With_a_database_of_their_own_they_are_in_the_backend()
    {
        await BackendAsync("CREATE DATABASE pem_user_settings OWNER pem_user_settings");
        await UseAsync(Uri);
        Assert.Equal(
            $"postgresql pem_user_settings@{PemNode.VirtualIp}:5444/pem_user_settings\ntheme=it's",
            await GetAsync("/pem/stand-in/settings?theme=it%27s"));
        await GetAsync("/pem");
        Assert.Equal("theme|it's\nvisits|1", await node.SqlAsync("pem_user_settings", "SELECT * FROM setting ORDER BY 1"));
        Assert.Equal(
            "pem_user_settings",
            await node.SqlAsync("pem_user_settings", "SELECT tableowner FROM pg_tables WHERE tablename = 'setting'"));
    }

    [Fact]
    [Spec("P36", "T19")]
    public async Task A_user_that_only_may_connect_cannot_make_the_tables()
    {
        await BackendAsync("CREATE DATABASE pem_user_settings");
        await UseAsync(Uri);
        Assert.Contains("permission denied for schema public", await GetAsync("/pem/stand-in/settings"), StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P36", "T19")]
    public async Task A_user_without_an_HBA_line_cannot_log_in()
    {
        await BackendAsync("CREATE DATABASE pem_user_settings OWNER pem_user_settings");
        await node.RootAsync("sed -i /pem_user_settings/d /var/lib/edb/as17/data/pg_hba.conf; systemctl reload edb-as-17");
        await UseAsync(Uri);
        Assert.Contains("no pg_hba.conf entry", await GetAsync("/pem/stand-in/settings"), StringComparison.Ordinal);
    }

    [Theory]
    [Spec("P36", "T19")]
    [InlineData("postgres://u:p@172.16.161.245:5444/d", "Can't load plugin: sqlalchemy.dialects:postgres")]
    [InlineData("postgresql://u:p@172.16.161.245:5444/d", "No module named 'psycopg2'")]
    [InlineData("postgresql+psycopg://u:p%40ss@172.16.161.245:5444/d", "invalid interpolation syntax")]
    [InlineData("postgresql+psycopg://u:p@172.16.161.200:5444,172.16.161.201:5444/d", "invalid literal for int()")]
    public async Task A_URL_that_the_application_cannot_read_keeps_it_from_starting(string uri, string reason)
    {
        await node.RootAsync($"echo 'CONFIG_DATABASE_URI=\"{uri}\"' >{Local}");
        Assert.NotEqual(0, (await node.RunAsync("systemctl restart edb-uwsgi")).ExitCode);
        Assert.Contains(reason, await node.RootAsync("journalctl --sync; journalctl -qu edb-uwsgi -n 5 -o cat"), StringComparison.Ordinal);
        Assert.Contains("502 Bad Gateway", await GetAsync("/pem"), StringComparison.Ordinal);
    }

    [Theory]
    [Spec("P36")]
    [InlineData("10.4.0", "server closed the connection unexpectedly")]
    [InlineData("10.6.0", "theme=dark")]
    public async Task Before_10_5_a_restart_of_the_server_wants_one_of_the_application(
        string version, string afterwards)
    {
        if (version == "10.4.0")
        {
            await node.DowngradeAsync(version);
            await node.RootAsync("systemctl restart edb-uwsgi");
        }

        await BackendAsync("CREATE DATABASE pem_user_settings OWNER pem_user_settings");
        await UseAsync(Uri);
        Assert.Contains("theme=dark", await GetAsync("/pem/stand-in/settings?theme=dark"), StringComparison.Ordinal);
        await node.RootAsync("systemctl restart edb-as-17");
        Assert.Contains(afterwards, await GetAsync("/pem/stand-in/settings"), StringComparison.Ordinal);
        await node.RootAsync("systemctl restart edb-uwsgi");
        Assert.Contains("theme=dark", await GetAsync("/pem/stand-in/settings"), StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P36")]
    public async Task A_file_that_its_user_cannot_read_keeps_it_from_starting()
    {
        await node.RootAsync($"install -m 0600 /dev/null {Local}");
        Assert.NotEqual(0, (await node.RunAsync("systemctl restart edb-uwsgi")).ExitCode);
        await node.RootAsync($"chgrp pem {Local}; chmod 0640 {Local}; systemctl restart edb-uwsgi");
    }

    Task<string> BackendAsync(string database) => node.RootAsync(
        $"""
        runuser -u enterprisedb -- /usr/edb/as17/bin/psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
        CREATE USER pem_user_settings PASSWORD 'plain-1.2_3~x';
        {database};
        SQL
        sed -i '1i hostssl pem_user_settings pem_user_settings 172.16.161.0/24 scram-sha-256' /var/lib/edb/as17/data/pg_hba.conf
        systemctl reload edb-as-17
        """);

    Task<string> UseAsync(string uri) => node.RootAsync($"echo 'CONFIG_DATABASE_URI = \"{uri}\"' >{Local}; systemctl restart edb-uwsgi");

    Task<string> GetAsync(string path) => node.RootAsync($"curl -sk 'https://{PemNode.VirtualIp}:8443{path}'");
}
