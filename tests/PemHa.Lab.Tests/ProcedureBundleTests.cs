using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// A bundle of a deployed cluster: its contents, that it yields the same results elsewhere as the hosts, and that it
/// contains no secret.
/// </summary>
[Collection(ProcedureTests.Name)]
public sealed partial class ProcedureBundleTests(ProcedureCluster cluster)
{
    /// <summary>
    /// All that does not change between two inspections, as positions in the log, free space and clocks do.
    /// </summary>
    const string Told = """
        function Told($nodes) {
            $nodes | Get-PemClusterStatus | ForEach-Object {
                "$($_.Name)|$($_.Address)|$($_.Role)|$($_.Database)|$($_.Efm)|" +
                    "$($_.VirtualIp)|$($_.Priority)|$($_.Coordinator)|$($_.Replication)|$($_.Agent)"
                $_.Finding | ForEach-Object { "  $($_.HostName)|$($_.Severity)|$($_.Message)|$($_.Remedy)" }
            }
            $nodes | Test-PemPrerequisite | ForEach-Object {
                $words = if ($_.Check -notin 'disk', 'clock') { $_.Why; $_.Remedy }
                "$($_.HostName)|$($_.Check)|$($_.State)|$words"
            }
        }

        """;

    [Fact]
    [Spec("P21", "T1", "T20")]
    public async Task A_bundle_tells_elsewhere_what_the_hosts_told_and_brings_the_rest_without_a_secret()
    {
        await cluster.DeployedAsync();
        var planted = string.Concat(cluster.Secrets()["planted"].TakeWhile(char.IsAsciiLetterOrDigit));
        await PlantAsync(planted);
        var folder = Directory.CreateDirectory(Path.Combine(cluster.StateFolder, "bundles")).FullName;
        string all = Path.Combine(folder, "all.zip"), part = Path.Combine(folder, "part.zip");
        try
        {
            var before = await cluster.SnapshotAsync();
            var live = await cluster.PowerShellAsync($$"""
                {{Told}}
                $nodes = $hosts | Connect-PemHost @login
                Report { $nodes | Save-PemSupportBundle -Path '{{all}}' -WhatIf }
                Report { $nodes | Save-PemSupportBundle -Path '{{all}}' } |
                    ForEach-Object { [System.IO.Path]::GetFileName($_) }
                'live'
                Told $nodes
                """);
            Assert.Empty(live.Errors);
            ProcedureLab.AssertSame(before, await cluster.SnapshotAsync());
            Assert.Equal("all.zip", live.Lines[live.Lines.ToList().IndexOf("live") - 1]);
            var mode = await Command.RunAsync(["stat", "-c", "%a", all], ProcedureLab.Cancellation);
            Assert.Equal("600", mode.Check("The mode").Stdout.Trim());
            Assert.Equal(live.Lines.SkipWhile(l => l != "live").Skip(1), await ElsewhereAsync(all));

            // There is no connection to the witness.
            var half = await cluster.PowerShellAsync($$"""
                {{Told}}
                $nodes = $hosts[0..2] | Connect-PemHost @login
                Report { $nodes | Save-PemSupportBundle -Path '{{part}}' } |
                    ForEach-Object { [System.IO.Path]::GetFileName($_) }
                'live'
                Told $hosts
                """);
            Assert.Empty(half.Errors);
            Assert.Equal(half.Lines.SkipWhile(l => l != "live").Skip(1), await ElsewhereAsync(part));
            Assert.Contains("witness1 could not be asked", half.ToString(), StringComparison.Ordinal);

            var files = Files(all);
            var manifest = JsonDocument.Parse(files["manifest.json"]).RootElement;
            Assert.Equal(
                (1, 4),
                (manifest.GetProperty("format").GetInt32(), manifest.GetProperty("hosts").GetArrayLength()));
            Brings(files, "hosts/01-node1/efm/status.txt", "Cluster Status: efm");
            Brings(files, "hosts/01-node1/efm/status.json", "\"nodes\"");
            Brings(files, "hosts/02-node2/efm/node-status.json", "172.16.161.201");
            Brings(files, "hosts/01-node1/efm/samples.txt", "==> /etc/edb/efm-5.2/efm.properties.in");
            Brings(files, "hosts/01-node1/efm/files.txt", "db.password.encrypted=********");
            Brings(files, "hosts/01-node1/packages.txt", "edb-as17-server 17");
            Brings(files, "hosts/01-node1/units/edb-efm-5.2.txt", "PIDFile=/run/efm-5.2/efm.pid");
            Brings(files, "hosts/01-node1/pem/files.txt", "agent_id=1");
            Brings(files, "hosts/01-node1/pem/configure-options.txt", "--efm-install-path");
            Brings(files, "hosts/01-node1/database/hba-loaded.txt", "hostssl");
            Brings(files, "hosts/01-node1/database/settings.txt", "listen_addresses");
            Brings(files, "hosts/01-node1/logs/journal.txt", "edb-efm-5.2");
            Brings(files, "hosts/01-node1/logs/database.txt", "==> /var/lib/edb/as17/data/log/");
            Brings(files, "hosts/01-node1/web/nginx.txt", "edb-pem.conf");
            Brings(files, "hosts/01-node1/certificates.txt", "notAfter=");
            Brings(files, "journal.jsonl", "Install-PemEpas");
            Brings(files, "misses.txt", "node1: web/httpd.txt: there is no /etc/httpd/conf/httpd.conf");
            Brings(files, "misses.txt", "witness1: database/settings.txt: the database does not run");
            var hosts = files
                .Where(f => f.Key.StartsWith("hosts/", StringComparison.Ordinal))
                .GroupBy(f => f.Key.Split('/')[1]);
            Assert.All(hosts, h => Assert.True(LogBytes(h) <= 5 << 20, h.Key));

            // The files with the planted secrets are in the bundle, but neither these secrets nor any others.
            foreach (var (name, mark) in Marks) Brings(files, name, mark);
            foreach (var (name, text) in files)
            {
                Assert.True(
                    cluster.Canaries.In(text) is var found && !found.Any(), $"{name}: {string.Join(", ", found)}");
                Assert.True(
                    cluster.Canaries.In(Decoded(text)) is var decoded && !decoded.Any(),
                    $"{name}, in base64: {string.Join(", ", decoded)}");
                Assert.DoesNotMatch("PRIVATE KEY-----\\s+[A-Za-z0-9+/]|SCRAM-SHA-256\\$[0-9]", text);
            }
        }
        finally
        {
            await cluster.RootAsync("node3", """
                rm -r /etc/systemd/system/pemagent.service.d/planted.conf /etc/yum.repos.d/planted.repo \
                    /etc/nginx/conf.d/planted.conf /etc/edb/efm-5.2/planted.properties \
                    /var/log/pem/planted.log /var/log/efm-5.2/planted.log
                systemctl daemon-reload
                """);
            Directory.Delete(folder, recursive: true);
        }
    }

