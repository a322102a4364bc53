using System.Globalization;
using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Says on PowerShell's streams what the engine reports.</summary>
sealed class CmdletReporter(PSCmdlet command, bool whatIf, Action<Action> post, Func<Func<bool>, Task<bool>> ask) : IReporter
{
    // One progress bar for each host; ids differ between steps so that a pipeline's bars do not fight.
    readonly Dictionary<PemHost, int> _bars = [];

    public bool WhatIf { get; } = whatIf;

    /// <summary>Whether each change is asked for, or told of with -WhatIf; false when the person has said yes to all of it.</summary>
    public bool Asks { get; init; } = true;

    public void Decision(string text) => post(() => command.WriteVerbose(Printable.Text(text)));

    public void Command(string text) => post(() => command.WriteDebug(Printable.Text(text)));

    public void Milestone(string text) => post(() => command.WriteInformation(Printable.Text(text), ["PemHa"]));

    public void Warn(string text) => post(() => command.WriteWarning(Printable.Text(text)));

    public void Progress(PemHost host, string activity, string status, int? percent) => post(() =>
    {
        if (!_bars.TryGetValue(host, out var id)) _bars[host] = id = 1 + _bars.Count;
        command.WriteProgress(new ProgressRecord(id, $"{activity} {host.Name}", status.Length == 0 ? "done" : Printable.Text(status))
        {
            PercentComplete = percent ?? 100,
            RecordType = percent is null ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        });
    });

    public void Error(PemException error) => post(() => command.WriteError(Errors.Record(error)));

    public Task<bool> ShouldChangeAsync(PemChange change, Recipe recipe) => !Asks ? Task.FromResult(true) : ask(() =>
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{change.HostName}: {change.Action} {change.Resource}");
        var indented = change.Difference.Length == 0 ? "" : "\n    " + change.Difference.Replace("\n", "\n    ", StringComparison.Ordinal);
        return command.ShouldProcess(Printable.Text(text + indented), Printable.Text($"{text}?{indented}"), change.Step);
    });
}
