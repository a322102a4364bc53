using System.Net.Sockets;
using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace PemHa.Engine.Remote;

/// <summary>How to reach and enter a host.</summary>
sealed record SshOptions
{
    public required string UserName { get; init; }

    /// <summary>Private key files to offer; empty when only a password is used.</summary>
    public IReadOnlyList<string> KeyFile { get; init; } = [];

    /// <summary>Password of the user, or the passphrase of the key when there is one; also given to sudo.</summary>
    public string? Password { get; init; }

    public required IReadOnlyList<string> KnownHostsFile { get; init; }

    /// <summary>Fingerprint (<c>SHA256:…</c>) to trust although <c>known_hosts</c> does not know the host.</summary>
    public string? AcceptFingerprint { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>An SSH connection to one host that runs scripts as root. The only place that knows the SSH library.</summary>
sealed class SshSession : IDisposable
{
    readonly PemHost _host;
    readonly SshOptions _options;
    readonly SshClient _client;
    readonly IReadOnlyList<PrivateKeyFile> _keys;

    // A session of its own: what stops the connection's processes (a signal, a hang-up) does not reach a command in its middle.
    string _shell = "setsid -w sh";
    bool _sudoAsks;

    SshSession(PemHost host, SshOptions options, SshClient client, IReadOnlyList<PrivateKeyFile> keys, Redactor redactor)
    {
        _host = host;
        _options = options;
        _client = client;
        _keys = keys;
        Redactor = redactor;
        if (options.Password is { } password) redactor.Add(password);
    }

    public Redactor Redactor { get; }

    /// <summary>How long a command may say nothing before the host is asked whether it is still there.</summary>
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <summary>The session of a connected host.</summary>
    /// <exception cref="PemException">The host is not connected.</exception>
    public static SshSession Of(PemHost host) => host.Session as SshSession
        ?? throw new PemException("NotConnected", Trouble.InvalidOperation, $"{host.Name} is not connected.", "Run Connect-PemHost first.") { Host = host };

    /// <summary>Opens a connection.</summary>
    /// <exception cref="PemException">Unreachable, an unknown or changed host key, or a refused login.</exception>
    public static async Task<SshSession> ConnectAsync(PemHost host, SshOptions options, CancellationToken ct)
    {
        var keys = options.KeyFile.Select(path => ReadKey(host, path, options.Password)).ToList();
        var methods = new List<AuthenticationMethod>();
        if (keys.Count > 0) methods.Add(new PrivateKeyAuthenticationMethod(options.UserName, [.. keys]));
        if (options.Password is { } password) methods.Add(new PasswordAuthenticationMethod(options.UserName, password));
        if (methods.Count == 0)
            throw new PemException("NoCredential", Trouble.InvalidArgument, $"No key file and no password for {options.UserName}@{host.Name}.",
                "Give -KeyFile, -Credential or both.")
            { Host = host };

        var known = KnownHosts.Read(options.KnownHostsFile);
        var info = new ConnectionInfo(host.Address, host.SshPort, options.UserName, [.. methods]) { Timeout = options.Timeout };
        PreferKnownKeyTypes(info, known.KeyTypes(host.Address, host.SshPort));
        var client = new SshClient(info) { KeepAliveInterval = TimeSpan.FromSeconds(5) };
        PemException? distrust = null;
        client.HostKeyReceived += (_, e) =>
        {
            distrust = Judge(host, options, known, e);
            e.CanTrust = distrust is null;
        };
        try
        {
            await client.ConnectAsync(ct).WaitAsync(options.Timeout, ct);
            var session = new SshSession(host, options, client, keys, new Redactor());
            if (options.UserName != "root") await session.BecomeRootAsync(ct);
            return session;
        }
        catch (Exception e) when (e is PemException or SshException or SocketException or TimeoutException or ArgumentException or InvalidOperationException)
        {
            client.Dispose();
            foreach (var key in keys) key.Dispose();
            throw distrust ?? e as PemException ?? Translate(host, options, e);
        }
    }

    /// <summary>Runs a script as root, in one round trip.</summary>
    /// <exception cref="PemException">The connection broke, root is not to be had, or the host is locked by another run.</exception>
    public async Task<IReadOnlyList<FragmentResult>> RunAsync(RemoteScript script, CancellationToken ct)
    {
        if (script.Count == 0) return [];
        // sudo reads the password's line and leaves the rest of standard input to sh.
        var (status, output, error) = await ExecuteAsync(_shell, _sudoAsks ? _options.Password + "\n" + script.Render() : script.Render(), ct);
        var results = script.Parse(output);
        if (results.Count == 0) throw NothingRan(status, Redactor.Redact(error.Trim()));
        return results;
    }

    /// <summary>Finds out how sudo is to be called: a password that it does not ask for would be read by the shell behind it.</summary>
    async Task BecomeRootAsync(CancellationToken ct)
    {
        // -k: whatever sudo remembers of an earlier login is not counted on.
        var (status, _, error) = await ExecuteAsync("sudo -k -n true", "", ct);
        if (status != 0 && _options.Password is { } password)
        {
            _sudoAsks = true;
            (status, _, error) = await ExecuteAsync("sudo -k -S -p '' true", password + "\n", ct);
        }
        if (status != 0) throw SudoRefused(Redactor.Redact(error.Trim()));
        _shell = $"sudo -k {(_sudoAsks ? "-S -p ''" : "-n")} {_shell}";
    }

    async Task<(int? Status, string Output, string Error)> ExecuteAsync(string commandLine, string input, CancellationToken ct)
    {
        using var command = _client.CreateCommand(commandLine, Encoding.UTF8);
        try
        {
            var running = command.ExecuteAsync(ct);
            using (var stdin = command.CreateInputStream())
            {
                await stdin.WriteAsync(Encoding.UTF8.GetBytes(input), ct);
            }
            while (await Task.WhenAny(running, Task.Delay(Silence, ct)) != running) await ProveAliveAsync(ct);
            await running;
            return (command.ExitStatus, command.Result, command.Error);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is SshException or SocketException or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            if (ReferenceEquals(_host.Session, this)) _host.Session = null;
            throw new PemException("ConnectionLost", Trouble.ConnectionError, $"The connection to {_host.Name} ({_host.Address}) broke: {e.Message}",
                "Check the host and the network, connect again and run the step again: it continues where it stopped.", e)
            { Host = _host };
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        foreach (var key in _keys) key.Dispose();
    }

    /// <summary>A host whose power was cut, or that hangs, does not close its connections: without this question a command would be waited for without end.</summary>
    async Task ProveAliveAsync(CancellationToken ct)
    {
        using var question = _client.CreateCommand("true");
        try
        {
            await question.ExecuteAsync(ct).WaitAsync(Silence, ct);
        }
        catch (TimeoutException e)
        {
            throw new SshOperationTimeoutException($"it has not answered for {Silence.TotalSeconds:0} s", e);
        }
    }

    PemException NothingRan(int? status, string error) => status switch
    {
        RemoteScript.LockTimeout => new PemException("HostLocked", Trouble.ResourceBusy, $"Another run of PemHa works on {_host.Name}.",
            "Wait until it is finished (`fuser -v /run/lock/pemha.lock` on the host tells which process), then run the step again.")
        { Host = _host },
        _ when _options.UserName != "root" && error.Contains("sudo", StringComparison.Ordinal) => SudoRefused(error),
        _ => new PemException("ScriptFailed", Trouble.InvalidResult, $"{_host.Name} answered nothing (exit status {status}): {error}",
            "Look at the host: POSIX sh, flock and coreutils are needed there.")
        { Host = _host },
    };

    PemException SudoRefused(string error) => new("SudoRefused", Trouble.AuthenticationError, $"sudo refused {_options.UserName} on {_host.Name}: {error}",
        "Give the user's password with -Credential, or allow sudo without one.")
    { Host = _host };

    static PrivateKeyFile ReadKey(PemHost host, string path, string? passphrase)
    {
        try
        {
            return passphrase is null ? new PrivateKeyFile(path) : new PrivateKeyFile(path, passphrase);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SshException or NotSupportedException)
        {
            throw new PemException("KeyFileUnreadable", Trouble.InvalidArgument, $"The key file {path} cannot be used: {e.Message}",
                "Give a private key in OpenSSH or PEM format; for an encrypted key give its passphrase as the password of -Credential.", e)
            { Host = host };
        }
    }

    static void PreferKnownKeyTypes(ConnectionInfo info, IReadOnlyList<string> types)
    {
        if (types.Count == 0) return;
        // ssh-rsa in known_hosts names the key; the signature algorithms for it have other names.
        var wanted = types.SelectMany(t => t == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : new[] { t }).ToHashSet(StringComparer.Ordinal);
        if (!info.HostKeyAlgorithms.Keys.Any(wanted.Contains)) return;
        foreach (var name in info.HostKeyAlgorithms.Keys.Where(name => !wanted.Contains(name)).ToList()) info.HostKeyAlgorithms.Remove(name);
    }

    static PemException? Judge(PemHost host, SshOptions options, KnownHosts known, HostKeyEventArgs e)
    {
        var fingerprint = "SHA256:" + e.FingerPrintSHA256;
        var where = string.Join(", ", options.KnownHostsFile);
        // The name in the wire form is that of the key; the event names the signature algorithm.
        var type = e.HostKeyName.StartsWith("rsa-sha2", StringComparison.Ordinal) ? "ssh-rsa" : e.HostKeyName;
        return known.Check(host.Address, host.SshPort, type, e.HostKey) switch
        {
            HostKeyVerdict.Known => null,
            HostKeyVerdict.Unknown when options.AcceptFingerprint == fingerprint => null,
            HostKeyVerdict.Unknown => new PemException("HostKeyUnknown", Trouble.SecurityError,
                $"The key of {host.Name} ({host.Address}), {type} {fingerprint}, is not in {where}.",
                $"Compare it with `ssh-keygen -lf` on the host, then add it with ssh-keyscan, or give -AcceptHostKey '{fingerprint}'.")
            { Host = host },
            HostKeyVerdict.Revoked => new PemException("HostKeyRevoked", Trouble.SecurityError,
                $"The key of {host.Name} ({host.Address}), {type} {fingerprint}, is marked @revoked in {where}.",
                "Do not connect; find out why it was revoked.")
            { Host = host },
            _ => new PemException("HostKeyChanged", Trouble.SecurityError,
                $"The key of {host.Name} ({host.Address}) is not the one in {where}: it sent {type} {fingerprint}. Somebody may be in between.",
                "If the host was reinstalled, remove the old line with `ssh-keygen -R` after comparing the fingerprint on the host itself.")
            { Host = host },
        };
    }

    static PemException Translate(PemHost host, SshOptions options, Exception e) => e switch
    {
        SshAuthenticationException => new PemException("LoginRefused", Trouble.AuthenticationError,
            $"{host.Name} ({host.Address}) refused the login of {options.UserName}: {e.Message}",
            "Check the user, its key and its password.", e)
        { Host = host },
        _ => new PemException("Unreachable", Trouble.ConnectionError,
            $"{host.Name} ({host.Address}, port {host.SshPort}) cannot be reached: {e.Message}",
            "Check that the host is up, its address and SSH port, and the firewall in between.", e)
        { Host = host },
    };
}
