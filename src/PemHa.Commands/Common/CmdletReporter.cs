using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Says on PowerShell's streams what the engine reports.</summary>
sealed class CmdletReporter(AsyncCommand command, bool whatIf, Action<Action> post, Func<Func<bool>, Task<bool>> ask) : IReporter
{
    // One for each host. A pipeline's steps run one after another, so that their bars do not fight.
    readonly Dictionary<PemHost, Bar> _bars = [];

    public bool WhatIf { get; } = whatIf;

    /// <summary>Whether each change is asked for, or told of with -WhatIf; false when the person has said yes to all of it.</summary>
    public bool Asks { get; init; } = true;

    public void Decision(string text) => post(() => command.WriteVerbose(Printable.Text(text)));

    public void Command(string text) => post(() => command.WriteDebug(Printable.Text(text)));

    public void Milestone(string text) => post(() => command.WriteInformation(Printable.Text(text), ["PemHa"]));

    public void Warn(string text) => post(() => command.WriteWarning(Printable.Text(text)));

    public void Progress(PemHost host, string activity, string status, int? percent) => post(() =>
    {
        if (!_bars.TryGetValue(host, out var bar)) _bars[host] = bar = new Bar(1 + _bars.Count);
        command.WriteProgress(new ProgressRecord(bar.Id, $"{activity} {host.Name}", status.Length == 0 ? "done" : Printable.Text(status))
        {
            PercentComplete = percent ?? 100,
            SecondsRemaining = bar.Remaining(percent),
            RecordType = percent is null ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        });
    });

    public void Doing(PemHost host, string? what) => command.Doing(host, what);

    public void Error(PemException error) => post(() => command.WriteError(Errors.Record(error)));

    public Task<bool> ShouldChangeAsync(PemChange change, Recipe recipe) => !Asks ? Task.FromResult(true) : ask(() =>
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{change.HostName}: {change.Action} {change.Resource}");
        var indented = change.Difference.Length == 0 ? "" : "\n    " + change.Difference.Replace("\n", "\n    ", StringComparison.Ordinal);
        return command.ShouldProcess(Printable.Text(text + indented), Printable.Text($"{text}?{indented}"), change.Step);
    });

    /// <summary>A host's progress, and how fast it has been so far.</summary>
    sealed class Bar(int id)
    {
        readonly Stopwatch _watch = new();
        int? _from;

        public int Id => id;

        /// <summary>The seconds that are left at that speed; -1 when nobody can tell.</summary>
        public int Remaining(int? percent)
        {
            if (percent is not >= 0)
            {
                _from = null;
                return -1;
            }
            if (_from is null || percent < _from)
            {
                _from = percent;
                _watch.Restart();
            }
            return percent == _from ? -1 : (int)Math.Ceiling(_watch.Elapsed.TotalSeconds * (100 - percent.Value) / (percent.Value - _from.Value));
        }
    }
}
