using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace PemHa.Commands;

/// <summary>A command that runs beside the session, in a runspace of its own: what it writes is the job's.</summary>
sealed class PemJob : Job
{
    // What they hold is the caller's pipeline.
    static readonly string[] NotPassedOn =
        ["AsJob", "Confirm", "ErrorVariable", "WarningVariable", "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable"];

    readonly IReadOnlyList<PemHost> _hosts;
    readonly PowerShell _shell;

    /// <summary>Starts a command as a job.</summary>
    /// <param name="command">The command as it was called; whatever it had to ask was asked.</param>
    /// <param name="hosts">The hosts that came through its pipeline.</param>
    public PemJob(PSCmdlet command, IReadOnlyList<PemHost> hosts) : base(command.MyInvocation.Line.Trim())
    {
        _hosts = hosts;
        PSJobTypeName = nameof(PemJob);
        Location = string.Join(", ", hosts);
        var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        runspace.SessionStateProxy.Path.SetLocation(command.SessionState.Path.CurrentFileSystemLocation.ProviderPath);
        _shell = PowerShell.Create();
        _shell.Runspace = runspace;
        // By its class: whatever the session calls by that name is not run.
        _shell.AddCommand(new CmdletInfo(command.MyInvocation.MyCommand.Name, command.GetType())).AddParameter("Confirm", false);
        foreach (var (name, value) in command.MyInvocation.BoundParameters.Where(p => !NotPassedOn.Contains(p.Key, StringComparer.OrdinalIgnoreCase)))
            _shell.AddParameter(name, name == "PemHost" ? hosts.ToArray() : value);
        (_shell.Streams.Error, _shell.Streams.Warning, _shell.Streams.Information) = (Error, Warning, Information);
        (_shell.Streams.Verbose, _shell.Streams.Debug, _shell.Streams.Progress) = (Verbose, Debug, Progress);
        _shell.InvocationStateChanged += (_, e) => Follow(e.InvocationStateInfo);
        SetJobState(JobState.Running);
        _shell.BeginInvoke<PSObject, PSObject>(null, Output);
    }

    /// <inheritdoc/>
    public override bool HasMoreData => Output.Count + Error.Count + Warning.Count + Information.Count + Verbose.Count + Debug.Count + Progress.Count > 0;

    /// <inheritdoc/>
    public override string Location { get; }

    /// <summary>What the hosts are in the middle of, or were when the job was stopped.</summary>
    public override string StatusMessage => string.Join("; ", _hosts.Where(h => h.Unfinished is not null).Select(h => $"{h.Name}: {h.Unfinished}"));

    /// <inheritdoc/>
    public override void StopJob() => _shell.Stop();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _shell.Dispose();
            _shell.Runspace.Dispose();
        }
        base.Dispose(disposing);
    }

    void Follow(PSInvocationStateInfo now)
    {
        switch (now.State)
        {
            case PSInvocationState.Completed:
                SetJobState(JobState.Completed);
                break;
            case PSInvocationState.Stopped:
                SetJobState(JobState.Stopped);
                break;
            case PSInvocationState.Failed:
                // As an error of its own it keeps its id, its host and its remedy.
                if (now.Reason is RuntimeException { ErrorRecord: { } record }) Error.Add(record);
                SetJobState(JobState.Failed);
                break;
        }
    }
}
