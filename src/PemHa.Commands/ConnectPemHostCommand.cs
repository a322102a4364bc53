using System.Management.Automation;
using System.Security;
using PemHa.Engine;
using PemHa.Engine.Remote;

namespace PemHa.Commands;

/// <summary>Opens SSH connections; all hosts at once.</summary>
/// <remarks>
/// What a parameter says goes before what ssh_config says, and that before the default. Keys and passwords are offered in this order too:
/// those given by parameters, then the keys of ssh_config (or of ~/.ssh), then whatever else ssh-agent holds.
/// </remarks>
[Cmdlet(VerbsCommunications.Connect, "PemHost")]
[OutputType(typeof(PemHost))]
public sealed class ConnectPemHostCommand : AsyncCommand
{
    readonly List<PemHost> _hosts = [];

    /// <summary>The nodes.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0)]
    [ArgumentCompleter(typeof(HostCompleter))]
    public PemHost[] PemHost { get; set; } = [];

    /// <summary>The login, root or a user with sudo. Its password is tried for SSH, asked for in whatever words, and is given to sudo; it opens an
    /// encrypted key when there is no -KeyPassphrase. No jump host gets to see it.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The login when only keys are used. Left out, -Credential's, ssh_config's User, or root.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? UserName { get; set; }

    /// <summary>Private keys to offer to the nodes, and no others; one that cannot be opened may be in ssh-agent. Left out, those of ssh_config's
    /// IdentityFile, or of ~/.ssh, and of ssh-agent; after the password, when a credential is given.</summary>
    [Parameter]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string[]? KeyFile { get; set; }

    /// <summary>Passphrase of encrypted keys, where it is not the password of -Credential.</summary>
    [Parameter]
    public SecureString? KeyPassphrase { get; set; }

    /// <summary>The jump host to go through, user@host:port, or several, the nearest first; none goes straight whatever ssh_config says.
    /// Left out, ssh_config's ProxyJump. A user that is not given is -JumpCredential's, ssh_config's, or your own name here.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(AliasCompleter))]
    public string[]? JumpHost { get; set; }

    /// <summary>The login on jump hosts, where it needs a password.</summary>
    [Parameter]
    [Credential]
    public PSCredential? JumpCredential { get; set; }

    /// <summary>An ssh_config file: ~/.ssh/config when left out and there; none, or nothing, for no such file.</summary>
    [Parameter]
    [AllowEmptyString]
    [ValidateForm("(" + ValidateFormAttribute.Path + ")?", ValidateFormAttribute.PathForm)]
    public string? SshConfigFile { get; set; }

    /// <summary>Files with the hosts' keys, jump hosts' included. Left out, those of ssh_config, or ~/.ssh/known_hosts and the machine's.</summary>
    [Parameter]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string[]? KnownHostsFile { get; set; }

    /// <summary>Fingerprints (SHA256:…) of host keys to accept although no file knows them.</summary>
    [Parameter]
    [ValidateForm("SHA256:[A-Za-z0-9+/]{43}", "a fingerprint as ssh-keygen -lf shows it, SHA256:…")]
    public string[] AcceptHostKey { get; set; } = [];

    /// <summary>Seconds to wait for a host.</summary>
    [Parameter]
    [ValidateRange(1, 600)]
    public int TimeoutSec { get; set; } = 15;

    /// <inheritdoc/>
    protected override void ProcessRecord() => _hosts.AddRange(PemHost);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var password = Credential is null ? null : Clear(Credential);
        // sudo takes one line of it, and a shell that runs as root would read the others.
        if (password?.AsSpan().IndexOfAny('\n', '\r', '\0') >= 0)
            ThrowTerminatingError(Errors.Input("PasswordUnfit", $"The password of {Credential!.UserName} will not do: it holds a line break.", Credential.UserName));
        var options = new SshOptions
        {
            UserName = Credential?.UserName ?? UserName,
            Password = password,
            KeyFile = KeyFile is null ? null : Resolve(KeyFile),
            KeyPassphrase = KeyPassphrase is null ? null : new System.Net.NetworkCredential("", KeyPassphrase).Password,
            KnownHostsFile = KnownHostsFile is null ? null : Resolve(KnownHostsFile),
            AcceptFingerprint = AcceptHostKey,
            JumpHost = JumpHost is null ? null : string.Join(',', JumpHost),
            JumpUserName = JumpCredential?.UserName,
            JumpPassword = JumpCredential is null ? null : Clear(JumpCredential),
            Timeout = TimeSpan.FromSeconds(TimeoutSec),
        };
        var file = SshConfigFile is null or "" or "none" ? SshConfigFile : GetUnresolvedProviderPathFromPSPath(SshConfigFile);
        Pump(async ct =>
        {
            var asked = options with { Config = SshConfig.Choose(file, options.Home) };
            using var connector = new SshConnector();
            var hosts = _hosts.Distinct().ToList();
            var connected = await Task.WhenAll(hosts.Select(host => ConnectAsync(host, asked, connector, ct)));
            foreach (var (host, _) in hosts.Zip(connected).Where(p => p.Second)) Post(() => WriteObject(host));
        });
    }

    async Task<bool> ConnectAsync(PemHost host, SshOptions options, SshConnector connector, CancellationToken ct)
    {
        try
        {
            // The addresses of a recorded host belong to another network: here they may be those of other machines.
            if (host.Session is RecordedSession recorded) throw recorded.Refusal(host);
            var session = await SshSession.ConnectAsync(host, SshRoute.To(host, options), connector, ct);
            host.Session?.Dispose();
            host.Session = session;
            Post(() => WriteVerbose($"{host.Name}: {host.Address} is connected, {session.Way}"));
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Post(() => WriteError(Errors.Record(PemException.Unexpected(e).At(host, "Connect-PemHost"))));
            return false;
        }
    }

    List<string> Resolve(string[] paths) => [.. paths.Select(GetUnresolvedProviderPathFromPSPath)];
}
