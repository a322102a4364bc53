using System.Diagnostics;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Through jump hosts.</summary>
[Collection(WaysTests.Name)]
public sealed class ProcedureJumpTests(WaysLab ways)
{
    [Fact]
    public async Task The_nodes_are_reached_through_a_jump_host_or_a_chain_of_them_and_worked_on()
    {
        var report = await ways.ReportAsync("""
            $repl = New-PemCredential repl
            Report { $hosts | Connect-PemHost @known @key -JumpHost root@172.16.161.202 -Verbose 4>&1 }
            Report { $hosts | Set-PemPassFile -Credential $repl -WhatIf }
            'sources'
            # Where the connection comes from, as the node sees it.
            Report { $hosts | Connect-PemHost @known @key -JumpHost root@172.16.161.202, root@172.16.162.201 -Verbose 4>&1 }
            """);
        Assert.Empty(report.Errors);
        Assert.Contains("node1: 172.16.161.200 is connected, as root through the jump host 172.16.161.202", report.Lines);
        Assert.Contains("node1: 172.16.161.200 is connected, as root through the jump host 172.16.162.201 through the jump host 172.16.161.202", report.Lines);
        Assert.Contains(report.Lines, l => l.StartsWith("What if: node1: create file /var/lib/edb/.pgpass", StringComparison.Ordinal));
        Assert.Equal("172.16.161.202", await ways.RootAsync("node1", "journalctl -q -u ssh -g 'Accepted publickey for root' -n 40 -o cat | grep -o 'from 172.16.161.202' | head -n 1 | cut -d' ' -f2"));
    }

