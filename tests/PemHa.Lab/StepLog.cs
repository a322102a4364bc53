using System.Diagnostics;
using System.Globalization;

namespace PemHa.Lab;

/// <summary>Says what the lab does and for how many seconds: one updating line on a terminal, a line per step elsewhere.</summary>
sealed class StepLog(TextWriter writer, bool terminal)
{
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    readonly Lock _gate = new();

    /// <summary>For tests that do not care.</summary>
    public static StepLog Silent { get; } = new(TextWriter.Null, terminal: false);

    public static StepLog Console { get; } = new(System.Console.Error, !System.Console.IsErrorRedirected);

    public void Say(string line)
    {
        lock (_gate)
            writer.WriteLine(line);
    }

    /// <summary>Runs one step; the step tells where it stands through the action that it is given.</summary>
    public async Task<T> StepAsync<T>(string title, Func<Action<string>, Task<T>> step)
    {
        var watch = Stopwatch.StartNew();
        var note = "";
        await using (new Timer(_ => Tick(), null, terminal ? TimeSpan.Zero : Heartbeat, terminal ? TimeSpan.FromSeconds(0.2) : Heartbeat))
        {
            try
            {
                var result = await step(text => note = text.TrimEnd('.'));
                End("");
                return result;
            }
            catch (Exception e)
            {
                End(e is OperationCanceledException ? "  stopped" : "  failed");
                throw;
            }
        }

        void Tick()
        {
            lock (_gate)
            {
                if (watch.IsRunning)
                    writer.Write(Line(note.Length > 0 ? $"  {note}" : "", terminal ? "" : " ...\n"));
            }
        }

        void End(string how)
        {
            lock (_gate)
            {
                watch.Stop();
                writer.Write(Line(how, "\n"));
            }
        }

        string Line(string tail, string end)
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"{title,-44} {watch.Elapsed.TotalSeconds,6:0.0} s{tail}");
            return (terminal ? "\r\x1b[K" + (line.Length > 110 ? line[..110] : line) : line) + end;
        }
    }

    public Task StepAsync(string title, Func<Action<string>, Task> step) =>
        StepAsync(title, async note =>
        {
            await step(note);
            return true;
        });
}
