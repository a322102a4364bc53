using System.Text;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Two data nodes and a witness, deployed but for the web applications' user settings.</summary>
public sealed class SettingsCluster : ProcedureLab
{
    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 1 };
}

/// <summary>One database of the backend for what users set in the web application, whichever host they use (P36, T19).</summary>
public sealed class ProcedureUserSettingsTests(SettingsCluster cluster) : IClassFixture<SettingsCluster>
{
    const string Configuration = "/usr/edb/pem/web/config_local.py";
    const string Backend = "postgresql pem_user_settings@172.16.161.245:5444/pem_user_settings";

    /// <summary>
    /// All characters to which some file, shell, URL or library might give a meaning: refused, as the application might
    /// misread them (B22).
    /// </summary>
    const string Odd = @" p:a\b%41@/?#&=+'""$(id)`é€ ";

    /// <summary>All kinds of characters that a password of this role may hold.</summary>
    const string Secret = "Zq7-~._x1aZ9wKd";

    /// <summary>What an administrator has set; lines end in another system's way, and the last one has no end.</summary>
    const string Theirs = "# their own\r\nMAIL_PASSWORD = 'hers'\r\nX = '\u00e9'";

    static readonly string[] Data = ["node1", "node2"];

    static readonly string Prepare = $$"""
        function Credential($user, $password) {
            $secure = [securestring]::new(); foreach ($c in $password.ToCharArray()) { $secure.AppendChar($c) }
            [pscredential]::new($user, $secure)
        }
        $settings = Credential pem_user_settings '{{Secret}}'
        $odd = Credential pem_user_settings '{{Odd.Replace("'", "''", StringComparison.Ordinal)}}'
        $with = @{
            Replication = New-PemCredential repl -Path $state; Efm = New-PemCredential efm -Path $state
            SuperUser = New-PemCredential pemsuper -Path $state
            AuthorityPath = "$state/ca"; AuthorityPassword = (New-PemCredential authority -Path $state).Password
            EfmProperty = {{ProcedureLab.Timings}}
        }
        $nodes = $hosts | Connect-PemHost @login
        function Steps { foreach ($step in $cluster.Steps) { "$($step.Step) $($step.ChangeCount)" } }

        """;

    [Fact]
    [Spec("P36", "P37", "T12", "T19")]
    public async Task What_is_set_on_one_web_host_is_there_on_the_others_and_outlives_the_primary()
    {
        await DeployWithoutAsync();
        await PreviewAsync();
        await EnableAsync();
        await KeptOutAsync();
        await AgainAsync();
        await AnotherPasswordAsync();
        await ShadowedAsync();
        await FailOverAsync();
    }

    /// <summary>P37, and each host's own settings.</summary>
    async Task DeployWithoutAsync()
    {
        // As a host with SELinux answers; the policy is there once the vendor's script has run for nginx.
        foreach (var host in Data)
            await cluster.RootAsync(host, """
                cat > /usr/local/sbin/getenforce <<'E'
                #!/bin/sh
                echo Enforcing
                E
                cat > /usr/local/sbin/getsebool <<'E'
                #!/bin/sh
                grep -qs 'NGINX' /usr/edb/pem/logs/configure-selinux.log && echo "$1 --> on" || echo "$1 --> off"
                E
                chmod 755 /usr/local/sbin/getenforce /usr/local/sbin/getsebool
                """);
        // The path from which nginx reads its certificate differs between installations (B21).
        await cluster.RootAsync("node2", "echo certificates=/etc/nginx/pem > /etc/pem-stand-in");
        string[] commands =
        [
            "Enable-PemUserSettings -Credential $odd",
            "Install-PemCluster @with -UserSettings $odd -Confirm:$false",
        ];
        foreach (var command in commands)
        {
            var refused = await RunAsync($"Report {{ $nodes | {command} }}", errors: null);
            Assert.Equal("PasswordUnfit", Assert.Single(refused.Errors.Select(e => e.Id).Distinct()));
        }

        var early = await RunAsync("Report { $nodes | Enable-PemUserSettings -Credential $settings }", errors: 2);
        Assert.Equal("DatabaseDown", early.Errors[0].Id);
        var deployed = await RunAsync("Report { $nodes | Install-PemCluster @with -Confirm:$false }; Steps");
        Assert.DoesNotContain(deployed.Lines, l => l.StartsWith("Enable-PemUserSettings", StringComparison.Ordinal));
        foreach (var host in Data)
        {
            Assert.Contains("8443/tcp", await cluster.RootAsync(host, "firewall-cmd --list-ports; firewall-cmd -q --permanent --query-port=8443/tcp"), StringComparison.Ordinal);
            await cluster.RootAsync(host, "grep -q 'policy to configure for NGINX' /usr/edb/pem/logs/configure-selinux.log");
            foreach (var address in new[] { "172.16.161.200", "172.16.161.201", ProcedureLab.VirtualIp })
                Assert.Equal("200", await cluster.RootAsync(host, $"""
                    curl -s -o /dev/null -w '%{"{http_code}"}' --cacert /etc/pki/pemha/root.crt https://{address}:8443/pem
                    """));
        }
        Assert.StartsWith("sqlite\ntheme=dark", await SettingsAsync("node1", "theme=dark"), StringComparison.Ordinal);
        Assert.DoesNotContain("theme", await SettingsAsync("node2"), StringComparison.Ordinal);
    }