    [Fact]
    public async Task A_jump_host_has_a_login_of_its_own_and_never_gets_the_nodes()
    {
        var report = await ways.ReportAsync($$"""
            $jump = Credential admin 'Lab-pass1'
            Report { $hosts[0] | Connect-PemHost @known -Credential (Credential root 'Root-pass1') -JumpHost 172.16.161.202 -JumpCredential $jump }
            Report { $hosts[0] | Connect-PemHost @known -Credential (Credential root 'Root-pass1') -JumpHost 172.16.161.202:{{WaysLab.Asking}} -JumpCredential $jump }
            $env:SSH_AUTH_SOCK = "$ways/agent"
            Report { $hosts[0] | Connect-PemHost @known @key -JumpHost admin@172.16.161.202 }
            $env:SSH_AUTH_SOCK = ''
            'refused'
            Report { $hosts[0] | Connect-PemHost @known -Credential (Credential root 'Root-pass1') -JumpHost 172.16.161.202 -JumpCredential (Credential admin 'Not-the-password') }
            # The same user and password there would have done.
            Report { $hosts[0] | Connect-PemHost @known -Credential (Credential root 'Root-pass1') -JumpHost root@172.16.161.202 }
            Report { $hosts[0] | Connect-PemHost @known -Credential (Credential root 'Not-the-password') -JumpHost 172.16.161.202 -JumpCredential $jump }
            """);
        Assert.Equal(["node1", "node1", "node1", "refused"], report.Lines);
        Assert.Equal([("LoginRefused", "node1"), ("NoCredential", "node1"), ("LoginRefused", "node1")], report.Errors.Select(e => (e.Id, e.Host)));
        Assert.Contains("node1: the jump host 172.16.161.202 refused the login of admin", report.Errors[0].Message, StringComparison.Ordinal);
        Assert.Contains("the jump host 172.16.161.202", report.Errors[1].Message, StringComparison.Ordinal);
        Assert.StartsWith("Connect-PemHost: node1 (172.16.161.200) refused", report.Errors[2].Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pass1", report.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Not-the-password", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_of_each_machine_on_the_way_is_checked_under_its_own_name_and_port()
    {
        var node = (await ways.KnownAsync(l => l.StartsWith("172.16.161.200,", StringComparison.Ordinal))).Split(' ', 2)[1];
        var jump = (await ways.KnownAsync(l => l.StartsWith("172.16.161.202,", StringComparison.Ordinal))).Split(' ', 2)[1];
        await ways.WriteAsync("known_node", $"172.16.161.200 {node}");
        await ways.WriteAsync("known_jump", $"172.16.161.202 {jump}");
        // What is true of the way there says nothing of who is at its end.
        await ways.WriteAsync("known_loopback", $"172.16.161.202 {jump}127.0.0.1,[127.0.0.1]:*,localhost {node}");
        await ways.WriteAsync("swapped_node", $"172.16.161.202 {jump}172.16.161.200 {jump}");
        await ways.WriteAsync("swapped_jump", $"172.16.161.202 {node}172.16.161.200 {node}");
        var report = await ways.ReportAsync($$"""
            $jump = @{ JumpHost = 'root@172.16.161.202' }
            function Meet($file, $more = @{}) { Report { $hosts[0] | Connect-PemHost -KnownHostsFile "$ways/$file" @key @jump @more } }
            Meet known_node; Meet known_jump; Meet known_loopback; Meet swapped_node; Meet swapped_jump
            $jump.JumpHost = 'root@172.16.161.202:{{WaysLab.Asking}}'
            Meet known_jump
            $jump.JumpHost = 'root@172.16.161.202'
            $prints = {{await PrintAsync("node1")}}, {{await PrintAsync("witness1")}}
            Meet none @{ AcceptHostKey = $prints[0] }; Meet none @{ AcceptHostKey = $prints }
            """);
        Assert.Equal(["HostKeyUnknown", "HostKeyUnknown", "HostKeyUnknown", "HostKeyChanged", "HostKeyChanged", "HostKeyUnknown", "HostKeyUnknown"],
            report.Errors.Select(e => e.Id));
        string[] who = ["the jump host 172.16.161.202", "node1 (172.16.161.200)", "node1 (172.16.161.200)", "node1 (172.16.161.200)", "the jump host 172.16.161.202",
            "the jump host 172.16.161.202, port 2222", "the jump host 172.16.161.202"];
        foreach (var (error, machine) in report.Errors.Zip(who)) Assert.Contains($"The key of {machine}", error.Message, StringComparison.Ordinal);
        Assert.Contains("under [172.16.161.202]:2222", report.Errors[5].Message, StringComparison.Ordinal);
        Assert.Equal(["node1"], report.Lines);
    }

    [Fact]
    public async Task A_way_that_leads_nowhere_is_an_error_that_says_where_it_ends()
    {
        // A pulled cable would not do: a jump host whose ARP is not answered soon says so by itself.
        await ways.DropAsync("node2", "ip saddr 172.16.161.202 tcp dport 22");
        try
        {
            var report = await ways.ReportAsync($$"""
                $login = $known + $key
                Report { $hosts[0] | Connect-PemHost @login -JumpHost root@172.16.161.202:{{WaysLab.Unforwarding}} }
                Report { $hosts[0] | Connect-PemHost @login -JumpHost root@172.16.161.202:2299 -TimeoutSec 4 }
                Report { $hosts[0] | Connect-PemHost @login -JumpHost no-such-host.lab -TimeoutSec 4 }
                Report { $hosts[1] | Connect-PemHost @login -JumpHost root@172.16.161.202 -TimeoutSec 2 }
                Report { $hosts[0] | Connect-PemHost @login -JumpHost 'root@172.16.161.202;reboot' }
                $closed = New-PemHost 172.16.162.200 Standby -Cluster $cluster -Name closed -SshPort 2298
                Report { $closed | Connect-PemHost @login -JumpHost root@172.16.161.202 -TimeoutSec 4 }
                'all at once'
                Report { $hosts[0, 2] | Connect-PemHost @login -JumpHost root@172.16.161.202:{{WaysLab.Unforwarding}} }
                """);
            Assert.Equal(
                [("JumpRefused", "node1"), ("Unreachable", "node1"), ("Unreachable", "node1"), ("Unreachable", "node2"), ("JumpHostUnfit", "node1"), ("JumpRefused", "closed"),
                    ("JumpRefused", "node1"), ("JumpRefused", "witness1")],
                report.Errors.Select(e => (e.Id, e.Host)).Take(6).Concat(report.Errors.Select(e => (e.Id, e.Host)).Skip(6).Order()));
            Assert.Contains("AllowTcpForwarding", report.Errors[0].Remedy, StringComparison.Ordinal);
            Assert.Contains("The jump host 172.16.161.202, port 2299 cannot be reached", report.Errors[1].Message, StringComparison.Ordinal);
            Assert.Contains("node2 (172.16.161.201) cannot be reached on port 22 through the jump host 172.16.161.202", report.Errors[3].Message, StringComparison.Ordinal);
            Assert.Equal(["all at once"], report.Lines);
        }
        finally
        {
            await ways.UndropAsync("node2");
        }
    }

    [Fact]
    public async Task A_jump_host_that_is_cut_off_loses_the_nodes_behind_it_within_a_minute_and_no_others()
    {
        var lab = await ways.LabAsync();
        await ways.WriteAsync("note", "");
        string connected = Path.Combine(ways.Folder, "connected"), cut = Path.Combine(ways.Folder, "cut");
        var script = ways.ReportAsync($$"""
            $login = $known + $key
            $direct = $hosts[1] | Connect-PemHost @login
            $behind = $hosts[0] | Connect-PemHost @login -JumpHost root@172.16.161.202
            [System.IO.File]::WriteAllText('{{connected}}', '')
            while (-not [System.IO.File]::Exists('{{cut}}')) { [System.Threading.Thread]::Sleep(50) }
            Report { $behind, $direct | Set-PemPassFile -Credential (New-PemCredential repl) -WhatIf }
            "disconnected $($behind.Connected) $($direct.Connected)"
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $behind, $direct | Disconnect-PemHost
            "in time $($watch.Elapsed.TotalSeconds -lt 5)"
            # Another way in, while that one is still shut.
            Report { $behind | Connect-PemHost @login }
            """);
        Assert.True(await Wait.UntilAsync(() => File.Exists(connected) || script.IsCompleted, TimeSpan.FromSeconds(30), ProcedureLab.Cancellation));
        await lab.LinkAsync("witness1", false, ProcedureLab.Cancellation);
        try
        {
            var watch = Stopwatch.StartNew();
            await File.WriteAllTextAsync(cut, "", ProcedureLab.Cancellation);
            var report = await script;
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"It took {watch.Elapsed.TotalSeconds:0.0} s.");
            var error = Assert.Single(report.Errors);
            Assert.Equal(("ConnectionLost", "node1"), (error.Id, error.Host));
            Assert.Contains("through the jump host 172.16.161.202", error.Message, StringComparison.Ordinal);
            Assert.Contains("node2", report.Lines);
            Assert.Equal(["disconnected False True", "in time True", "node1"], report.Lines.SkipWhile(l => !l.StartsWith("disconnected", StringComparison.Ordinal)));
        }
        finally
        {
            await lab.LinkAsync("witness1", true, ProcedureLab.Cancellation);
        }
    }

    async Task<string> PrintAsync(string host) => $"'{(await ways.RootAsync(host, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")).Split(' ')[1]}'";
}
