using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Procedure;
using PemHa.Engine.Runbooks;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>
/// Writes what Install-PemCluster would change as a change request in Markdown, and as a POSIX shell script that makes the same changes
/// over plain ssh.
/// </summary>
/// <remarks>Changes nothing on a host. Neither file holds a secret, only the names of the variables that the script takes them from.</remarks>
[Cmdlet(VerbsData.Export, "PemRunbook", SupportsShouldProcess = true, DefaultParameterSetName = nameof(PemSslModel.SslUtils))]
[OutputType(typeof(FileInfo))]
public sealed class ExportPemRunbookCommand : DeploymentCommand
{
    /// <summary>Where to write, without an ending: PATH.md and PATH.sh.</summary>
    [Parameter(Mandatory = true)]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string Path { get; set; } = "";

    /// <summary>Replaces files that are there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var groups = Clusters.ToList();
        if (groups.Count == 0) return;
        if (groups.Count > 1)
            ThrowTerminatingError(Errors.Record(new PemException("TopologyUnfit", Trouble.InvalidArgument,
                $"A runbook is of one cluster, and the hosts are of several: {string.Join(", ", groups.Select(g => g.Key))}.",
                "Export each to files of its own."), groups.Select(g => g.Key).ToArray()));
        var stem = GetUnresolvedProviderPathFromPSPath(Path);
        if (stem.EndsWith(".md", StringComparison.OrdinalIgnoreCase) || stem.EndsWith(".sh", StringComparison.OrdinalIgnoreCase)) stem = stem[..^3];
        string request = stem + ".md", script = stem + ".sh";
        foreach (var file in new[] { request, script }) OutputFile.RefuseExisting(this, file, Force);
        var (cluster, hosts) = (groups[0].Key, groups[0].ToList());
        PlanReporter? plan = null;
        Pump(async ct =>
        {
            plan = new PlanReporter(new CmdletReporter(this, true, Post, AskAsync));
            var steps = Plan(cluster, hosts, "Export-PemRunbook", preview: true).Steps(StartAt, StopAfter);
            await Deployment.RunAsync(steps, hosts, new StepRunner(plan, ThrottleLimit), ct);
        });
        if (plan!.Incomplete)
            ThrowTerminatingError(Errors.Record(new PemException("PlanIncomplete", Trouble.InvalidResult,
                "Not every host could be planned for, so nothing was written.",
                "Mend what the errors before this one say, then export again.")
            { Step = "Export-PemRunbook" }, cluster));
        if (!ShouldProcess($"{request}, {script}", "Export-PemRunbook")) return;
        var now = DateTimeOffset.UtcNow;
        var changeRequest = new ChangeRequest(cluster, hosts, plan.Changes, now);
        OutputFile.WriteText(this, request, changeRequest.Text(System.IO.Path.GetFileName(script)), Force);
        OutputFile.WriteText(this, script, new ShellRunbook(cluster, hosts, plan.Changes, now).Text(), Force);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(script, File.GetUnixFileMode(script) | UnixFileMode.UserExecute);
        WriteObject(new FileInfo(request));
        WriteObject(new FileInfo(script));
    }
}
