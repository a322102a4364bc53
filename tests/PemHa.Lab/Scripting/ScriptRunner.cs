using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text;
using System.Text.RegularExpressions;

namespace PemHa.Lab.Scripting;

/// <summary>Runs one PowerShell script in a hosted engine, with PemHa imported from the checkout that the lab was built from.</summary>
static partial class ScriptRunner
{
    /// <summary>Gives what `pwsh -File` would: the code of `exit`, 1 when it threw; and 1 when it wrote errors.</summary>
    public static int Run(string script, IReadOnlyList<string> args)
    {
        var host = new ConsoleHost();
        using var runspace = RunspaceFactory.CreateRunspace(host, InitialState());
        runspace.Open();
        using var shell = Shown(runspace, Line(script, args));
        var stopped = false;
        using var stop = new CtrlC(() =>
        {
            stopped = true;
            shell.BeginStop(null, null);
        });
        try
        {
            Import(runspace);
            shell.Invoke();
        }
        catch (RuntimeException) when (stopped)
        {
            // What stopping looks like from inside.
        }
        catch (RuntimeException e)
        {
            ShowError(host, runspace, e.ErrorRecord);
        }
        if (stopped)
        {
            Console.Error.WriteLine("Stopped.");
            return 130;
        }
        return host.ExitCode ?? (host.Errors > 0 ? 1 : 0);
    }

    /// <summary>A script whose objects and errors go to the host as they come.</summary>
    static PowerShell Shown(Runspace runspace, string script)
    {
        var shell = PowerShell.Create(runspace);
        shell.AddScript(script).AddCommand("Out-Default");
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        return shell;
    }

    /// <summary>Shows the error that ended the script the way PowerShell shows errors.</summary>
    static void ShowError(ConsoleHost host, Runspace runspace, ErrorRecord record)
    {
        host.EndInError();
        using var show = PowerShell.Create(runspace);
        show.AddCommand("Out-Default").AddParameter("InputObject", record).Invoke();
    }

    static InitialSessionState InitialState()
    {
        var state = InitialSessionState.CreateDefault2();
        state.ThreadOptions = PSThreadOptions.UseCurrentThread;
        return state;
    }

    static void Import(Runspace runspace)
    {
        if (ModuleManifest() is not { } manifest)
        {
            Console.Error.WriteLine("PemHa.psd1 is not there: the script runs without the module.");
            return;
        }
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand("Import-Module").AddParameter("Name", manifest).AddParameter("ErrorAction", "Stop").Invoke();
    }

    /// <summary>The manifest at the root of the checkout that holds this assembly.</summary>
    static string? ModuleManifest() => Path.Combine(LabPaths.Checkout, "PemHa.psd1") is var manifest && File.Exists(manifest) ? manifest : null;

    /// <summary>
    /// The call as a person would type it, so that PowerShell's own parser tells names, switches and values apart. A nonzero `exit`
    /// in the script ends the pipeline with its code; it would otherwise only be visible as $LASTEXITCODE.
    /// </summary>
    static string Line(string script, IReadOnlyList<string> args)
    {
        var line = new StringBuilder("& ").Append(Quoted(script));
        foreach (var arg in args)
            line.Append(' ').Append(ParameterName().IsMatch(arg) ? arg : Quoted(arg));
        return line.Append("\nif (-not $? -and $LASTEXITCODE) { exit $LASTEXITCODE }").ToString();
    }

    static string Quoted(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    [GeneratedRegex(@"^-[A-Za-z_]\w*(:(\$true|\$false)?)?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex ParameterName();

    /// <summary>The first Ctrl-C stops the pipeline, a second one the process.</summary>
    sealed class CtrlC : IDisposable
    {
        readonly ConsoleCancelEventHandler _handler;

        public CtrlC(Action stop)
        {
            var asked = false;
            _handler = (_, e) =>
            {
                e.Cancel = !asked;
                if (!asked)
                    stop();
                asked = true;
            };
            Console.CancelKeyPress += _handler;
        }

        public void Dispose() => Console.CancelKeyPress -= _handler;
    }
}
