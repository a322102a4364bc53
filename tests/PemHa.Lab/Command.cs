using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace PemHa.Lab;

/// <summary>How a command ended and what it said.</summary>
sealed record CommandResult(int ExitCode, string Stdout, string Stderr)
{
    /// <summary>Throws when the command failed, with the last thing that it said.</summary>
    public CommandResult Check(string what)
    {
        if (ExitCode == 0)
            return this;
        var said = (Stderr.Length > 0 ? Stderr : Stdout).Trim();
        throw new LabException($"{what} failed (exit {ExitCode}): {(said.Length > 1000 ? said[^1000..] : said)}");
    }
}

/// <summary>A command that was started and collects its output until it ends.</summary>
sealed class RunningCommand : IAsyncDisposable
{
    readonly Process _process;

    internal RunningCommand(Process process, Task<CommandResult> result)
    {
        _process = process;
        Result = result;
    }

    /// <summary>The command itself: the wrappers before it give way to it by exec.</summary>
    public int Pid => _process.Id;

    public Task<CommandResult> Result { get; }

    /// <summary>kill -9, for the command and what it started.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself first.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Result;
        _process.Dispose();
    }
}

/// <summary>Runs other programs.</summary>
static class Command
{
    /// <summary>A person's PATH need not have the folders of the system's own tools.</summary>
    static Command()
    {
        var path = Environment.GetEnvironmentVariable("PATH");
        Environment.SetEnvironmentVariable("PATH", path + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin");
    }

    /// <summary>Whether there is a program of this name, or a file of this full path.</summary>
    public static bool Exists(string tool) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, tool)));

    public static RunningCommand Start(
        IReadOnlyList<string> argv,
        string? stdin = null,
        IReadOnlyDictionary<string, string>? environment = null,
        Action<string>? onLine = null)
    {
        var process = Launch(argv, environment, redirect: true);
        return new RunningCommand(process, CollectAsync(process, stdin, onLine));
    }

    public static async Task<CommandResult> RunAsync(
        IReadOnlyList<string> argv,
        CancellationToken cancellation,
        string? stdin = null,
        IReadOnlyDictionary<string, string>? environment = null,
        Action<string>? onLine = null)
    {
        cancellation.ThrowIfCancellationRequested();
        await using var command = Start(argv, stdin, environment, onLine);
        await using (cancellation.Register(command.Kill))
        {
            var result = await command.Result;
            cancellation.ThrowIfCancellationRequested();
            return result;
        }
    }

    /// <summary>Runs a command on this console and gives its exit code; Ctrl-C reaches it by itself, SIGTERM is passed on.</summary>
    public static async Task<int> AttachedAsync(IReadOnlyList<string> argv, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Launch(argv, environment, redirect: false);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Signals.Send([process.Id], Signals.Terminate));
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    static Process Launch(IReadOnlyList<string> argv, IReadOnlyDictionary<string, string>? environment, bool redirect)
    {
        var start = new ProcessStartInfo(argv[0], argv.Skip(1))
        {
            RedirectStandardInput = redirect,
            RedirectStandardOutput = redirect,
            RedirectStandardError = redirect,
        };
        if (redirect)
            start.StandardInputEncoding = new UTF8Encoding(false);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new LabException($"Cannot run {argv[0]}: {e.Message}.", e);
        }
    }

    static async Task<CommandResult> CollectAsync(Process process, string? stdin, Action<string>? onLine)
    {
        var stdout = ReadAsync(process.StandardOutput, onLine);
        var stderr = ReadAsync(process.StandardError, onLine);
        try
        {
            await process.StandardInput.WriteAsync(stdin ?? "");
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it; its exit code tells more.
        }
        await process.WaitForExitAsync(CancellationToken.None);
        return new CommandResult(process.ExitCode, await stdout, await stderr);
    }

    static async Task<string> ReadAsync(StreamReader reader, Action<string>? onLine)
    {
        if (onLine is null)
            return await reader.ReadToEndAsync();
        var all = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            all.Append(line).Append('\n');
            onLine(line);
        }
        return all.ToString();
    }
}
