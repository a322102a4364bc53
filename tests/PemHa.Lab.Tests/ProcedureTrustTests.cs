using System.Globalization;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Whom PemHa believes to be a host, and with which cryptography; and what somebody in between gets to see.</summary>
[Collection(WaysTests.Name)]
public sealed class ProcedureTrustTests(WaysLab ways)
{
    const string Witness = "172.16.161.202", Node2 = "172.16.161.201";

    /// <summary>sshds of the witness with keys of one type each, one with all of them and a certificate; ones that offer nothing but what is out of date; and the one in between.</summary>
    const int Ed25519 = 2230, Ecdsa = 2231, Rsa = 2232, All = 2233, OldKey = 2234, OldCipher = 2235, OldExchange = 2236, Between = 2237;

    static readonly (int Port, string Options)[] Servers =
    [
        (Ed25519, @"HostKey /etc/ssh/trust/ed25519\n"), (Ecdsa, @"HostKey /etc/ssh/trust/ecdsa\n"), (Rsa, @"HostKey /etc/ssh/trust/rsa\n"),
        (All, @"HostKey /etc/ssh/trust/rsa\nHostKey /etc/ssh/trust/ecdsa\nHostKey /etc/ssh/trust/ed25519\nHostCertificate /etc/ssh/trust/ed25519-cert.pub\n"),
        (OldKey, @"HostKey /etc/ssh/trust/rsa\nHostKeyAlgorithms ssh-rsa\n"),
        (OldCipher, @"HostKey /etc/ssh/trust/ed25519\nCiphers aes128-cbc,3des-cbc\n"),
        (OldExchange, @"HostKey /etc/ssh/trust/ed25519\nKexAlgorithms diffie-hellman-group1-sha1\n"),
        (Between, @"HostKey /etc/ssh/trust/between\nLogLevel DEBUG1\n"),
    ];

    static bool s_prepared;

