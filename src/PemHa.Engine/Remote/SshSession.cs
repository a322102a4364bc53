using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace PemHa.Engine.Remote;

/// <summary>An SSH connection to one host that runs scripts as root. Only the files Ssh*.cs of this folder know the SSH library.</summary>
class SshSession : IProbeSession, IDisposable
{
    readonly PemHost _host;
    readonly SshConnection _connection;

    // A session of its own: what stops the connection's processes (a signal, a hang-up) does not reach a command in its middle.
    string _shell = "setsid -w sh";
    bool _sudoAsks;

    private protected SshSession(PemHost host, SshConnection connection, Redactor redactor)
    {
        _host = host;
        _connection = connection;
        Redactor = redactor;
    }

    public Redactor Redactor { get; }

    /// <summary>How long a command may say nothing before the host is asked whether it is still there.</summary>
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <summary>How many bytes a host may say to one script: far more than all files that are edited hold, and far less than the memory here.</summary>
    const long MostSaid = 16 << 20;

    /// <summary>How often a command that runs is looked at.</summary>
    static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    /// <summary>The session of a connected host.</summary>
    /// <exception cref="PemException">The host is not connected or comes from a support bundle.</exception>
    public static SshSession Of(PemHost host) => host.Session switch
    {
        SshSession session => session,
        RecordedSession recorded => throw recorded.Refusal(host),
        _ => throw new PemException("NotConnected", Trouble.InvalidOperation, $"{host.Name} is not connected.",
            "Run Connect-PemHost first.")
        { Host = host },
    };

