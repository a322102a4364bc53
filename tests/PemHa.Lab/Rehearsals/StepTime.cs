using System.Text.Json;

namespace PemHa.Lab.Rehearsals;

/// <summary>What each step of a run did, read from the journal that PemHa keeps.</summary>
sealed record StepTime(string Step, int Changes, double Seconds)
{
    /// <summary>The steps of every run so far, in order.</summary>
    public static IReadOnlyList<StepTime> Read(string journal) =>
    [
        .. File.ReadLines(journal).Select(line => JsonSerializer.Deserialize<JsonElement>(line))
            .Where(entry => entry.GetProperty("Kind").GetString() == "step")
            .Select(entry => new StepTime(entry.GetProperty(nameof(Step)).GetString()!, entry.GetProperty(nameof(Changes)).GetInt32(), entry.GetProperty(nameof(Seconds)).GetDouble())),
    ];
}
