using System.Diagnostics;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Connections that must not be made, and those that must.</summary>
[Collection(UndeployedTests.Name)]
public sealed class ProcedureConnectionTests(UndeployedCluster cluster)
{
    /// <summary>A credential, in an engine that has no ConvertTo-SecureString.</summary>
    const string Helpers = """
        function Credential($user, $password) {
            $secure = [securestring]::new(); foreach ($c in $password.ToCharArray()) { $secure.AppendChar($c) }
            [pscredential]::new($user, $secure)
        }
        $known = @{ KnownHostsFile = $login.KnownHostsFile }

        """;

    [Fact]
    public async Task A_host_key_is_trusted_only_when_it_is_known_or_accepted_by_its_fingerprint()
    {
        var lab = await cluster.LabAsync();
        var fingerprint = (await cluster.RootAsync("node1", "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")).Split(' ')[1];
        var lines = await File.ReadAllLinesAsync(lab.KnownHostsPath, ProcedureLab.Cancellation);
        var keys = lines.ToDictionary(l => l.Split(' ')[0].Split(',')[1], l => l.Split(' ', 2)[1]);
        var folder = LabPaths.StateOf(lab.Name);
        await File.WriteAllTextAsync(Path.Combine(folder, "nobody"), "# nobody is known\n", ProcedureLab.Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "swapped"), $"172.16.161.200 {keys["node2"]}\n", ProcedureLab.Cancellation);
        var report = await cluster.PowerShellAsync($$"""
            $key = @{ KeyFile = $env:PEMHA_LAB_KEY }
            Report { $hosts[0] | Connect-PemHost @key -KnownHostsFile '{{folder}}/nobody' }
            Report { $hosts[0] | Connect-PemHost @key -KnownHostsFile '{{folder}}/swapped' }
            Report { $hosts[0] | Connect-PemHost @key -KnownHostsFile '{{folder}}/swapped' -AcceptHostKey '{{fingerprint}}' }
            Report { $hosts[1] | Connect-PemHost @key -KnownHostsFile '{{folder}}/nobody' -AcceptHostKey '{{fingerprint}}' }
            Report { $hosts[0] | Connect-PemHost @key -KnownHostsFile '{{folder}}/nobody' -AcceptHostKey '{{fingerprint}}' }
            """);
        Assert.Equal(
            [("HostKeyUnknown", "node1"), ("HostKeyChanged", "node1"), ("HostKeyChanged", "node1"), ("HostKeyUnknown", "node2")],
            report.Errors.Select(e => (e.Id, e.Host)));
        Assert.Contains(fingerprint, report.Errors[0].Message, StringComparison.Ordinal);
        Assert.Contains($"-AcceptHostKey '{fingerprint}'", report.Errors[0].Remedy, StringComparison.Ordinal);
        Assert.Equal(["node1"], report.Lines);
    }

    [Fact]
    public async Task A_connection_is_made_beside_older_libraries_that_another_module_has_loaded()
    {
        await cluster.LabAsync();
        var report = await cluster.PowerShellAsync($$"""
            foreach ($name in 'Microsoft.Extensions.Logging.Abstractions', 'BouncyCastle.Cryptography', 'Renci.SshNet') {
                $assembly = [System.Reflection.Assembly]::LoadFrom("{{Path.Combine(AppContext.BaseDirectory, "older")}}/$name.dll")
            }
            "beside $($assembly.GetName().Version.Major)"
            Report { $hosts | Connect-PemHost @login }
            """);
        Assert.Empty(report.Errors);
        Assert.Equal(cluster.Options.HostNames.Prepend("beside 2024"), report.Lines);
    }

    [Fact]
    public async Task A_login_needs_the_right_password_and_so_does_sudo()
    {
        await cluster.LabAsync();
        var report = await cluster.PowerShellAsync(Helpers + """
            $repl = New-PemCredential repl
            Report { $hosts | Connect-PemHost @known -Credential (Credential admin 'Not-the-password') }
            Report { $hosts[0] | Connect-PemHost @login -UserName nobody-here }
            'sudo without a password'
            Report { $hosts[0] | Connect-PemHost @login -UserName admin | Set-PemPassFile -Credential $repl -WhatIf }
            'sudo with it'
            $admin = Credential admin 'Lab-pass1'
            Report { $hosts | Connect-PemHost @known -Credential $admin | Set-PemPassFile -Credential $repl -WhatIf }
            """);
        Assert.Equal(
            ["LoginRefused node1", "LoginRefused node1", "LoginRefused node2", "LoginRefused witness1", "SudoRefused node1"],
            report.Errors.Select(e => $"{e.Id} {e.Host}").Order(StringComparer.Ordinal));
        string[] all = ["node1", "node2", "witness1"];
        Assert.Equal(all, report.Lines.SkipWhile(l => l != "sudo with it").Where(all.Contains).Order(StringComparer.Ordinal));
        Assert.Contains(report.Lines, l => l.StartsWith("What if: node2: ", StringComparison.Ordinal));
        Assert.DoesNotContain("Lab-pass1", report.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Not-the-password", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_is_off_or_hangs_is_unreachable_within_the_timeout_and_the_others_go_on()
    {
        var lab = await cluster.LabAsync();
        await lab.PowerOffAsync("witness1", ProcedureLab.Cancellation);
        await lab.FreezeAsync("node2", ProcedureLab.Cancellation);
        try
        {
            var watch = Stopwatch.StartNew();
            var report = await cluster.PowerShellAsync("Report { $hosts | Connect-PemHost @login -TimeoutSec 4 }");
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(12), $"It took {watch.Elapsed.TotalSeconds:0.0} s.");
            Assert.Equal([("Unreachable", "node2"), ("Unreachable", "witness1")], report.Errors.Select(e => (e.Id, e.Host)).Order());
            Assert.Equal(["node1"], report.Lines);
        }
        finally
        {
            await lab.ThawAsync("node2", ProcedureLab.Cancellation);
            await lab.PowerOnAsync("witness1", ProcedureLab.Cancellation);
            await lab.WaitRunningAsync("witness1", ProcedureLab.Cancellation);
        }
        var again = await cluster.PowerShellAsync("Report { $hosts | Connect-PemHost @login }");
        Assert.Equal(["node1", "node2", "witness1"], again.Lines.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_host_that_hangs_after_it_was_connected_is_given_up_and_the_others_go_on()
    {
        var lab = await cluster.LabAsync();
        var folder = LabPaths.StateOf(lab.Name);
        string connected = Path.Combine(folder, "connected"), frozen = Path.Combine(folder, "frozen");
        var script = cluster.PowerShellAsync($$"""
            $nodes = $hosts | Connect-PemHost @login
            [System.IO.File]::WriteAllText('{{connected}}', '')
            while (-not [System.IO.File]::Exists('{{frozen}}')) { [System.Threading.Thread]::Sleep(50) }
            Report { $nodes | Set-PemPassFile -Credential (New-PemCredential repl) -WhatIf }
            """);
        Assert.True(await Wait.UntilAsync(() => File.Exists(connected) || script.IsCompleted, TimeSpan.FromSeconds(30), ProcedureLab.Cancellation));
        await lab.FreezeAsync("node2", ProcedureLab.Cancellation);
        try
        {
            var watch = Stopwatch.StartNew();
            await File.WriteAllTextAsync(frozen, "", ProcedureLab.Cancellation);
            var report = await script;
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"It took {watch.Elapsed.TotalSeconds:0.0} s.");
            Assert.Equal([("ConnectionLost", "node2")], report.Errors.Select(e => (e.Id, e.Host)));
            Assert.Contains("node1", report.Lines);
        }
        finally
        {
            await lab.ThawAsync("node2", ProcedureLab.Cancellation);
        }
    }
}