    async Task PreviewAsync()
    {
        await cluster.RootAsync("node2", $"""
            base64 -d <<'E' > {Configuration}
            {Convert.ToBase64String(Encoding.UTF8.GetBytes(Theirs))}
            E
            """);
        var before = await cluster.SnapshotAsync();
        var preview = await RunAsync("Report { $nodes | Enable-PemUserSettings -Credential $settings -WhatIf }");
        ProcedureLab.AssertSame(before, await cluster.SnapshotAsync());
        Assert.Equal("", await cluster.SqlAsync("node1", "SELECT datname FROM pg_database WHERE datname = 'pem_user_settings'"));
        string[] expected =
        [
            "create role pem_user_settings", "CREATE DATABASE \"pem_user_settings\" OWNER \"pem_user_settings\"",
            "REVOKE CONNECT, TEMPORARY ON DATABASE \"pem_user_settings\" FROM PUBLIC", "node2: edit file", "create file " + Configuration, "restart service edb-uwsgi",
            "hostssl pem_user_settings pem_user_settings 172.16.161.201/32 scram-sha-256", "postgresql+psycopg://pem_user_settings:********@172.16.161.245:5444/",
        ];
        Assert.Equal([], expected.Where(e => !preview.ToString().Contains(e, StringComparison.Ordinal)));
        // In the whole order's plan as well, where the steps before it are done.
        var plan = await RunAsync("Report { foreach ($c in ($nodes | Get-PemPlan @with -UserSettings $settings)) { \"$($c.HostName) $($c.Step) $($c.Resource)\" } }");
        Assert.Contains("node1 Enable-PemUserSettings database pem_user_settings", plan.Lines);
        Assert.All(plan.Lines, l => Assert.Contains(" Enable-PemUserSettings ", l, StringComparison.Ordinal));
    }

    async Task EnableAsync()
    {
        var enabled = await RunAsync("Report { $nodes | Install-PemCluster @with -UserSettings $settings -StartAt Install-PemServer -Confirm:$false }; Steps");
        Assert.Equal(["node1", "node2", "Install-PemServer 0", "Enable-PemUserSettings 12", "Set-PemWebApplication 0"], enabled.Lines.Where(l => l != "witness1"));
        Assert.Equal(Backend + "\ntheme=it's", (await SettingsAsync("node1", "theme=it%27s")).Split("\nvisits")[0]);
        Assert.Contains("theme=it's", await SettingsAsync("node2"), StringComparison.Ordinal);
        Assert.Equal("pem_user_settings|pem_user_settings", await cluster.SqlAsync("node1",
            "SELECT tableowner, current_database() FROM pg_tables WHERE tablename = 'setting'", "pem_user_settings"));
        foreach (var host in Data)
            Assert.Equal("640 root:pem", await cluster.RootAsync(host, $"stat -c '%a %U:%G' {Configuration}"));
        // The administrator's own lines are as they were, byte for byte.
        Assert.Equal(Theirs + "\r\n", Encoding.UTF8.GetString(Convert.FromBase64String(await cluster.RootAsync("node2",
            $"sed '/^# BEGIN PemHa/,/^# END PemHa/d' {Configuration} | base64 -w0"))));
    }

    /// <summary>T19: what nobody else may do, and what this role may not.</summary>
    async Task KeptOutAsync()
    {
        Assert.Equal("f|f|t|t", await cluster.SqlAsync("node1", """
            SELECT has_database_privilege('efm', 'pem_user_settings', 'CONNECT'), has_database_privilege('efm', 'pem', 'CONNECT'),
                has_database_privilege('agent1', 'pem', 'CONNECT'), has_database_privilege('pem_user_settings', 'pem_user_settings', 'CREATE')
            """));
        foreach (var database in new[] { "edb", "pem", "postgres" })
        {
            var login = await (await cluster.LabAsync()).SshAsync("node2", $"""
                read -r PGPASSWORD; export PGPASSWORD
                /usr/edb/as17/bin/psql -XAtw -c 'SELECT 1' 'host={ProcedureLab.VirtualIp} port=5444 user=pem_user_settings dbname={database} sslmode=require'
                """, "any\n", ProcedureLab.Cancellation);
            Assert.Contains("pg_hba.conf rejects connection", login.Stderr, StringComparison.Ordinal);
        }
    }

