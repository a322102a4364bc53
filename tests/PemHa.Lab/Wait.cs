using System.Diagnostics;

namespace PemHa.Lab;

/// <summary>Waits for a condition, with a deadline.</summary>
static class Wait
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>True as soon as the condition holds, false at the deadline.</summary>
    public static Task<bool> UntilAsync(Func<bool> condition, TimeSpan deadline, CancellationToken cancellation) =>
        UntilAsync(() => Task.FromResult(condition()), deadline, cancellation);

    /// <summary>True as soon as the condition holds, false at the deadline.</summary>
    public static async Task<bool> UntilAsync(Func<Task<bool>> condition, TimeSpan deadline, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > deadline)
                return false;
            await Task.Delay(Pause, cancellation);
        }
        return true;
    }
}