    static long LogBytes(IEnumerable<KeyValuePair<string, string>> files) => files
        .Where(f => f.Key.Contains("/logs/", StringComparison.Ordinal))
        .Sum(f => (long)Encoding.UTF8.GetByteCount(f.Value));

    /// <summary>The files with planted secrets on node3, and a text that must be in each.</summary>
    static readonly (string Name, string Mark)[] Marks =
    [
        ("hosts/03-node3/units/pemagent.txt", "planted.conf"),
        ("hosts/03-node3/repositories.txt", "[planted]"),
        ("hosts/03-node3/web/nginx.txt", "# planted"),
        ("hosts/03-node3/efm/files.txt", "planted.properties"),
        ("hosts/03-node3/logs/pem.txt", "planted.log"),
        ("hosts/03-node3/logs/efm.txt", "planted.log"),
    ];

    Task<string> PlantAsync(string secret) => cluster.RootAsync("node3", $$"""
        mkdir -p /etc/systemd/system/pemagent.service.d
        printf '[Service]\nEnvironment=PEM_SERVER_PASSWORD={{secret}} PGPASSWORD={{secret}}\n' \
            > /etc/systemd/system/pemagent.service.d/planted.conf
        {
            printf '[planted]\nname=planted\nenabled=0\n'
            printf 'baseurl=https://downloads.enterprisedb.com/{{secret}}/enterprise/rpm\n'
            printf 'username={{secret}}\npassword={{secret}}\nproxy=http://u:{{secret}}@proxy:3128\n'
        } > /etc/yum.repos.d/planted.repo
        printf '# planted\n# proxy_set_header Authorization: Basic {{secret}}\n# https://pem:{{secret}}@pem.lab/x\n' \
            > /etc/nginx/conf.d/planted.conf
        {
            printf 'db.password.encrypted={{secret}}\\\n   {{secret}}\nscript.db.password = {{secret}}\n'
            printf 'jdbc.properties=user=x&password={{secret}}\n'
        } > /etc/edb/efm-5.2/planted.properties
        cat > /var/log/pem/planted.log <<'E'
        pemworker --register-agent --pem-server-password {{secret}} PEM_ENC_PAYLOAD={{secret}}
        primary_conninfo = 'host=x password={{secret}} sslmode=require' token: {{secret}}
        {"user": "x", "password": "{{secret}}", "n": 1} postgresql+psycopg://u:{{secret}}@h:5444/d
        {{"-----BEGIN RSA " + "PRIVATE KEY-----"}}
        {{secret}}
        {{secret}}
        E
        {
            printf "LOG: statement: ALTER ROLE x PASSWORD '{{secret}}'\n"
            printf "DETAIL: SCRAM-SHA-256\$4096:{{secret}}\$x:y md5%s EFMPASS='{{secret}}'\n" \
                0123456789abcdef0123456789abcdef
        } > /var/log/efm-5.2/planted.log
        systemctl daemon-reload
        """);

