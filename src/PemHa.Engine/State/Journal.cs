using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PemHa.Engine.State;

/// <summary>
/// The audit journal: JSON lines on the admin's machine, redacted, only ever appended to, each line by one write that is on the disk before
/// the work goes on. A change is written down before it is begun and when it is done, so that a run that was killed has said what it was
/// at. Several runs, and several admins, may share one.
/// </summary>
sealed class Journal(string? path)
{
    static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    static readonly object Gate = new();

    /// <summary>How long another run's write is waited for; it takes milliseconds.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Finds out whether it can be written, so that nothing is changed that could not be told.</summary>
    /// <exception cref="PemException">It cannot.</exception>
    public void Prove() => Append("");

    /// <summary>Appends entries, by one write; nothing when the cluster keeps no journal.</summary>
    /// <exception cref="PemException">It cannot be written.</exception>
    public void Write(params IEnumerable<JournalEntry> entries) => Append(string.Concat(entries.Select(Line)));

    static string Line(JournalEntry entry) => JsonSerializer.Serialize(entry with
    {
        Time = DateTime.UtcNow,
        User = Environment.UserName,
        Machine = Environment.MachineName,
        Process = Environment.ProcessId,
    }, Options) + "\n";

    void Append(string lines)
    {
        if (path is null) return;
        var until = DateTime.UtcNow + Patience;
        lock (Gate)
        {
            for (; ; Thread.Sleep(20))
            {
                try
                {
                    if (Path.GetDirectoryName(path) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
                    // A lock of its own: on Linux one on the journal itself would keep its readers out as well.
                    using var mine = Open(path + ".lock", FileShare.None);
                    using var file = Open(path, FileShare.ReadWrite);
                    // A full disk, or a kill in the middle of a long write, may have cut a line: what there is of it becomes an entry's text,
                    // so that every line can be read. That is longer than what it takes the place of.
                    var cut = lines.Length > 0 ? Cut(file) : [];
                    file.Seek(-cut.Length, SeekOrigin.End);
                    var mended = cut.Length == 0 ? "" : Line(new JournalEntry("cut", "", "") { Message = Encoding.UTF8.GetString(cut) });
                    file.Write(Encoding.UTF8.GetBytes(mended + lines));
                    file.Flush(flushToDisk: true);
                    return;
                }
                catch (IOException) when (DateTime.UtcNow < until && File.Exists(path + ".lock"))
                {
                    // Another run is at it.
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw new PemException("JournalUnwritable", Trouble.InvalidOperation, $"The journal {path} cannot be written: {e.Message}",
                        "Make room, or give New-PemCluster another -JournalPath; what is done has to be told there.", e);
                }
            }
        }
    }

    static FileStream Open(string file, FileShare share)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(file, options);
    }

    /// <summary>What follows the last line's end.</summary>
    static byte[] Cut(FileStream file)
    {
        for (var length = Math.Min(file.Length, 1); ; length = Math.Min(file.Length, length * 4096))
        {
            var end = new byte[length];
            file.Seek(-length, SeekOrigin.End);
            file.ReadExactly(end);
            var at = Array.LastIndexOf(end, (byte)'\n');
            if (at >= 0 || length == file.Length) return end[(at + 1)..];
        }
    }
}

/// <summary>One line of the journal.</summary>
/// <param name="Kind">
/// <c>begin</c> and <c>change</c>, before and after a change; <c>stopped</c>, what a host was in the middle of when the run was stopped;
/// <c>error</c>; <c>step</c>; <c>cut</c>, a line that did not get to its end.
/// </param>
sealed record JournalEntry(string Kind, string Cluster, string Step)
{
    /// <summary>When, in UTC.</summary>
    public DateTime Time { get; init; }

    /// <summary>Who, on the admin's machine.</summary>
    public string User { get; init; } = "";

    public string Machine { get; init; } = "";

    /// <summary>Tells the lines of one run from those of another.</summary>
    public int Process { get; init; }

    public string? Host { get; init; }

    /// <summary>As whom on the host, which its own journal knows too.</summary>
    public string? Login { get; init; }

    public string? Resource { get; init; }

    public string? Action { get; init; }

    public string? Difference { get; init; }

    /// <summary>SHA-256 of a file before and after; null for what is no file, for one that was not there, and for one with secrets in it.</summary>
    public string? Before { get; init; }

    public string? After { get; init; }

    public string? Error { get; init; }

    public string? Message { get; init; }

    public int? Changes { get; init; }

    public double? Seconds { get; init; }
}