    [Fact]
    public async Task A_key_of_any_type_is_known_by_its_own_line_and_shown_with_its_fingerprint_until_it_is_accepted()
    {
        await PrepareAsync();
        var types = new[] { (Ed25519, "ed25519", "ssh-ed25519"), (Ecdsa, "ecdsa", "ecdsa-sha2-nistp256"), (Rsa, "rsa", "ssh-rsa") };
        var prints = new List<string>();
        foreach (var (port, file, _) in types)
        {
            await KnowAsync($"known_{file}", port, file);
            prints.Add((await ways.RootAsync("witness1", $"ssh-keygen -lf /etc/ssh/trust/{file}.pub")).Split(' ')[1]);
        }
        await KnowAsync("known_all_rsa", All, "rsa");
        var report = await MeetAsync($$"""
            {{string.Join('\n', types.Select(t => $"Meet known_{t.Item2} {t.Item1}"))}}
            # The server would rather show another one.
            Meet known_all_rsa {{All}}
            'unknown'
            {{string.Join('\n', types.Select(t => $"Meet nothing {t.Item1}"))}}
            # Another one's fingerprint is no use; its own is, and adds nothing to the file.
            {{string.Join('\n', types.Select((t, i) => $"Meet nothing {t.Item1} '{prints[(i + 1) % 3]}'"))}}
            'accepted'
            {{string.Join('\n', types.Select((t, i) => $"Meet nothing {t.Item1} '{prints[i]}'"))}}
            [System.IO.File]::Exists("$ways/nothing")
            """);
        Assert.Equal(["met", "met", "met", "met", "unknown", "accepted", "met", "met", "met", "False"], report.Lines);
        Assert.All(report.Errors, e => Assert.Equal("HostKeyUnknown", e.Id));
        Assert.Equal(6, report.Errors.Count);
        foreach (var (error, i) in report.Errors.Select((e, i) => (e, i % 3)))
        {
            Assert.Contains($"{types[i].Item3} {prints[i]}", error.Message, StringComparison.Ordinal);
            Assert.Contains($"-AcceptHostKey '{prints[i]}'", error.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_key_that_changed_or_is_of_another_type_or_revoked_is_refused_whatever_is_accepted_and_hashed_names_count()
    {
        await PrepareAsync();
        await KnowAsync("other_ed25519", Ed25519, "between");
        await KnowAsync("other_type", Rsa, "ed25519");
        await KnowAsync("hashed", Ed25519, "ed25519");
        await KnowAsync("hashed_other", Ed25519, "between");
        foreach (var name in new[] { "hashed", "hashed_other" })
            (await Command.RunAsync(["ssh-keygen", "-q", "-H", "-f", Path.Combine(ways.Folder, name)], ProcedureLab.Cancellation)).Check("ssh-keygen -H");
        Assert.DoesNotContain(Witness, await File.ReadAllTextAsync(Path.Combine(ways.Folder, "hashed"), ProcedureLab.Cancellation), StringComparison.Ordinal);
        var key = await KeyAsync("ed25519");
        await ways.WriteAsync("revoked", $"[{Witness}]:{Ed25519} {key}\n@revoked * {key}\n");
        await ways.WriteAsync("revoked_only", $"@revoked [{Witness}]:{Ed25519} {key}\n");
        var print = (await ways.RootAsync("witness1", "ssh-keygen -lf /etc/ssh/trust/ed25519.pub")).Split(' ')[1];
        var rsa = (await ways.RootAsync("witness1", "ssh-keygen -lf /etc/ssh/trust/rsa.pub")).Split(' ')[1];
        var report = await MeetAsync($$"""
            Meet hashed {{Ed25519}}
            Meet other_ed25519 {{Ed25519}} '{{print}}'; Meet hashed_other {{Ed25519}} '{{print}}'; Meet other_type {{Rsa}} '{{rsa}}'
            Meet revoked {{Ed25519}} '{{print}}'; Meet revoked_only {{Ed25519}} '{{print}}'
            """);
        Assert.Equal(["met"], report.Lines);
        Assert.Equal(["HostKeyChanged", "HostKeyChanged", "HostKeyChanged", "HostKeyRevoked", "HostKeyRevoked"], report.Errors.Select(e => e.Id));
        foreach (var error in report.Errors.Take(2).Concat(report.Errors.Skip(3))) Assert.Contains(print, error.Message, StringComparison.Ordinal);
        Assert.Contains("has no key of the type", report.Errors[2].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_with_a_certificate_is_believed_by_ssh_but_not_by_PemHa_which_says_why()
    {
        await PrepareAsync();
        await ways.WriteAsync("authority", $"@cert-authority * {await KeyAsync("authority")}\n");
        Assert.Equal("0", await SshAsync(All, "authority", "HostKeyAlgorithms=ssh-ed25519-cert-v01@openssh.com"));
        var error = Assert.Single((await MeetAsync($"Meet authority {All}")).Errors);
        Assert.Equal("HostKeyUnknown", error.Id);
        Assert.Contains("There is an @cert-authority for it, but PemHa does not check certificates of hosts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_offers_only_what_is_out_of_date_is_refused_though_ssh_can_be_made_to_take_it()
    {
        await PrepareAsync();
        (int Port, string File, string Option, string What)[] old =
        [
            (OldKey, "rsa", "HostKeyAlgorithms=ssh-rsa", "host key"), (OldCipher, "ed25519", "Ciphers=aes128-cbc", "ncryption"),
            (OldExchange, "ed25519", "KexAlgorithms=diffie-hellman-group1-sha1", "ey exchange"),
        ];
        foreach (var (port, file, option, _) in old)
        {
            await KnowAsync($"old_{port}", port, file);
            Assert.Equal("0", await SshAsync(port, $"old_{port}", option));
        }
        var report = await MeetAsync(string.Join('\n', old.Select(o => $"Meet nothing {o.Port}")) + $"\nMeet old_{OldCipher} {OldCipher}; Meet old_{OldExchange} {OldExchange}");
        Assert.Empty(report.Lines);
        Assert.Equal(5, report.Errors.Count);
        Assert.All(report.Errors, e => Assert.Equal("AlgorithmsTooOld", e.Id));
        foreach (var (error, (_, _, _, what)) in report.Errors.Zip(old)) Assert.Contains(what, error.Message, StringComparison.Ordinal);
        // Nobody got as far as a login.
        foreach (var port in new[] { OldKey, OldCipher, OldExchange })
            Assert.Equal("1", await ways.RootAsync("witness1", $"journalctl -q -u trust-{port} -o cat | grep -c Accepted"));
    }

    [Fact]
    public async Task Somebody_who_answers_at_a_hosts_address_is_refused_before_any_secret_is_sent()
    {
        await PrepareAsync();
        var lab = await ways.LabAsync();
        // Whoever was node2's neighbour lately would look for it where it was.
        async Task ForgetAsync()
        {
            (await lab.EnterAsync(["ip", "neigh", "flush", "dev", "br0"], cancellation: ProcedureLab.Cancellation)).Check("ip neigh flush");
            await ways.RootAsync("node1", "ip neigh flush dev eth0");
        }
        // The jump host is one of them.
        await ways.RootAsync("node1", $"ping -c 1 {Node2}");
        await lab.LinkAsync("node2", false, ProcedureLab.Cancellation);
        try
        {
            await ways.RootAsync("witness1", $$"""
                ip addr add {{Node2}}/32 dev eth0
                nft add table ip between; nft add chain ip between in '{ type nat hook prerouting priority -150; }'
                nft add rule ip between in ip daddr {{Node2}} tcp dport 22 redirect to :{{Between}}
                """);
            await ForgetAsync();
            await ways.WriteAsync("without", await ways.KnownAsync(l => !l.StartsWith(Node2, StringComparison.Ordinal)));
            var print = (await ways.RootAsync("witness1", "ssh-keygen -lf /etc/ssh/trust/between.pub")).Split(' ')[1];
            const string log = "journalctl --sync; journalctl -q -u trust-2237 -o cat";
            var report = await ways.ReportAsync("""
                $env:SSH_AUTH_SOCK = "$ways/agent"
                Report { $hosts[1] | Connect-PemHost @known -Credential (Credential root 'Root-pass1') }
                Report { $hosts[1] | Connect-PemHost @known -Credential (Credential admin 'Lab-pass1') -KeyFile "$ways/held.pub" }
                Report { $hosts[1] | Connect-PemHost -KnownHostsFile "$ways/without" -Credential (Credential root 'Root-pass1') }
                # By way of somebody honest.
                Report { $hosts[1] | Connect-PemHost @known -Credential (Credential root 'Root-pass1') -JumpHost root@172.16.161.200 -JumpCredential (Credential root 'Root-pass1') }
                """);
            Assert.Empty(report.Lines);
            Assert.Equal([("HostKeyChanged", "node2"), ("HostKeyChanged", "node2"), ("HostKeyUnknown", "node2"), ("HostKeyChanged", "node2")],
                report.Errors.Select(e => (e.Id, e.Host)));
            Assert.All(report.Errors, e => Assert.Contains(print, e.Message, StringComparison.Ordinal));
            Assert.Contains("Somebody may be in between", report.Errors[0].Message, StringComparison.Ordinal);
            // It was met each time, and heard neither a user's name nor anything after it.
            var heard = await ways.RootAsync("witness1", log);
            Assert.Equal(4, heard.Split('\n').Count(l => l.StartsWith("Connection from 172.16.161.", StringComparison.Ordinal)));
            Assert.DoesNotContain("userauth-request", heard, StringComparison.Ordinal);
            // Who takes its key for the host's own gives it what it waits for; so that log tells.
            await ways.ReportAsync($$"""
                Report { $hosts[1] | Connect-PemHost -KnownHostsFile "$ways/without" -Credential (Credential root 'Not-the-password') -AcceptHostKey '{{print}}' }
                """);
            Assert.Contains("userauth-request", await ways.RootAsync("witness1", log), StringComparison.Ordinal);
        }
        finally
        {
            await ways.RootAsync("witness1", $"nft delete table ip between; ip addr del {Node2}/32 dev eth0");
            await lab.LinkAsync("node2", true, ProcedureLab.Cancellation);
            await ForgetAsync();
        }
        Assert.Equal(["node2"], (await ways.ReportAsync("Report { $hosts[1] | Connect-PemHost @known @key }")).Lines);
    }

    /// <summary><c>Meet FILE PORT [FINGERPRINT]</c> connects to one of the servers, with that file of known hosts.</summary>
    Task<ProcedureReport> MeetAsync(string script) => ways.ReportAsync($$"""
        $number = 9
        function Meet($file, $port, $print) {
            $script:number++
            $met = New-PemHost "172.16.162.$script:number" Standby -Cluster $cluster -Name "met$script:number" -SshPort $port -HostName {{Witness}}
            $accept = if ($print) { @{ AcceptHostKey = $print } } else { @{} }
            Report { $met | Connect-PemHost @key -KnownHostsFile "$ways/$file" @accept | ForEach-Object { $_ | Disconnect-PemHost; 'met' } }
        }
        {{script}}
        """);

    /// <summary>Whether OpenSSH's own client gets in: its exit status.</summary>
    async Task<string> SshAsync(int port, string known, string option)
    {
        var lab = await ways.LabAsync();
        string[] ssh =
        [
            "ssh", "-F", "none", "-i", lab.KeyPath, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", $"UserKnownHostsFile={Path.Combine(ways.Folder, known)}",
            "-o", "StrictHostKeyChecking=yes", "-o", option, "-p", port.ToString(CultureInfo.InvariantCulture), $"root@{Witness}", "echo $?",
        ];
        return (await lab.EnterAsync(ssh, cancellation: ProcedureLab.Cancellation)).Check($"ssh with {option}").Stdout.Trim();
    }

    Task KnowAsync(string name, int port, string file) => WriteKnownAsync(name, $"[{Witness}]:{port.ToString(CultureInfo.InvariantCulture)}", file);

    async Task WriteKnownAsync(string name, string host, string file) => await ways.WriteAsync(name, $"{host} {await KeyAsync(file)}\n");

    async Task<string> KeyAsync(string file) => await ways.RootAsync("witness1", $"cut -d' ' -f1,2 /etc/ssh/trust/{file}.pub");

    async Task PrepareAsync()
    {
        await ways.LabAsync();
        if (s_prepared) return;
        var each = string.Concat(Servers.Select(s => string.Create(CultureInfo.InvariantCulture, $"serve {s.Port} '{s.Options}'\n")));
        await ways.RootAsync("witness1", $$"""
            install -d /etc/ssh/trust; cd /etc/ssh/trust
            for t in ed25519 ecdsa rsa; do ssh-keygen -q -t $t -N '' -f $t; done
            for k in authority between; do ssh-keygen -q -t ed25519 -N '' -f $k; done
            ssh-keygen -q -s authority -h -I witness1 -n {{Witness}} ed25519.pub
            serve() {
                printf 'Port %s\nUsePAM yes\nPidFile none\nPermitRootLogin yes\nAuthorizedKeysFile /etc/ssh/lab_authorized_keys\nStrictModes no\n%b' "$1" "$2" > $1
                systemd-run -q --unit trust-$1 /usr/sbin/sshd -D -f /etc/ssh/trust/$1
                firewall-cmd -q --add-port=$1/tcp
            }
            {{each}}
            for p in {{string.Join(' ', Servers.Select(s => s.Port))}}; do
                n=0; until (exec 3<>/dev/tcp/127.0.0.1/$p) 2>/dev/null; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.1; done
            done
            """);
        s_prepared = true;
    }
}
