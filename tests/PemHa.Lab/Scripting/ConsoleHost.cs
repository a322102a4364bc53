using System.Globalization;
using System.Management.Automation.Host;

namespace PemHa.Lab.Scripting;

/// <summary>The engine's view of this console.</summary>
sealed class ConsoleHost : PSHost
{
    readonly ConsoleUI _ui = new();

    public override string Name => "PemHa.Lab";

    public override Version Version { get; } = typeof(ConsoleHost).Assembly.GetName().Version!;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => _ui;

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;

    /// <summary>What the script gave to `exit`.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>How many errors were shown.</summary>
    public int Errors => _ui.Errors;

    /// <summary>The script is over: what is formatted from now on is the error that ended it.</summary>
    public void EndInError() => _ui.EndInError();

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new NotSupportedException("This host has no prompt.");

    public override void ExitNestedPrompt() => throw new NotSupportedException("This host has no prompt.");

    public override void NotifyBeginApplication()
    {
        // A native command may take the console over; nothing of ours stands on it.
    }

    public override void NotifyEndApplication()
    {
        // See above.
    }
}