    /// <summary>What a bundle yields in a process on a network without the hosts.</summary>
    async Task<IReadOnlyList<string>> ElsewhereAsync(string bundle)
    {
        var script = Path.Combine(Path.GetDirectoryName(bundle)!, "elsewhere.ps1");
        await File.WriteAllTextAsync(
            script, $"{Told}\nTold (Import-PemSupportBundle '{bundle}')", ProcedureLab.Cancellation);
        string[] command = ["unshare", "-n", .. Lab.ScriptCommand(script, [])];
        var told = (await Command.RunAsync(command, ProcedureLab.Cancellation)).Check("The import");
        return [.. told.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    static Dictionary<string, string> Files(string bundle)
    {
        using var zip = ZipFile.OpenRead(bundle);
        return zip.Entries.ToDictionary(e => e.FullName, e =>
        {
            using var reader = new StreamReader(e.Open());
            return reader.ReadToEnd();
        }, StringComparer.Ordinal);
    }

    static void Brings(Dictionary<string, string> files, string name, string text)
    {
        Assert.True(files.TryGetValue(name, out var content), $"There is no {name}:\n{files["misses.txt"]}");
        Assert.Contains(text, content, StringComparison.Ordinal);
    }

    static string Decoded(string text) => string.Concat(Base64().Matches(text).Select(m =>
    {
        var bytes = new byte[m.Length];
        if (!Convert.TryFromBase64String(m.Value, bytes, out var length)) return "";
        return Encoding.Latin1.GetString(bytes, 0, length) + "\n";
    }));

    [GeneratedRegex("[A-Za-z0-9+/]{24,}={0,2}", RegexOptions.CultureInvariant)]
    private static partial Regex Base64();
}
