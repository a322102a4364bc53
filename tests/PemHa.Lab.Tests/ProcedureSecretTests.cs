using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>A secret of its own for every credential, and the search for them wherever the deployment could have left one.</summary>
[Collection(ProcedureTests.Name)]
public sealed partial class ProcedureSecretTests(ProcedureCluster cluster)
{
    static readonly string[] All = ["node1", "node2", "node3", "witness1"];

    [Fact]
    [Spec("P7", "P11", "P18", "P24", "P35", "T8")]
    public async Task No_secret_is_in_what_a_run_says_in_its_journal_or_in_what_it_exports()
    {
        var record = await cluster.DeployedAsync();
        foreach (var stream in new[] { "DEBUG:", "VERBOSE:", "WARNING:", "PROGRESS:" })
            Assert.Contains(stream, record.First.Output, StringComparison.Ordinal);
        Clean("what the preview said", record.Preview.Output);
        Clean("what the runbook said", record.First.Output);
        Clean("what the second run said", record.Second.Output);
        Assert.DoesNotContain("PRIVATE KEY", record.First.Output + Decoded(record.First.Output), StringComparison.Ordinal);
        Clean("the journal", await File.ReadAllTextAsync(Path.Combine(cluster.StateFolder, "journal.jsonl"), ProcedureLab.Cancellation));

        // Plans, runbooks and topologies; and what goes wrong, with all that an error brings along.
        var report = await cluster.PowerShellAsync("""
            $DebugPreference = $VerbosePreference = $InformationPreference = 'Continue'
            function Secret($user) { New-PemCredential $user -Path $state }
            $with = @{
                Replication = Secret repl; Efm = Secret efm; SuperUser = Secret pemsuper; UserSettings = Secret pem_user_settings
                AuthorityPath = "$state/ca"; AuthorityPassword = (Secret authority).Password
            }
            function Whole([scriptblock] $Do) { try { . $Do *>&1 } catch { $_ } }
            $strayed = [pscredential]::new('pemha', (Secret strayed).Password)
            $alone = @{ KnownHostsFile = $login.KnownHostsFile; SshConfigFile = 'none' }
            Whole { $hosts[0] | Connect-PemHost @alone -Credential $strayed } | ForEach-Object { Line $_; "$($_.Exception)" }
            Whole { $hosts[0] | Connect-PemHost @alone -KeyFile $login.KeyFile -KeyPassphrase $strayed.Password -UserName pemha } | ForEach-Object { Line $_; "$($_.Exception)" }
            $login.Credential = $strayed
            Whole { $hosts[0] | Connect-PemHost @login } | ForEach-Object { Line $_; "$($_.Exception)" }
            $login.Credential = Secret pemha
            $nodes = $hosts | Connect-PemHost @login
            Whole { $nodes | Get-PemPlan @with } | ForEach-Object { "$_" }
            $null = [System.IO.Directory]::CreateDirectory("$state/exported")
            Whole { $nodes | Export-PemRunbook @with -Path "$state/exported/change" } | ForEach-Object { "$_" }
            Whole { $nodes | Export-PemTopology -Path "$state/exported/topology.psd1" } | ForEach-Object { "$_" }
            Whole { $nodes | Get-PemClusterStatus } | ForEach-Object { "$_" }
            """);
        Assert.Equal(["KeyPassphraseWrong", "LoginRefused", "SudoRefused"], report.Errors.Select(e => e.Id).Distinct().Order(StringComparer.Ordinal));
        Clean("what the exports and the errors said", report.ToString());
        Assert.Equal(["change.md", "change.sh", "topology.psd1"], Directory.GetFiles(Path.Combine(cluster.StateFolder, "exported")).Select(Path.GetFileName).Order());
        // The rest of what is on the admin's machine, temporary files included.
        var own = await cluster.Canaries.InFilesAsync([cluster.StateFolder], "-not", "-name", "*.secret");
        Assert.Empty(own);
        Assert.Empty(await cluster.Canaries.InFilesAsync(["/tmp", "/var/tmp", "/dev/shm", Environment.GetEnvironmentVariable("HOME") ?? "/root"], "-xdev",
            "-newermt", record.Began.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), "-size", "-10000k"));

