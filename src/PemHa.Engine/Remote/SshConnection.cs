using System.Diagnostics;
using System.Net.Sockets;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Messages.Transport;

namespace PemHa.Engine.Remote;

/// <summary>A connection to one machine whose key was checked and that let us in.</summary>
sealed class SshConnection : IDisposable
{
    /// <summary>By how much a wait may end early, on Windows.</summary>
    static readonly TimeSpan ClockTick = TimeSpan.FromMilliseconds(16);

    readonly SshTunnel? _tunnel;

    SshConnection(SshHop hop, SshClient client, SshTunnel? tunnel) => (Hop, Client, _tunnel) = (hop, client, tunnel);

    public SshHop Hop { get; }

    /// <summary>The library's client.</summary>
    public SshClient Client { get; }

    /// <summary>The jump hosts that it goes through, the nearest first.</summary>
    public IReadOnlyList<SshHop> Jumps => _tunnel?.Jump.Hops ?? [];

    /// <summary>How it was come by, for messages: nothing, or the jump hosts that it goes through.</summary>
    public string Way => Through(_tunnel?.Jump);

    /// <summary>Opens a connection.</summary>
    /// <param name="via">The jump host to go through; null for the direct way.</param>
    /// <exception cref="PemException">Unreachable, an unknown or changed host key, or a refused login.</exception>
    public static async Task<SshConnection> OpenAsync(SshHop hop, SshKeys keys, SshJump? via, CancellationToken ct)
    {
        using var login = await SshLogin.PrepareAsync(hop, keys, ct);
        var known = KnownHosts.Read(hop.KnownHostsFile);
        var tunnel = Tunnel();
        var (address, port) = tunnel is null ? (hop.HostName, hop.Port) : (SshTunnel.Address, tunnel.Port);
        var info = new ConnectionInfo(address, port, hop.UserName, [.. login.Methods]) { Timeout = hop.Timeout };
        DropWeak(info);
        var types = known.KeyTypes(hop.KnownAs.Name, hop.KnownAs.Port);
        PreferKnownKeyTypes(info, types);
        var client = new SshClient(info) { KeepAliveInterval = TimeSpan.FromSeconds(5) };
        PemException? distrust = null;
        var greeted = false;
        client.ServerIdentificationReceived += (_, _) => greeted = true;
        client.HostKeyReceived += (_, e) =>
        {
            distrust = Judge(hop, known, e.HostKeyName, e.HostKey);
            e.CanTrust = distrust is null;
        };
        var since = Stopwatch.GetTimestamp();
        var connecting = client.ConnectAsync(ct);
        try
        {
            await connecting.WaitAsync(hop.Timeout, ct);
            return new SshConnection(hop, client, tunnel);
        }
        catch (Exception e)
        {
            // What is given up half-way may still succeed later; nobody would close it then.
            _ = connecting.ContinueWith(_ =>
            {
                client.Dispose();
                tunnel?.Dispose();
            }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            if (e is not (SshException or SocketException or TimeoutException or ArgumentException or InvalidOperationException or ObjectDisposedException)) throw;
            // The library waits as long for the jump host as we do for the node, and then hangs up; whichever is first, nobody answered.
            if (via is not null && !greeted && Stopwatch.GetElapsedTime(since) > hop.Timeout - ClockTick) e = new TimeoutException();
            throw distrust ?? NothingInCommon(hop, types, e) ?? Translate(hop, login, via, greeted, e);
        }

        SshTunnel? Tunnel()
        {
            try
            {
                return via?.Forward(hop.HostName, hop.Port);
            }
            catch (Exception e) when (e is SshException or SocketException or InvalidOperationException)
            {
                throw Translate(hop, login, via, false, e);
            }
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        _tunnel?.Dispose();
    }

    /// <summary>What the library knows, and nobody should believe any more; and certificates of hosts, which would have to be checked.</summary>
    static void DropWeak(ConnectionInfo info)
    {
        Drop(info.HostKeyAlgorithms, n => n == "ssh-rsa" || n.StartsWith("ssh-dss", StringComparison.Ordinal) || n.Contains("-cert-", StringComparison.Ordinal));
        Drop(info.KeyExchangeAlgorithms, n => n.EndsWith("-sha1", StringComparison.Ordinal));
        Drop(info.Encryptions, n => n.EndsWith("-cbc", StringComparison.Ordinal));
        Drop(info.HmacAlgorithms, n => n.StartsWith("hmac-sha1", StringComparison.Ordinal) || n.StartsWith("hmac-md5", StringComparison.Ordinal));

        static void Drop<T>(IDictionary<string, T> algorithms, Func<string, bool> weak)
        {
            foreach (var name in algorithms.Keys.Where(weak).ToList()) algorithms.Remove(name);
        }
    }

    /// <summary>The two ends did not agree on an algorithm; nothing of the login was sent. Null when it was something else.</summary>
    internal static PemException? NothingInCommon(SshHop hop, IReadOnlyList<string> types, Exception e)
    {
        if (e is not SshConnectionException { DisconnectReason: DisconnectReason.KeyExchangeFailed }) return null;
        var said = e.Message.TrimEnd('.');
        return types.Count > 0 && said.Contains("host key algorithm", StringComparison.Ordinal)
            ? new PemException("HostKeyChanged", Trouble.SecurityError,
                $"{Capital(hop.Label)} has no key of the type that {string.Join(", ", hop.KnownHostsFile)} has for it ({string.Join(", ", types)}): {said}. Somebody may be in between.",
                "If the host was reinstalled, remove the old line with `ssh-keygen -R` after comparing the fingerprint on the host itself.", e)
            : new PemException("AlgorithmsTooOld", Trouble.SecurityError, $"{Capital(hop.Label)} and PemHa have no safe algorithm in common: {said}.",
                "Let its sshd offer what today's do, such as ssh-ed25519 or rsa-sha2-512, curve25519-sha256, aes256-ctr and hmac-sha2-256; PemHa uses no SHA-1 and no CBC.", e);
    }

    static void PreferKnownKeyTypes(ConnectionInfo info, IReadOnlyList<string> types)
    {
        if (types.Count == 0) return;
        // ssh-rsa in known_hosts names the key; the signature algorithms for it have other names.
        var wanted = types.SelectMany(t => t == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : new[] { t }).ToHashSet(StringComparer.Ordinal);
        if (!info.HostKeyAlgorithms.Keys.Any(wanted.Contains)) return;
        foreach (var name in info.HostKeyAlgorithms.Keys.Where(name => !wanted.Contains(name)).ToList()) info.HostKeyAlgorithms.Remove(name);
    }

    /// <summary>Why a host's key is not believed; null when it is.</summary>
    internal static PemException? Judge(SshHop hop, KnownHosts known, string algorithm, byte[] key)
    {
        var fingerprint = PublicKeys.Fingerprint(key);
        var where = hop.KnownHostsFile.Count == 0 ? "no file" : string.Join(", ", hop.KnownHostsFile);
        var (name, port) = hop.KnownAs;
        var listed = port == 22 ? name : FormattableString.Invariant($"[{name}]:{port}");
        // The name in the wire form is that of the key; the event names the signature algorithm.
        var type = algorithm.StartsWith("rsa-sha2", StringComparison.Ordinal) ? "ssh-rsa" : algorithm;
        return known.Check(name, port, type, key) switch
        {
            HostKeyVerdict.Known => null,
            HostKeyVerdict.Unknown when hop.AcceptFingerprint.Contains(fingerprint) => null,
            HostKeyVerdict.Unknown => new PemException("HostKeyUnknown", Trouble.SecurityError,
                $"The key of {hop.Label}, {type} {fingerprint}, is not in {where} under {listed}."
                + (known.HasAuthority(name, port) ? " There is an @cert-authority for it, but PemHa does not check certificates of hosts." : ""),
                $"Compare it with `ssh-keygen -lf` on the host, then add it with ssh-keyscan, or give -AcceptHostKey '{fingerprint}'."),
            HostKeyVerdict.Revoked => new PemException("HostKeyRevoked", Trouble.SecurityError,
                $"The key of {hop.Label}, {type} {fingerprint}, is marked @revoked in {where}.",
                "Do not connect; find out why it was revoked."),
            _ => new PemException("HostKeyChanged", Trouble.SecurityError,
                $"The key of {hop.Label} is not the one in {where} under {listed}: it sent {type} {fingerprint}. Somebody may be in between.",
                "If the host was reinstalled, remove the old line with `ssh-keygen -R` after comparing the fingerprint on the host itself."),
        };
    }

    /// <summary>What the library said, as an error of ours.</summary>
    internal static PemException Translate(SshHop hop, SshLogin login, SshJump? via, bool greeted, Exception e) => e switch
    {
        // Refused by the server's count of attempts, not by the keys themselves.
        SshConnectionException when e.Message.Contains("Too many authentication failures", StringComparison.Ordinal) => new PemException("LoginRefused",
            Trouble.AuthenticationError, $"{hop.Label} refused the login of {hop.UserName} after too many attempts. {login.Story}",
            "Name the one key: -KeyFile, or IdentityFile with IdentitiesOnly yes in ssh_config.", e),
        SshAuthenticationException => new PemException("LoginRefused", Trouble.AuthenticationError,
            $"{hop.Label} refused the login of {hop.UserName}: {e.Message.TrimEnd('.')}. {login.Story}", "Check the user, its key and its password.", e),
        TimeoutException or SshOperationTimeoutException when login.Signing => new PemException("AgentSilent", Trouble.OperationTimeout,
            $"The ssh-agent did not sign for {hop.Label} within {hop.Timeout.TotalSeconds:0} s.",
            "It may wait for you to confirm, or to touch the token; give more time with -TimeoutSec.", e),
        // Their end of the tunnel never said a word: the jump host did not get through, and SSH does not tell us why.
        SshConnectionException or SocketException when via is not null && !greeted => new PemException("JumpRefused", Trouble.ConnectionError,
            $"{Capital(via.Label)} opened no connection to {hop.Label}{UsualPort(hop)}.",
            "Check that its sshd allows TCP forwarding (AllowTcpForwarding, PermitOpen), and that it reaches that name or address and port."),
        _ => new PemException("Unreachable", Trouble.ConnectionError,
            $"{Capital(hop.Label)} cannot be reached{UsualPort(hop)}{Through(via)}: {e.Message}",
            "Check that the host is up, its address and SSH port, and the firewall in between.", e),
    };

    static string Through(SshJump? via) => via is null ? "" : $" through {via.Label}{via.Way}";

    static string UsualPort(SshHop hop) => hop.Port == 22 ? " on port 22" : "";

    static string Capital(string text) => text.StartsWith("the ", StringComparison.Ordinal) ? "T" + text[1..] : text;
}
