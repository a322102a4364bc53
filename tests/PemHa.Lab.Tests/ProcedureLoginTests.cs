using System.Diagnostics;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Logging in: encrypted keys, the agent, questions in a server's own words; each with the wrong secret, too.</summary>
[Collection(WaysTests.Name)]
public sealed class ProcedureLoginTests(WaysLab ways)
{
    [Fact]
    public async Task An_encrypted_key_opens_with_a_passphrase_that_is_neither_the_logins_nor_sudos_password()
    {
        var report = await ways.ReportAsync($$"""
            $encrypted = @{ KeyFile = "$ways/encrypted" }
            Report { $hosts | Connect-PemHost @known @encrypted -KeyPassphrase (Secret '{{WaysLab.Passphrase}}') }
            'wrong'
            Report { $hosts[0] | Connect-PemHost @known @encrypted }
            Report { $hosts[1] | Connect-PemHost @known @encrypted -KeyPassphrase (Secret 'Another phrase') }
            Report { $hosts[2] | Connect-PemHost @known @encrypted -Credential (Credential root 'Root-pass1') }
            'with sudo'
            $admin = Credential admin 'Lab-pass1'
            Report {
                $hosts[0..1] | Connect-PemHost @known @encrypted -Credential $admin -KeyPassphrase (Secret '{{WaysLab.Passphrase}}') |
                    Set-PemPassFile -Credential (New-PemCredential repl) -WhatIf
            }
            """);
        Assert.Equal(["node1", "node2", "witness1"], report.Lines.TakeWhile(l => l != "wrong"));
        Assert.Equal([("KeyPassphraseWrong", "node1"), ("KeyPassphraseWrong", "node2"), ("KeyPassphraseWrong", "witness1")],
            report.Errors.Select(e => (e.Id, e.Host)));
        Assert.All(report.Errors, e =>
        {
            Assert.StartsWith("Connect-PemHost: ", e.Message, StringComparison.Ordinal);
            Assert.Contains("-KeyPassphrase", e.Remedy, StringComparison.Ordinal);
        });
        Assert.Equal(["node1", "node2"], report.Lines.SkipWhile(l => l != "with sudo").Where(l => l.StartsWith("node", StringComparison.Ordinal)).Order());
        Assert.Contains(report.Lines, l => l.StartsWith("What if: node2: ", StringComparison.Ordinal));
        foreach (var secret in new[] { WaysLab.Passphrase, "Another phrase", "Lab-pass1", "Root-pass1" })
            Assert.DoesNotContain(secret, report.ToString(), StringComparison.Ordinal);
    }

    /// <summary>It ends before, while or after its input is written: never does that look like a broken connection.</summary>
    [Fact]
    public async Task A_sudo_that_asks_for_a_password_is_given_it_each_time()
    {
        var report = await ways.ReportAsync($$"""
            $admin = Credential admin 'Lab-pass1'
            $encrypted = @{ KeyFile = "$ways/encrypted"; KeyPassphrase = Secret '{{WaysLab.Passphrase}}' }
            foreach ($i in 1..25) { Report { $hosts[0..1] | Connect-PemHost @known @encrypted -Credential $admin } }
            """);
        Assert.Empty(report.Errors);
        Assert.Equal(50, report.Lines.Count);
    }