        // The search finds what is there: plain, encoded, and cut in two by a line's end.
        var planted = cluster.Secrets()["planted"];
        foreach (var text in Forms(planted)) Assert.Equal(["planted"], cluster.Canaries.In($"before {text} after"));
        Assert.Empty(cluster.Canaries.In(Canaries.Make() + Convert.ToBase64String(Encoding.UTF8.GetBytes(Canaries.Make()))));
    }

    [Fact]
    [Spec("P7", "P18", "P33", "P35", "F8")]
    public async Task No_process_has_a_secret_in_its_command_line_and_only_the_documented_ones_have_theirs_in_their_environment()
    {
        var watch = (await cluster.DeployedAsync()).Watch;
        TestContext.Current.SendDiagnosticMessage($"{watch.Looks.Count} looks in {watch.Looks.Time.TotalSeconds:0} s, {watch.CommandLines.Count} command lines");
        Assert.Contains(watch.CommandLines, l => l.Contains("configure-pem-server.sh", StringComparison.Ordinal));
        Assert.Contains(watch.CommandLines, l => l.Contains("pg_basebackup", StringComparison.Ordinal));
        var (planted, found) = (watch.Found.Where(f => f.Contains(": planted: ", StringComparison.Ordinal)).ToList(), watch.Found.Where(f => !f.Contains(": planted: ", StringComparison.Ordinal)).ToList());
        Assert.Contains(planted, f => f.StartsWith("command line: ", StringComparison.Ordinal));
        Assert.Contains(planted, f => f.StartsWith("environment (PLANTED): ", StringComparison.Ordinal));

        // docs/security.md: EFM's own encryption, and what the vendor's script starts. The web application's stand-in asks psql for what PEM's own
        // asks a library in its process.
        string[] documented =
        [
            "^environment \\(EFMPASS\\): efm: .*efm.* encrypt ",
            "^environment \\((PGPASSWORD|PEM_SERVER_PASSWORD)\\): pemsuper: .*(configure-pem-server\\.sh|pemworker)",
            "^environment \\(PGPASSWORD\\): pem_user_settings: .*pem_app\\.py",
        ];
        var others = found.Where(f => !documented.Any(d => Regex.IsMatch(f, d))).ToList();
        Assert.True(others.Count == 0, string.Join('\n', others));
        Assert.Contains(found, f => Regex.IsMatch(f, documented[0]));
    }

    [Fact]
    [Spec("P11", "P18", "P23", "P24", "P36", "T8")]
    public async Task No_host_keeps_a_secret_but_where_the_documents_say_so()
    {
        await cluster.DeployedAsync();
        var lab = await cluster.LabAsync();
        // Parts of the authority's private key, which no node may ever have had.
        var authority = AuthorityKey();
        cluster.Canaries.Add("the authority's key", authority);

        // Put where it must be found: a file's line's end in the middle of it, a file in memory, the system's journal.
        var planted = cluster.Secrets()["planted"];
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes("not " + planted), Base64FormattingOptions.None);
        await cluster.RootAsync("node3", $"""
            printf '%s\n' '{base64[..20]}' '{base64[20..]}' > /var/tmp/planted; printf %s '{Convert.ToHexString(Encoding.UTF8.GetBytes(planted))}' > /run/planted
            printf '%b' '{string.Concat(authority.Select(b => $"\\x{b:x2}"))}' > /etc/planted
            systemd-cat -t planted echo '{planted[..16]}'
            """);
        try
        {
            var found = new List<string>();
            foreach (var host in lab.Hosts)
            {
                // All that the host has written, its logs, histories and databases included, and what it keeps in memory; looked at from outside.
                var memory = $"/proc/{await InitAsync(host.Name)}/root";
                string[] folders = [host.Disk, .. new[] { "/run", "/tmp", "/dev/shm" }.Select(f => memory + f)];
                string Place(string f) => $"{host.Name}: {f.Replace(host.Disk, "", StringComparison.Ordinal).Replace(memory, "", StringComparison.Ordinal)}";
                found.AddRange((await cluster.Canaries.InFilesAsync(folders)).Select(Place));
                // grep looks at lines, and a byte of the key may be the end of one: the longest part without.
                var part = Encoding.Latin1.GetString(authority).Split('\n').MaxBy(p => p.Length)!;
                var bytes = string.Concat(part.Take(16).Select(b => $"\\x{(int)b:x2}"));
                var raw = await Command.RunAsync(["env", "LC_ALL=C", "grep", "-rlsaP", "-D", "skip", bytes, .. folders], ProcedureLab.Cancellation);
                found.AddRange(raw.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(f => Place(f) + ": the authority's key, as it is"));
                // With all that it knows of who wrote a line, such as that one's command line.
                found.AddRange(cluster.Canaries.In(await cluster.RootAsync(host.Name, "journalctl -q --no-pager -a -o export")).Select(w => $"{host.Name}: journal: {w}"));
            }
            Assert.Equal(
                ["node3: /etc/planted: the authority's key, as it is", "node3: /run/log/journal: planted", "node3: /run/planted: planted", "node3: /var/tmp/planted: planted", "node3: journal: planted"],
                found.Where(f => f.Contains("planted", StringComparison.Ordinal)).Select(f => Regex.Replace(f, "(?<=/run/log/journal)/[^:]*", "")).Distinct().Order(StringComparer.Ordinal));
            string[] documented =
            [
                "^node[123]: /var/lib/edb/\\.pgpass(\\.pemha-[0-9TZ]+)?: repl$", "^node[123]: /usr/edb/pem/web/config_local\\.py(\\.pemha-[0-9TZ]+)?: pem_user_settings$",
            ];
            Assert.DoesNotContain(found, f => !f.Contains("planted", StringComparison.Ordinal) && !documented.Any(d => Regex.IsMatch(f, d)));
            foreach (var where in documented) Assert.Equal(3, found.Where(f => Regex.IsMatch(f, where)).Select(f => f[..5]).Distinct().Count());
        }
        finally
        {
            await cluster.RootAsync("node3", "rm /var/tmp/planted /run/planted /etc/planted");
        }
        // It was the statements themselves that were logged.
        foreach (var host in All[..3])
            await cluster.RootAsync(host, "grep -q 'LOG:  statement: ' /var/lib/edb/as17/data/log/*");
        Assert.Contains("PASSWORD 'SCRAM-SHA-256$", await cluster.RootAsync("node1", "grep -h 'statement: .*ROLE' /var/lib/edb/as17/data/log/*"), StringComparison.Ordinal);
    }

    /// <summary>The number that is the private key of the cluster's authority.</summary>
    byte[] AuthorityKey()
    {
        using var key = ECDsa.Create();
        key.ImportFromEncryptedPem(File.ReadAllText(Path.Combine(cluster.StateFolder, "ca", "ca_key.key")), cluster.Secrets()["authority"]);
        return key.ExportParameters(includePrivateParameters: true).D!;
    }

    async Task<string> InitAsync(string host)
    {
        // The pid of the host's init, as this machine numbers it: the one whose own number is 1.
        foreach (var pid in Namespaces.Cgroup(cluster.Options.Name).Child(host).Processes)
        {
            var status = await File.ReadAllLinesAsync($"/proc/{pid}/status", ProcedureLab.Cancellation);
            if (status.Any(l => l.StartsWith("NSpid:", StringComparison.Ordinal) && l.EndsWith("\t1", StringComparison.Ordinal))) return pid.ToString(CultureInfo.InvariantCulture);
        }
        throw new LabException($"{host} has no init.");
    }

    void Clean(string where, string text)
    {
        Assert.True(cluster.Canaries.In(text) is var found && !found.Any(), $"In {where}: {string.Join(", ", found)}.");
        // What is only encoded, as contents of files are on their way to a host, is not hidden.
        Assert.True(cluster.Canaries.In(Decoded(text)) is var decoded && !decoded.Any(), $"In {where}, in base64: {string.Join(", ", decoded)}.");
    }

    static IEnumerable<string> Forms(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return Convert.ToHexString(bytes);
        yield return Convert.ToHexStringLower(bytes);
        foreach (var before in new[] { "", "a", "ab" })
        {
            var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(before + secret + before));
            yield return base64;
            yield return $"{base64[..14]}\n{base64[14..]}";
        }
        yield return Convert.ToBase64String(Encoding.Unicode.GetBytes($"echo '{secret}'"));
        yield return $"{secret[..8]}\n{secret[8..]}";
    }

    static string Decoded(string text) => string.Concat(Base64().Matches(text).Select(m =>
    {
        var bytes = new byte[m.Length];
        return Convert.TryFromBase64String(m.Value, bytes, out var length) ? Encoding.Latin1.GetString(bytes, 0, length) + "\n" : "";
    }));

    [GeneratedRegex("[A-Za-z0-9+/]{24,}={0,2}", RegexOptions.CultureInvariant)]
    private static partial Regex Base64();
}
