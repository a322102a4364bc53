using System.Text.Json;
using System.Text.Json.Serialization;

namespace PemHa.Engine.State;

/// <summary>
/// The audit journal: JSON lines on the admin's machine, redacted, only ever appended to, each line by one write that is on the disk before
/// the work goes on. Several runs, and several admins, may share one.
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

    /// <summary>Appends one entry; nothing when the cluster keeps no journal.</summary>
    /// <exception cref="PemException">It cannot be written.</exception>
    public void Write(JournalEntry entry) =>
        Append(JsonSerializer.Serialize(entry with { Time = DateTime.UtcNow, User = Environment.UserName, Machine = Environment.MachineName }, Options) + "\n");

    void Append(string line)
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
                    // A disk that ran full may have cut a line: it stays as it is, and ours begins anew.
                    var torn = file.Length > 0 && Last(file) != '\n' && line.Length > 0;
                    file.Seek(0, SeekOrigin.End);
                    file.Write(System.Text.Encoding.UTF8.GetBytes(torn ? "\n" + line : line));
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

    static int Last(FileStream file)
    {
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte();
    }
}

/// <summary>One line of the journal.</summary>
/// <param name="Kind"><c>change</c>, <c>error</c>, <c>step</c>, or <c>stopped</c>: what a host was in the middle of when the run was stopped.</param>
sealed record JournalEntry(string Kind, string Cluster, string Step)
{
    /// <summary>When, in UTC.</summary>
    public DateTime Time { get; init; }

    /// <summary>Who, on the admin's machine.</summary>
    public string User { get; init; } = "";

    public string Machine { get; init; } = "";

    public string? Host { get; init; }

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
