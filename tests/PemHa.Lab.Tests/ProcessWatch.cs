using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace PemHa.Lab.Tests;

/// <summary>
/// Looks a hundred times a second, as <c>ps</c> does, at the command line and the environment of every process of a lab's hosts, and of those
/// that the lab's tests start. One that has lived for a second is looked at less often.
/// </summary>
sealed class ProcessWatch : IDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10), Young = TimeSpan.FromSeconds(1);
    const int SeldomEvery = 50;

    readonly string _lab;
    readonly Canaries _canaries;
    readonly Thread _thread;
    readonly ConcurrentDictionary<string, bool> _lines = [], _found = [];
    readonly Dictionary<int, (long Born, int Last)> _processes = [];
    volatile bool _over;

    public ProcessWatch(string lab, Canaries canaries)
    {
        (_lab, _canaries) = (lab, canaries);
        // A thread of its own: what the tests wait for must not make it wait.
        _thread = new Thread(Watch) { IsBackground = true, Name = "processes" };
        _thread.Start();
    }

    /// <summary>Every command line seen.</summary>
    public IReadOnlyList<string> CommandLines => [.. _lines.Keys];

    /// <summary>Secrets seen: "command line: whose: COMMAND LINE", or "environment (VARIABLE): whose: COMMAND LINE &lt; ITS PARENT'S …".</summary>
    public IReadOnlyList<string> Found => [.. _found.Keys];

    /// <summary>How many times it looked, and for how long.</summary>
    public (int Count, TimeSpan Time) Looks { get; private set; }

    public void Dispose()
    {
        _over = true;
        _thread.Join();
    }

    void Watch()
    {
        var watch = Stopwatch.StartNew();
        for (var look = 1; !_over; look++)
        {
            var next = watch.Elapsed + Pause;
            var alive = new HashSet<int>();
            foreach (var folder in Directory.EnumerateDirectories("/proc"))
            {
                if (!int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
                alive.Add(pid);
                if (!_processes.TryGetValue(pid, out var known)) _processes[pid] = known = Ours(folder) ? (watch.ElapsedMilliseconds, 0) : (-1, 0);
                if (known.Born < 0 || (watch.ElapsedMilliseconds - known.Born > Young.TotalMilliseconds && (look + pid) % SeldomEvery != 0)) continue;
                _processes[pid] = (known.Born, Look(folder, known.Last));
            }
            foreach (var gone in _processes.Keys.Where(p => !alive.Contains(p)).ToList()) _processes.Remove(gone);
            Looks = (look, watch.Elapsed);
            if (next - watch.Elapsed is { Ticks: > 0 } rest) Thread.Sleep(rest);
        }
    }

    /// <summary>On one of the lab's hosts, or in the controller's place.</summary>
    bool Ours(string folder) => Read(folder + "/cgroup").Contains($"/pemha-{_lab}/", StringComparison.Ordinal)
        || Read(folder + "/environ").Contains($"{LabOptions.NameVariable}={_lab}\0", StringComparison.Ordinal);

    int Look(string folder, int last)
    {
        // In this order: who becomes another program in between has the new one's line and the old one's environment, never the reverse.
        var environment = Read(folder + "/environ");
        var line = Read(folder + "/cmdline");
        // It has ended meanwhile: what it was, nobody can tell any more.
        if (line.Length == 0) return last;
        var now = HashCode.Combine(environment, line);
        if (now == last) return now;
        var shown = line.Replace('\0', ' ').Trim();
        _lines.TryAdd(shown, true);
        foreach (var name in _canaries.In(line)) _found.TryAdd($"command line: {name}: {shown}", true);
        var known = environment.Split('\0').SelectMany(v => _canaries.In(v).Select(name => $"environment ({v.Split('=')[0]}): {name}: {shown}")).ToList();
        if (known.Count == 0) return now;
        var parents = Parents(folder);
        // It has ended meanwhile: who started it, nobody can tell any more.
        if (Read(folder + "/cmdline").Length == 0) return last;
        foreach (var found in known) _found.TryAdd(found + parents, true);
        return now;
    }

    /// <summary>Who started it, and who that one.</summary>
    static string Parents(string folder)
    {
        var said = new StringBuilder();
        for (var parent = Parent(folder); parent > 1; parent = Parent($"/proc/{parent}"))
            said.Append(" < ").Append(Read($"/proc/{parent}/cmdline").Replace('\0', ' ').Trim());
        return said.ToString();

        static int Parent(string folder) => ProcedureLab.ParentOf(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)) ?? 0;
    }

    static string Read(string file)
    {
        try
        {
            return Encoding.Latin1.GetString(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile.
            return "";
        }
    }
}
