using System.Text.Json;
using System.Text.Json.Serialization;

namespace PemHa.Engine.State;

/// <summary>The audit journal: JSON lines on the admin's machine, appended one whole line at a time, redacted.</summary>
sealed class Journal(string? path)
{
    static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    static readonly object Gate = new();

    /// <summary>Appends one entry; nothing when the cluster keeps no journal.</summary>
    public void Write(JournalEntry entry)
    {
        if (path is null) return;
        var line = JsonSerializer.Serialize(entry with { Time = DateTime.UtcNow, User = Environment.UserName }, Options) + "\n";
        lock (Gate)
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
            File.AppendAllText(path, line);
        }
    }
}

/// <summary>One line of the journal.</summary>
/// <param name="Kind"><c>change</c>, <c>error</c> or <c>step</c>.</param>
sealed record JournalEntry(string Kind, string Cluster, string Step)
{
    public DateTime Time { get; init; }

    public string User { get; init; } = "";

    public string? Host { get; init; }

    public string? Resource { get; init; }

    public string? Action { get; init; }

    public string? Difference { get; init; }

    public string? Error { get; init; }

    public string? Message { get; init; }

    public int? Changes { get; init; }

    public double? Seconds { get; init; }
}