    /// <summary>Opens a connection, and finds out how to be root there and what the host's own address is.</summary>
    /// <exception cref="PemException">Unreachable, an unknown or changed host key, a refused login or sudo, or an address that nobody knows.</exception>
    public static async Task<SshSession> ConnectAsync(PemHost host, SshRoute route, SshConnector connector, CancellationToken ct)
    {
        var connection = await connector.OpenAsync(route, ct);
        try
        {
            var session = new SshSession(host, connection, new Redactor());
            if (route.Node.Password is { } password) session.Redactor.Add(password);
            if (route.Node.UserName != "root") await session.BecomeRootAsync(ct);
            await NodeAddress.FindAsync(host, route, session, ct);
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>What a script says that needs no root, and would not be told as root what sudo hides.</summary>
    /// <exception cref="PemException">The connection broke, or the host says too much or nothing.</exception>
    public async Task<string> AskAsync(string script, CancellationToken ct) => (await ExecuteAsync("sh", script, Patience, ct)).Output;

    /// <summary>Runs a script as root, in one round trip.</summary>
    /// <exception cref="PemException">The connection broke, root is not to be had, the host is locked by another run, or it says too much or nothing.</exception>
    public async Task<IReadOnlyList<FragmentResult>> RunAsync(RemoteScript script, CancellationToken ct)
    {
        if (script.Count == 0) return [];
        // sudo reads the password's line and leaves the rest of standard input to sh.
        var (status, output, error) = await ExecuteAsync(_shell, _sudoAsks ? Login.Password + "\n" + script.Render() : script.Render(), script.Deadline, ct);
        var results = script.Parse(output);
        if (results.Count == 0) throw NothingRan(status, Redactor.Redact(error.Trim()));
        return results;
    }

    /// <summary>
    /// How far the host's clock is ahead of this machine's, in seconds. Measured by a script of its own, so that the
    /// round trip is short.
    /// </summary>
    public async Task<string> ClockOffsetAsync(CancellationToken ct)
    {
        var (shortest, ahead) = (TimeSpan.MaxValue, "");
        // The measurement is off by at most half the round trip. Retry while the round trip is slow and keep the
        // fastest sample.
        for (var asked = 0; asked < 3 && shortest > TimeSpan.FromSeconds(0.1); asked++)
        {
            var script = new RemoteScript("", null);
            script.Add("date +%s.%N", stopsOnFailure: false);
            var watch = Stopwatch.StartNew();
            var before = DateTime.UtcNow;
            var said = (await RunAsync(script, ct))[0].Output.Trim();
            var took = watch.Elapsed;
            if (took >= shortest) continue;

            shortest = took;
            var here = (decimal)((before - DateTime.UnixEpoch) + took / 2).TotalSeconds;
            ahead = decimal.TryParse(said, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var there)
                ? Math.Round(there - here, 3).ToString(CultureInfo.InvariantCulture)
                : "";
        }
        return ahead;
    }

    /// <summary>Finds out how sudo is to be called: a password that it does not ask for would be read by the shell behind it.</summary>
    async Task BecomeRootAsync(CancellationToken ct)
    {
        // The one command line that sudoers has to allow (docs/security.md); an empty line is nothing to do. With no input at all the library sends no end of it.
        // -k: whatever sudo remembers of an earlier login is not counted on.
        var shell = $"sudo -k -n {_shell}";
        var (status, _, error) = await ExecuteAsync(shell, "\n", Patience, ct);
        if (status != 0 && Login.Password is { } password)
        {
            _sudoAsks = true;
            shell = $"sudo -k -S -p '' {_shell}";
            (status, _, error) = await ExecuteAsync(shell, password + "\n", Patience, ct);
        }
        if (status != 0) throw SudoRefused(Redactor.Redact(error.Trim()));
        _shell = shell;
    }

    /// <summary>For how long nobody worries who waits for a word of the host's: four times as long as a connection may take.</summary>
    TimeSpan Patience => 4 * Login.Timeout;

    /// <param name="deadline">How long the command may take once it has said its first word; null for however long it takes.</param>
    private protected virtual async Task<(int? Status, string Output, string Error)> ExecuteAsync(
        string commandLine, string input, TimeSpan? deadline, CancellationToken ct)
    {
        SshCommand? command = null;
        Task? running = null;
        try
        {
            // Whatever ends early, as a sudo that refuses does, leaves its input to cat: input that came after the channel's end would end the connection.
            command = _connection.Client.CreateCommand($"sh -c {Sh.Quote($"{commandLine}; s=$?; cat >/dev/null; exit $s")}", Encoding.UTF8);
            running = command.ExecuteAsync(CancellationToken.None);
            // A host that does not read holds up whoever writes.
            var writing = Task.Run(() => Write(command, input), CancellationToken.None);
            await EndOfAsync(command, running, writing, deadline, ct);
            return (command.ExitStatus, command.Result, command.Error);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is SshException or SocketException or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            if (ReferenceEquals(_host.Session, this)) _host.Session = null;
            throw new PemException("ConnectionLost", Trouble.ConnectionError, $"The connection to {Login.Label}{_connection.Way} broke: {e.Message}",
                "Check the host and the network, connect again and run the step again: it continues where it stopped.", e)
            { Host = _host };
        }
        finally
        {
            if (command is not null) Leave(command, running);
        }
    }

    /// <summary>Waits for a command's end, with an eye on what it says: the library keeps all of it until somebody reads it.</summary>
    async Task EndOfAsync(SshCommand command, Task running, Task writing, TimeSpan? deadline, CancellationToken ct)
    {
        var (said, watch, heard) = (0L, Stopwatch.StartNew(), Stopwatch.StartNew());
        while (await Task.WhenAny(running, Task.Delay(Glance, ct)) != running)
        {
            ct.ThrowIfCancellationRequested();
            if (writing.IsFaulted) await writing;
            if (Said(command) is var now && now != said)
            {
                said = now;
                heard.Restart();
            }
            if (said > MostSaid) throw TooLong();
            if (watch.Elapsed > (said == 0 ? Patience : deadline)) throw Overdue(watch.Elapsed);
            if (heard.Elapsed > Silence)
            {
                await ProveAliveAsync(ct);
                heard.Restart();
            }
        }
        await running;
        if (Said(command) > MostSaid) throw TooLong();
    }

    static long Said(SshCommand command) => command.OutputStream.Length + command.ExtendedOutputStream.Length;

    /// <summary>Done with a command. One that still runs is told to end, and what it says from now on is dropped; the host's answer to that is nobody's to wait for.</summary>
    static void Leave(SshCommand command, Task? running)
    {
        if (running is not { IsCompleted: false })
        {
            command.Dispose();
            return;
        }
        _ = Task.Run(() =>
        {
            try
            {
                command.CancelAsync(forceKill: false, millisecondsTimeout: 0);
                command.Dispose();
            }
            catch (Exception e) when (e is SshException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The connection is gone, and the command with it.
            }
        });
    }

    static void Write(SshCommand command, string input)
    {
        using var stdin = command.CreateInputStream();
        var bytes = Encoding.UTF8.GetBytes(input);
        try
        {
            stdin.Write(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public void Dispose() => _connection.Dispose();

    /// <summary>As whom and over what the connection goes, for a person.</summary>
    public string Way => $"as {Login.UserName}{_connection.Way}";

    /// <summary>The same for OpenSSH's client: the arguments with which <c>ssh</c> goes this way.</summary>
    public IReadOnlyList<string> Arguments =>
    [
        "-l", Login.UserName, "-p", Login.Port.ToString(CultureInfo.InvariantCulture),
        .. _connection.Jumps.Count == 0 ? [] : new[] { "-J", string.Join(',', _connection.Jumps.Select(j => $"{j.UserName}@{Bracketed(j.HostName)}:{j.Port}")) },
        Login.HostName,
    ];

    /// <summary>As whom the connection was made.</summary>
    public string UserName => Login.UserName;

    /// <summary>Whether the login is root's own.</summary>
    public bool IsRoot => UserName == "root";

    static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;

    SshHop Login => _connection.Hop;

    /// <summary>A host whose power was cut, or that hangs, does not close its connections: without this question a command would be waited for without end.</summary>
    async Task ProveAliveAsync(CancellationToken ct)
    {
        var question = _connection.Client.CreateCommand("true");
        Task? running = null;
        try
        {
            running = question.ExecuteAsync(CancellationToken.None);
            var watch = Stopwatch.StartNew();
            // One that has something to say is there; the rest of it is not waited for.
            while (Said(question) == 0 && await Task.WhenAny(running, Task.Delay(Glance, ct)) != running)
            {
                ct.ThrowIfCancellationRequested();
                if (watch.Elapsed > Silence) throw new SshOperationTimeoutException($"it has not answered for {Silence.TotalSeconds:0} s");
            }
            if (running.IsCompleted) await running;
        }
        finally
        {
            Leave(question, running);
        }
    }

    PemException TooLong() => new("AnswerTooLong", Trouble.InvalidResult, $"{_host.Name} said more than {MostSaid >> 20} MB and was not listened to any longer.",
        "Look at the host: what its shell prints at each login (~/.bashrc, sshd's ForceCommand), or how large the file is that it was asked for.")
    { Host = _host };

    PemException Overdue(TimeSpan waited) => new("AnswerOverdue", Trouble.OperationTimeout, $"{_host.Name} is there, but its answer has not come within {waited.TotalSeconds:0} s.",
        "Look at the host: it is overloaded, or its shell, sudo or a command hangs there; then run the step again, or give it more time (Connect-PemHost -TimeoutSec).")
    { Host = _host };

    PemException NothingRan(int? status, string error) => status switch
    {
        RemoteScript.Locked => new PemException("HostLocked", Trouble.ResourceBusy,
            $"Another run of PemHa is at work on {_host.Name}{(LockHolder.Parse(error) is { } holder ? $": {holder}" : "")}.",
            $"Wait until it is finished ({(LockHolder.Parse(error) is { } at ? $"`ps -s {at.Process}`" : "`fuser -v /run/lock/pemha.lock`")} on the host shows what it runs), then run the step again.")
        { Host = _host, Holder = LockHolder.Parse(error) },
        RemoteScript.Outdated => new PemException("LookOutdated", Trouble.ResourceBusy, $"Another run of PemHa has changed {_host.Name} meanwhile.",
            "Run the step again.")
        { Host = _host },
        _ when Login.UserName != "root" && error.Contains("sudo", StringComparison.Ordinal) => SudoRefused(error),
        _ => new PemException("ScriptFailed", Trouble.InvalidResult, $"{_host.Name} answered nothing (exit status {status}): {error}",
            "Look at the host: POSIX sh, flock and coreutils are needed there.")
        { Host = _host },
    };

    PemException SudoRefused(string error) => new("SudoRefused", Trouble.AuthenticationError, $"sudo refused {Login.UserName} on {_host.Name}: {error}",
        "Give the user's password with -Credential, or allow sudo without one; docs/security.md has the lines for sudoers.")
    { Host = _host };
}
