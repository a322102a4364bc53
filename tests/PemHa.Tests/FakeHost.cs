using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using PemHa.Engine.Remote;

namespace PemHa.Tests;

/// <summary>A connected host without a network: keeps the files that it is given, and says or does what a test wants of it.</summary>
sealed partial class FakeHost : SshSession, IDisposable
{
    readonly ConcurrentDictionary<string, string> _files = new(StringComparer.Ordinal);

    public FakeHost(PemHost host) : base(host, Nowhere(host), new Redactor()) => host.Session = this;

    /// <summary>What it says to a fragment of a script; null to leave that to the files that it keeps.</summary>
    public Func<string, string?> Says { get; set; } = _ => null;

    /// <summary>What it does before it answers a script, or instead: what this throws, the caller gets.</summary>
    public Func<string, CancellationToken, Task> Does { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What all of its answer is, whatever was asked; null for a proper one.</summary>
    public (int? Status, string Output, string Error)? Instead { get; set; }

    /// <summary>How each fragment of a script ends.</summary>
    public int Status { get; set; }

    /// <summary>Done when the first script that changes something has come.</summary>
    public TaskCompletionSource Changing { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Never answers what would change something, and does not see that it is given up either.</summary>
    public static Func<string, CancellationToken, Task> Silent(FakeHost host) => (script, _) =>
    {
        if (!Changes(script)) return Task.CompletedTask;
        host.Changing.TrySetResult();
        return Task.Delay(Timeout.Infinite, CancellationToken.None);
    };

    /// <summary>Whether a script holds the host's lock for itself.</summary>
    public static bool Changes(string script) => script.Contains("flock -x", StringComparison.Ordinal);

    private protected override async Task<(int? Status, string Output, string Error)> ExecuteAsync(
        string commandLine, string input, TimeSpan? deadline, CancellationToken ct)
    {
        await Task.Yield();
        await Does(input, ct);
        ct.ThrowIfCancellationRequested();
        if (Instead is { } instead) return instead;
        var nonce = Nonce().Match(input).Groups[1].Value;
        return (0, string.Concat(Fragment().Matches(input).Select((f, i) => string.Create(CultureInfo.InvariantCulture,
            $"\n{nonce} out {i}\n{Answer(f.Groups[1].Value)}\n{nonce} err {i} {Status}\n\n{nonce} end {i}\n"))), "");
    }

    void IDisposable.Dispose() { }

    string Answer(string fragment)
    {
        if (Says(fragment) is { } said) return said;
        foreach (Match put in PutFile().Matches(fragment)) _files[put.Groups[1].Value] = $"{put.Groups[3].Value} {put.Groups[2].Value}\n{put.Groups[4].Value}";
        // Where a server has its files it is asked for; this one has them where they usually are.
        return string.Concat(_files.Where(f => fragment.Contains("fact_file", StringComparison.Ordinal) && fragment.Contains(Path.GetFileName(f.Key), StringComparison.Ordinal))
            .Select(f => f.Value.Split('\n')).Select(f => $"file.mode\t={f[0]}\nfile.text\t{f[1]}\n"));
    }

    static SshConnection Nowhere(PemHost host) => (SshConnection)typeof(SshConnection).GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic).Single()
        .Invoke([SshRoute.To(host, new SshOptions { UserName = "root" }).Node, null, null]);

    [GeneratedRegex(@"frame\(\) \{ printf '\\n([0-9A-F]+) ")]
    private static partial Regex Nonce();

    [GeneratedRegex(@"\( exec 9>&-\n(.*?)\n\) (?:>""\$T/o"" )?2>""\$T/e""", RegexOptions.Singleline)]
    private static partial Regex Fragment();

    [GeneratedRegex(@"put_file '?([^ ']+)'? '?([^ ']+)'? ([0-7]+) \S+ <<'PEMHA'\n(.*?)\nPEMHA", RegexOptions.Singleline)]
    private static partial Regex PutFile();
}
