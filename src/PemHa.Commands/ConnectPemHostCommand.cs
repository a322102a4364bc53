using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Remote;

namespace PemHa.Commands;

/// <summary>Opens SSH connections; all hosts at once.</summary>
[Cmdlet(VerbsCommunications.Connect, "PemHost")]
[OutputType(typeof(PemHost))]
public sealed class ConnectPemHostCommand : AsyncCommand
{
    readonly List<PemHost> _hosts = [];

    /// <summary>The nodes.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0)]
    public PemHost[] PemHost { get; set; } = [];

    /// <summary>The login, root or a user with sudo. Its password is tried for SSH, opens an encrypted key, and is given to sudo.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The login when only keys are used.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string UserName { get; set; } = "root";

    /// <summary>Private keys to offer; those of ~/.ssh when neither a key nor a credential is given.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? KeyFile { get; set; }

    /// <summary>Files with the hosts' keys; ~/.ssh/known_hosts and the machine's when left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? KnownHostsFile { get; set; }

    /// <summary>Fingerprint (SHA256:…) of a host key to accept although no file knows it.</summary>
    [Parameter]
    [ValidatePattern("^SHA256:[A-Za-z0-9+/]{43}$")]
    public string? AcceptHostKey { get; set; }

    /// <summary>Seconds to wait for a host.</summary>
    [Parameter]
    [ValidateRange(1, 600)]
    public int TimeoutSec { get; set; } = 15;

    /// <inheritdoc/>
    protected override void ProcessRecord() => _hosts.AddRange(PemHost);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var ssh = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ssh");
        var options = new SshOptions
        {
            UserName = Credential?.UserName ?? UserName,
            Password = Credential?.GetNetworkCredential().Password,
            KeyFile = KeyFile is not null ? Resolve(KeyFile)
                : Credential is not null ? []
                : [.. new[] { "id_ed25519", "id_ecdsa", "id_rsa" }.Select(n => Path.Combine(ssh, n)).Where(File.Exists)],
            KnownHostsFile = KnownHostsFile is not null ? Resolve(KnownHostsFile) : [Path.Combine(ssh, "known_hosts"), "/etc/ssh/ssh_known_hosts"],
            AcceptFingerprint = AcceptHostKey?.TrimEnd('='),
            Timeout = TimeSpan.FromSeconds(TimeoutSec),
        };
        Pump(async ct =>
        {
            var hosts = _hosts.Distinct().ToList();
            var connected = await Task.WhenAll(hosts.Select(host => ConnectAsync(host, options, ct)));
            foreach (var (host, _) in hosts.Zip(connected).Where(p => p.Second)) Post(() => WriteObject(host));
        });
    }

    async Task<bool> ConnectAsync(PemHost host, SshOptions options, CancellationToken ct)
    {
        try
        {
            var session = await SshSession.ConnectAsync(host, options, ct);
            host.Session?.Dispose();
            host.Session = session;
            Post(() => WriteVerbose($"{host.Name}: connected to {host.Address} as {options.UserName}"));
            return true;
        }
        catch (PemException e)
        {
            Post(() => WriteError(Errors.Record(e.At(host, "Connect-PemHost"))));
            return false;
        }
    }

    List<string> Resolve(string[] paths) => [.. paths.Select(GetUnresolvedProviderPathFromPSPath)];
}