    [Fact]
    public async Task The_agents_keys_are_offered_and_so_is_an_encrypted_one_that_it_holds()
    {
        var report = await ways.ReportAsync("""
            $env:SSH_AUTH_SOCK = "$ways/agent"
            Report { $hosts | Connect-PemHost @known }
            Report { $hosts[0] | Connect-PemHost @known -KeyFile "$ways/held.pub" }
            Report { $hosts[0] | Connect-PemHost @known -KeyFile "$ways/held" }
            'refused'
            Report { $hosts[0] | Connect-PemHost @known -KeyFile "$ways/encrypted" }
            Report { $hosts[0] | Connect-PemHost @known -UserName expired }
            """);
        Assert.Equal(["node1", "node2", "witness1", "node1", "node1", "refused"], report.Lines);
        Assert.Equal(["KeyPassphraseWrong", "LoginRefused"], report.Errors.Select(e => e.Id));
        Assert.Contains("ssh-agent does not hold it", report.Errors[0].Message, StringComparison.Ordinal);
        Assert.Contains("Offered: 'held' of the agent", report.Errors[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_agent_or_with_one_that_is_empty_or_dead_or_hangs_the_error_says_so()
    {
        var report = await ways.ReportAsync("""
            Report { $hosts[0] | Connect-PemHost @known }
            $env:SSH_AUTH_SOCK = "$ways/gone"
            Report { $hosts[0] | Connect-PemHost @known }
            $env:SSH_AUTH_SOCK = "$ways/empty"
            Report { $hosts[0] | Connect-PemHost @known }
            $listener = [System.Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified')
            $listener.Bind([System.Net.Sockets.UnixDomainSocketEndPoint]::new("$ways/silent"))
            $listener.Listen()
            $env:SSH_AUTH_SOCK = "$ways/silent"
            Report { $hosts[0] | Connect-PemHost @known -TimeoutSec 3 }
            'key'
            Report { $hosts[0] | Connect-PemHost @known @key }
            Report { $hosts[0] | Connect-PemHost @known -Credential (Credential root 'Root-pass1') -TimeoutSec 3 }
            """);
        Assert.Equal(["key", "node1", "node1"], report.Lines);
        string[] reasons = ["SSH_AUTH_SOCK is not set", "there is no such socket", "holds no key", "it does not answer"];
        Assert.Equal(reasons.Length, report.Errors.Count);
        foreach (var (error, reason) in report.Errors.Zip(reasons))
        {
            Assert.Equal(("NoCredential", "node1"), (error.Id, error.Host));
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
            Assert.Contains("ssh-agent", error.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_server_that_asks_in_its_own_words_gets_the_password_and_no_other_answer()
    {
        var report = await ways.ReportAsync($$"""
            $asking = New-PemHost 172.16.162.202 Standby -Cluster $cluster -Name asking -SshPort {{WaysLab.Asking}} -HostName 172.16.161.202
            Report { $asking | Connect-PemHost @known -Credential (Credential root 'Root-pass1') }
            'refused'
            Report { $asking | Connect-PemHost @known -Credential (Credential root 'Not-the-password') }
            Report { $asking | Connect-PemHost @known -Credential (Credential expired 'Lab-pass1') }
            """);
        Assert.Equal(["asking", "refused"], report.Lines);
        Assert.Equal([("LoginRefused", "asking"), ("LoginRefused", "asking")], report.Errors.Select(e => (e.Id, e.Host)));
        // The account's password has to be changed; the old one is not sent as the new one.
        Assert.Matches("it asks '[^']*password:?', which PemHa cannot answer", report.Errors[1].Message);
        Assert.DoesNotContain("Not-the-password", report.ToString(), StringComparison.Ordinal);
        Assert.Contains("expired", await ways.RootAsync("witness1", "chage -l expired; getent shadow expired | cut -d: -f1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_wants_key_and_password_gets_both()
    {
        var report = await ways.ReportAsync($$"""
            $both = New-PemHost 172.16.162.203 Standby -Cluster $cluster -Name both -SshPort {{WaysLab.Both}} -HostName 172.16.161.202
            Report { $both | Connect-PemHost @known @key -Credential (Credential root 'Root-pass1') }
            $env:SSH_AUTH_SOCK = "$ways/agent"
            Report { $both | Connect-PemHost @known -Credential (Credential root 'Root-pass1') }
            'refused'
            Report { $both | Connect-PemHost @known @key }
            Report { $both | Connect-PemHost @known @key -Credential (Credential root 'Not-the-password') }
            Report { $both | Connect-PemHost @known -KeyFile "$ways/strange" -Credential (Credential root 'Root-pass1') }
            """);
        Assert.Equal(["both", "both", "refused"], report.Lines);
        Assert.Equal(["LoginRefused", "LoginRefused", "LoginRefused"], report.Errors.Select(e => e.Id));
    }

    [Fact]
    public async Task Too_many_keys_are_refused_with_the_advice_to_name_one()
    {
        var report = await ways.ReportAsync($$"""
            $impatient = New-PemHost 172.16.162.204 Standby -Cluster $cluster -Name impatient -SshPort {{WaysLab.Impatient}} -HostName 172.16.161.202
            Report { $impatient | Connect-PemHost @known -KeyFile "$ways/strange" }
            $null = [System.IO.Directory]::CreateDirectory("$ways/home/.ssh")
            foreach ($n in 'id_ed25519', 'id_ecdsa', 'id_rsa') { [System.IO.File]::Copy("$ways/strange", "$ways/home/.ssh/$n", $true) }
            $env:SSH_AUTH_SOCK = "$ways/agent"
            try { Report { $impatient | Connect-PemHost @known } } finally { [System.IO.Directory]::Delete("$ways/home/.ssh", $true) }
            Report { $impatient | Connect-PemHost @known -KeyFile "$ways/held.pub" }
            """);
        Assert.Equal(["impatient"], report.Lines);
        Assert.Equal(["LoginRefused", "LoginRefused"], report.Errors.Select(e => e.Id));
        Assert.Contains("too many attempts", report.Errors[1].Message, StringComparison.Ordinal);
        Assert.Contains("IdentitiesOnly", report.Errors[1].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_leaves_no_socket_thread_or_agent_connection_behind()
    {
        var watch = Stopwatch.StartNew();
        var report = await ways.ReportAsync($$"""
            $env:SSH_AUTH_SOCK = "$ways/agent"
            function Round { $hosts | Connect-PemHost @known -JumpHost 'root@172.16.161.202:22' | Disconnect-PemHost }
            function Handles {
                [System.GC]::Collect(); [System.GC]::WaitForPendingFinalizers(); [System.GC]::Collect()
                [System.IO.Directory]::GetFiles('/proc/self/fd').Where({ [System.IO.File]::ResolveLinkTarget($_, $false).FullName -match 'socket:' }).Count
            }
            # What is being closed is closed: nothing changes any more.
            function Settled {
                foreach ($i in 1..20) {
                    $now = Handles; [System.Threading.Thread]::Sleep(500)
                    if ($now -eq (Handles)) { break }
                }
                $now
            }
            Report { Round; Round }
            $before = Settled
            Report { foreach ($i in 1..10) { Round } }
            $workers = 0; $ports = 0
            [System.Threading.ThreadPool]::GetMinThreads([ref] $workers, [ref] $ports)
            "$before $(Settled) $($workers -eq [System.Environment]::ProcessorCount)"
            """);
        Assert.Empty(report.Errors);
        var words = Assert.Single(report.Lines).Split(' ');
        Assert.True(words[0] == words[1] && words[2] == "True", report + $" in {watch.Elapsed.TotalSeconds:0} s");
        foreach (var host in new[] { "node1", "witness1" })
            await ProcedureLab.UntilAsync($"sshd on {host}", () => ways.RootAsync(host, "ps -eo args | grep -c '^sshd.*: root@notty' || :"), said => said is "0" or "1");
    }
}
