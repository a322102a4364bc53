using System.Globalization;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The tests of the ways in share one lab.</summary>
[CollectionDefinition(Name)]
public sealed class WaysTests : ICollectionFixture<WaysLab>
{
    public const string Name = "Ways in";
}

/// <summary>
/// Two data nodes and a witness on two networks. The witness has further sshds, each strict in its own way; on the admin's side are keys,
/// agents and files as an admin has them.
/// </summary>
public sealed class WaysLab : ProcedureLab
{
    /// <summary>An sshd that asks in its own words; one that forwards nothing; one that wants key and password; one that takes two attempts only.</summary>
    internal const int Asking = 2222, Unforwarding = 2223, Both = 2224, Impatient = 2225;

    internal const string Passphrase = "Pass phrase 1";

    RunningCommand? _agent, _emptyAgent;
    bool _prepared;

    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 1, Networks = 2 };

    /// <summary>The admin's files: keys <c>encrypted</c>, <c>held</c> (in the agent alone), <c>strange</c> (known to no host); sockets <c>agent</c> and <c>empty</c>.</summary>
    internal string Folder => Path.Combine(LabPaths.StateOf(Options.Name), "ways");

    /// <summary>Runs a script with <c>$ways</c>, <c>$known</c>, <c>$key</c>, credentials, and a home directory of nobody's.</summary>
    internal async Task<ProcedureReport> ReportAsync(string script)
    {
        await PrepareAsync();
        return await PowerShellAsync($$"""
            function Secret($text) { $secure = [securestring]::new(); foreach ($c in $text.ToCharArray()) { $secure.AppendChar($c) }; $secure }
            function Credential($user, $password) { [pscredential]::new($user, (Secret $password)) }
            $ways = '{{Folder}}'
            $known = @{ KnownHostsFile = "$ways/known_hosts" }
            $key = @{ KeyFile = $env:PEMHA_LAB_KEY }
            $env:HOME = "$ways/home"
            $env:SSH_AUTH_SOCK = ''
            {{script}}
            """);
    }

    /// <summary>A file of the admin's.</summary>
    internal async Task WriteAsync(string name, string text)
    {
        await PrepareAsync();
        await File.WriteAllTextAsync(Path.Combine(Folder, name), text, Cancellation);
    }

    /// <summary>The lines of <c>known_hosts</c> that the test needs, and no others.</summary>
    internal async Task<string> KnownAsync(Func<string, bool> wanted)
    {
        await PrepareAsync();
        return string.Concat((await File.ReadAllLinesAsync(Path.Combine(Folder, "known_hosts"), Cancellation)).Where(wanted).Select(l => l + "\n"));
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var agent in new[] { _agent, _emptyAgent }.OfType<RunningCommand>()) await agent.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    async Task PrepareAsync()
    {
        var lab = await LabAsync();
        if (_prepared) return;
        Directory.CreateDirectory(Path.Combine(Folder, "home"));
        await KeygenAsync("encrypted", Passphrase);
        await KeygenAsync("held", "");
        await KeygenAsync("strange", "");
        (_agent, _emptyAgent) = (await StartAgentAsync("agent"), await StartAgentAsync("empty"));
        var environment = new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = Path.Combine(Folder, "agent") };
        (await Command.RunAsync(["ssh-add", "-q", Path.Combine(Folder, "held")], Cancellation, environment: environment)).Check("ssh-add");
        // Only the agent has it now.
        File.Delete(Path.Combine(Folder, "held"));

        var keys = await File.ReadAllTextAsync(Path.Combine(Folder, "encrypted.pub"), Cancellation)
            + await File.ReadAllTextAsync(Path.Combine(Folder, "held.pub"), Cancellation);
        foreach (var host in lab.Hosts)
        {
            await RootAsync(host.Name, $"""
                for home in /root /home/admin; do
                    install -d -m 700 $home/.ssh; cat > $home/.ssh/authorized_keys <<'E'
                {keys}
                E
                    chmod 600 $home/.ssh/authorized_keys
                done
                chown -R admin: /home/admin/.ssh
                """);
        }
        var further = await RootAsync("witness1", string.Create(CultureInfo.InvariantCulture, $$"""
            install -d /etc/ssh/further; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/further/key
            further() {
                printf 'Port %s\nHostKey /etc/ssh/further/key\nUsePAM yes\nPidFile none\nPermitRootLogin yes\nStrictModes no\n%b' "$1" "$2" > /etc/ssh/further/$1
                printf 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab_authorized_keys\n' >> /etc/ssh/further/$1
                systemd-run -q --unit sshd-$1 /usr/sbin/sshd -D -f /etc/ssh/further/$1
                firewall-cmd -q --add-port=$1/tcp
            }
            further {{Asking}} 'PasswordAuthentication no\nKbdInteractiveAuthentication yes\n'
            further {{Unforwarding}} 'AllowTcpForwarding no\n'
            further {{Both}} 'AuthenticationMethods publickey,password\n'
            further {{Impatient}} 'MaxAuthTries 2\n'
            useradd -m expired; echo expired:Lab-pass1 | chpasswd; chage -d 0 expired
            for port in {{Asking}} {{Unforwarding}} {{Both}} {{Impatient}}; do
                n=0; until ssh-keyscan -p $port 127.0.0.1 2>/dev/null | grep -q .; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.1; done
            done
            cat /etc/ssh/further/key.pub
            """));
        var lines = new[] { Asking, Unforwarding, Both, Impatient }.Select(port =>
            string.Create(CultureInfo.InvariantCulture, $"[{lab["witness1"].Address}]:{port} {string.Join(' ', further.Split(' ').Take(2))}\n"));
        await File.WriteAllTextAsync(Path.Combine(Folder, "known_hosts"),
            await File.ReadAllTextAsync(lab.KnownHostsPath, Cancellation) + string.Concat(lines), Cancellation);
        _prepared = true;
    }

    async Task KeygenAsync(string name, string passphrase) =>
        (await Command.RunAsync(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", Path.Combine(Folder, name)], Cancellation)).Check("ssh-keygen");

    async Task<RunningCommand> StartAgentAsync(string name)
    {
        var socket = Path.Combine(Folder, name);
        var agent = Command.Start(["ssh-agent", "-D", "-a", socket]);
        Assert.True(
            await Wait.UntilAsync(() => File.Exists(socket), TimeSpan.FromSeconds(60), Cancellation),
            "ssh-agent did not start.");
        return agent;
    }
}
