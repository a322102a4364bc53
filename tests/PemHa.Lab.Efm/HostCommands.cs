using System.ComponentModel;
using System.Diagnostics;

namespace PemHa.Lab.Efm;

/// <summary>How a command ended.</summary>
sealed record CommandResult(int ExitCode, string Output, string Error)
{
    internal bool Ok => ExitCode == 0;

    internal string Text => (Output + Error).Trim();
}

/// <summary>Runs what an agent cannot do itself: ping, user scripts, and the package's helper scripts through sudo.</summary>
sealed class HostCommands(EfmProperties properties, AgentLog log)
{
    string PropertiesFile => StandIn.PropertiesFile(properties.Cluster);

    /// <summary>Whether the ping command, with the address added, says that the address answers.</summary>
    internal async Task<bool> PingAsync(string address) =>
        (await RunAsync([.. Words(properties["ping.server.command"]), address], null, TimeSpan.FromMinutes(1))).Ok;

    internal Task<CommandResult> AddressAsync(params string[] arguments) =>
        RunAsync([.. Sudo("efm_address"), .. arguments], null, TimeSpan.FromSeconds(30));

    /// <summary>As the owner of the database.</summary>
    internal Task<CommandResult> DatabaseAsync(string function, params string[] arguments) =>
        OwnerAsync([function, PropertiesFile, .. arguments]);

    /// <summary>
    /// Creates a file that must not exist yet; the only function that does not take the properties.
    /// </summary>
    internal Task<CommandResult> TouchAsync(string path) => OwnerAsync(["touchfile", path]);

    Task<CommandResult> OwnerAsync(string[] arguments) =>
        RunAsync([.. Words(properties["sudo.user.command"].Replace("%u", properties["db.service.owner"], StringComparison.Ordinal)),
            $"{StandIn.BinDirectory}/efm_db_functions", .. arguments], null, TimeSpan.FromMinutes(10));

    /// <summary>Starts, stops or restarts the database: the service when there is one, pg_ctl otherwise.</summary>
    internal Task<CommandResult> ServiceAsync(string what) => properties["db.service.name"].Length > 0
        ? RunAsync([.. Sudo("efm_root_functions"), what + "dbservice", properties.Cluster], null, TimeSpan.FromMinutes(10))
        : DatabaseAsync(what + "db");

    /// <summary>A user's script with its placeholders filled in; an empty property runs nothing.</summary>
    internal async Task<CommandResult> ScriptAsync(string property, string newPrimary = "", string failedPrimary = "")
    {
        var command = properties[property];
        if (command.Length == 0) return new CommandResult(0, "", "");
        string Filled(string word) =>
            word.Replace("%p", newPrimary, StringComparison.Ordinal).Replace("%f", failedPrimary, StringComparison.Ordinal);
        var result = await RunAsync([.. Words(command).Select(Filled)], null, TimeSpan.FromMinutes(10));
        log.Info($"Executed {property} {command} exit status: {result.ExitCode} {result.Text}");
        return result;
    }

    internal async Task<CommandResult> RunAsync(string[] command, string? input, TimeSpan timeout)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        using var deadline = new CancellationTokenSource(timeout);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            return new CommandResult(127, "", e.Message);
        }
        using (process)
        {
            try
            {
                if (input != null) await process.StandardInput.WriteAsync(input);
                process.StandardInput.Close();
                var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
                var error = process.StandardError.ReadToEndAsync(deadline.Token);
                await process.WaitForExitAsync(deadline.Token);
                return new CommandResult(process.ExitCode, await output, await error);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return new CommandResult(124, "", $"timed out after {timeout.TotalSeconds:0} s");
            }
            catch (IOException e)
            {
                return new CommandResult(126, "", e.Message);
            }
        }
    }

    IEnumerable<string> Sudo(string script) => [.. Words(properties["sudo.command"]), $"{StandIn.BinDirectory}/{script}"];

    static string[] Words(string command) => command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
