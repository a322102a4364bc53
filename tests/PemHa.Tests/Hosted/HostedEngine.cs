using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text.RegularExpressions;

namespace PemHa.Tests.Hosted;

/// <summary>A PowerShell engine with its core commands and PemHa from the checkout.</summary>
public sealed partial class HostedEngine : IDisposable
{
    readonly Runspace _runspace;
    readonly CapturingHost _host = new();

    public HostedEngine() : this(false) { }

    /// <param name="here">Whether scripts run on the thread that asks for them, and so in its culture.</param>
    internal HostedEngine(bool here)
    {
        // The engine would otherwise keep what it learns of modules in the home directory.
        Environment.SetEnvironmentVariable("PSModuleAnalysisCachePath", Path.Combine(Path.GetTempPath(), "pemha-test-module-cache"));
        _runspace = RunspaceFactory.CreateRunspace(_host, InitialSessionState.CreateDefault2());
        if (here) _runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        _runspace.Open();
        Run("param($manifest) Import-Module $manifest -ErrorAction Stop", ModuleAssemblies.Manifest);
    }

    /// <summary>What the user has seen so far, without colours.</summary>
    public string Shown => Colour().Replace(_host.Text, "");

    /// <summary>The same with them.</summary>
    public string ShownInColour => _host.Text;

    /// <summary>Whether the person's screen shows colours; it does not unless this is set.</summary>
    public bool Colours
    {
        set => _host.Colours = value;
    }

    /// <summary>How the person writes numbers and dates.</summary>
    public System.Globalization.CultureInfo Culture
    {
        set => _host.Culture = value;
    }

    /// <summary>Whoever sits at the keyboard; null when nobody does.</summary>
    public Answers? Answers
    {
        get => _host.Answers;
        set => _host.Answers = value;
    }

    /// <summary>Columns of the user's screen, 200 unless they are set.</summary>
    public int Width
    {
        set => _host.UI.RawUI.BufferSize = _host.UI.RawUI.WindowSize = new(value, 50);
    }

    /// <summary>What a script gives; the test fails when it writes errors.</summary>
    public IReadOnlyList<PSObject> Run(string script, params object?[] args)
    {
        var (output, errors) = Try(script, args);
        Assert.Empty(errors);
        return output;
    }

    /// <summary>What a script gives, and the errors that it wrote.</summary>
    public (IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors) Try(string script, params object?[] args)
    {
        using var shell = Shell(script, args);
        var output = shell.Invoke();
        return (output, [.. shell.Streams.Error]);
    }

    /// <summary>The error that ends a command in a script; one that lets it go on does not count.</summary>
    public ErrorRecord Fails(string script, params object?[] args) => Assert.IsType<ErrorRecord>(
        Assert.Single(Run("param($script, $parameters) try { . ([scriptblock]::Create($script)) @parameters } catch { $_ }", script, args))
            .BaseObject);

    /// <summary>A script that is not run yet.</summary>
    public PowerShell Shell(string script, params object?[] args)
    {
        var shell = PowerShell.Create(_runspace).AddScript(script, true);
        foreach (var arg in args) shell.AddArgument(arg);
        return shell;
    }

    public void Dispose() => _runspace.Dispose();

    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex Colour();
}
