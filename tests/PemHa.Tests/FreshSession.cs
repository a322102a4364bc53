using System.Diagnostics;

namespace PemHa.Tests;

/// <summary>A program run to its end; above all the one that runs a script in a session of its own, as what is loaded stays.</summary>
static class FreshSession
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>The lines that a script's objects and errors give, in a hosted engine that has imported nothing.</summary>
    public static async Task<string[]> RunAsync(string script, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["script.ps1"], script);
        var (_, text) = await ProgramAsync(folder.Path, [],
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "PemHa.FreshSession.dll"), folder["script.ps1"], .. arguments]);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>What a program says on both streams, and its exit code.</summary>
    public static async Task<(int ExitCode, string Text)> ProgramAsync(
        string folder, (string Name, string Value)[] environment, params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        // A session of its own finds no modules but those it is told of.
        start.Environment["PSModuleAnalysisCachePath"] = Path.Combine(Path.GetTempPath(), "pemha-test-module-cache");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            var said = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var complained = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, await said + await complained);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', command)} did not end within {Patience.TotalSeconds} s.");
        }
    }
}