    async Task AgainAsync()
    {
        var before = await cluster.SnapshotAsync();
        var again = await RunAsync("Report { $nodes | Install-PemCluster @with -UserSettings $settings -Confirm:$false }; Steps");
        Assert.Equal(12, again.Lines.Count(l => l.EndsWith(" 0", StringComparison.Ordinal)));
        Assert.DoesNotContain(again.Lines, l => l.Contains(' ', StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal));
        ProcedureLab.AssertSame(before, await cluster.SnapshotAsync());
    }

    async Task AnotherPasswordAsync()
    {
        var changed = await RunAsync("""
            $settings = Credential pem_user_settings 'an0ther-one'
            Report { $nodes | Enable-PemUserSettings -Credential $settings -WhatIf }
            Report { $nodes | Enable-PemUserSettings -Credential $settings }; Steps
            """);
        Assert.Contains("Enable-PemUserSettings 7", changed.Lines);
        Assert.Contains("only masked values differ", changed.ToString(), StringComparison.Ordinal);
        foreach (var host in Data)
            Assert.Contains(Backend + "\ntheme=it's", await SettingsAsync(host), StringComparison.Ordinal);
        await RunAsync("Report { $nodes | Enable-PemUserSettings -Credential $settings }");

        // In no text that people or servers keep.
        var kept = await File.ReadAllTextAsync(Path.Combine(cluster.StateFolder, "journal.jsonl"), ProcedureLab.Cancellation);
        foreach (var host in Data)
            kept += await cluster.RootAsync(host, "cat /var/lib/edb/as17/data/log/* /usr/edb/pem/logs/* 2>/dev/null; journalctl -q --no-pager -b");
        foreach (var secret in new[] { "an0ther-one", Secret, "hers'" })
            Assert.DoesNotContain(secret, kept, StringComparison.Ordinal);
    }

    /// <summary>A rule of somebody's that comes first is told of, and nothing is changed on the web hosts.</summary>
    async Task ShadowedAsync()
    {
        await cluster.RootAsync("node1", "sed -i '1i host all pem_user_settings all reject' /var/lib/edb/as17/data/pg_hba.conf; systemctl reload edb-as-17");
        await ProcedureLab.UntilAsync("the rule", () => SettingsAsync("node2"), s => s.Contains("pg_hba.conf rejects connection", StringComparison.Ordinal));
        var refused = await RunAsync("Report { $nodes | Enable-PemUserSettings -Credential $settings }", errors: null);
        Assert.NotEmpty(refused.Errors);
        Assert.All(refused.Errors, e => Assert.Contains("pg_hba", e.Message + e.Remedy, StringComparison.Ordinal));
        await cluster.RootAsync("node1", "sed -i 1d /var/lib/edb/as17/data/pg_hba.conf; systemctl reload edb-as-17");
        await ProcedureLab.UntilAsync("the rule's end", () => SettingsAsync("node2"), s => s.StartsWith(Backend, StringComparison.Ordinal));
    }

    async Task FailOverAsync()
    {
        var lab = await cluster.LabAsync();
        await lab.PowerCutAsync("node1", ProcedureLab.Cancellation);
        await ProcedureLab.UntilAsync("a failover", () => cluster.SqlAsync("node2", "SELECT pg_is_in_recovery()"), r => r == "f");
        await ProcedureLab.UntilAsync("the settings", () => SettingsAsync("node2", "zoom=2"),
            s => s.StartsWith(Backend + "\ntheme=it's", StringComparison.Ordinal) && s.EndsWith("zoom=2", StringComparison.Ordinal));
        // The lost host's database stays down, its web application does not.
        await lab.PowerOnAsync("node1", ProcedureLab.Cancellation);
        await ProcedureLab.UntilAsync("the settings on node1", () => SettingsAsync("node1"), s => s.StartsWith(Backend, StringComparison.Ordinal)
            && s.Contains("theme=it's", StringComparison.Ordinal) && s.EndsWith("zoom=2", StringComparison.Ordinal));
        Assert.Equal("200", await cluster.RootAsync("node1", "curl -sk -o /dev/null -w '%{http_code}' https://172.16.161.200:8443/pem"));
    }

    /// <summary>What a host's own web application says of the settings, after it has stored what the query holds.</summary>
    async Task<string> SettingsAsync(string host, string query = "") => await cluster.RootAsync(host,
        $"curl -sk 'https://{(await cluster.LabAsync())[host].Address}:8443/pem/stand-in/settings?{query}' || :");

    async Task<ProcedureReport> RunAsync(string script, int? errors = 0)
    {
        var report = await cluster.PowerShellAsync(Prepare + script);
        if (errors is { } expected)
            Assert.True(report.Errors.Count == expected, report.ToString());
        foreach (var secret in new[] { Secret, Odd, Odd.Trim(), "hers" })
            Assert.DoesNotContain(secret, report.ToString(), StringComparison.Ordinal);
        return report;
    }
}
