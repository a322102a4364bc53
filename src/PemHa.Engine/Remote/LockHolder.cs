using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace PemHa.Engine.Remote;

/// <summary>Who is at work on a host, as the file of its lock tells it.</summary>
/// <param name="Who">The user and the admin's machine.</param>
/// <param name="Theirs">The process there.</param>
/// <param name="Process">The process on the host, which is also the session of all that it starts.</param>
/// <param name="Seconds">How long it has been at this.</param>
/// <param name="What">The step, and the change that it is at.</param>
sealed partial record LockHolder(string Who, int Theirs, int Process, int Seconds, string What)
{
    static string Me => $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>
    /// Whether it was begun by the same person on this machine, by a process that has ended since or by this one: its connection was lost, or
    /// it was stopped, and the host goes on by itself.
    /// </summary>
    public bool Forsaken => Who == Me && (Theirs == Environment.ProcessId || !Runs(Theirs));

    /// <summary>The shell that writes this process into the lock's file.</summary>
    public static string AtWork(string mark, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"at_work {mark} {Sh.Quote(Line(Me))} {Environment.ProcessId} {Sh.Quote(Line(what))}");

    /// <summary>The first holder that a host's words tell of; null when they tell of none.</summary>
    public static LockHolder? Parse(string text) =>
        Told().Match(text) is { Success: true } m
            && Digits.Whole(m.Groups[2].ValueSpan) is { } theirs
            && Digits.Whole(m.Groups[3].ValueSpan) is { } process
            && Digits.Whole(m.Groups[4].ValueSpan) is { } seconds
            ? new LockHolder(m.Groups[1].Value, theirs, process, seconds, m.Groups[5].Value)
            : null;

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Who} (process {Theirs} there, {Process} on the host), for {Seconds} s: {What}");

    static bool Runs(int process)
    {
        try
        {
            using var running = System.Diagnostics.Process.GetProcessById(process);
            return !running.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The file is one line of words between tabs.</summary>
    static string Line(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    [GeneratedRegex(@"^at work: (.+) \(process ([0-9]+) there, ([0-9]+) here\), for ([0-9]+) s: (.*)$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Told();
}
