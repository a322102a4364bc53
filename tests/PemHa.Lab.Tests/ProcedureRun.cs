using System.Text.Json.Nodes;

namespace PemHa.Lab.Tests;

/// <summary>One run of the runbook to its end.</summary>
/// <param name="Output">Everything that it said, on both streams.</param>
/// <param name="Journal">The lines that it added to the journal.</param>
sealed record ProcedureRun(int ExitCode, string Output, IReadOnlyList<JsonNode> Journal, TimeSpan Elapsed)
{
    /// <summary>The steps that ended, with their number of changes.</summary>
    public IReadOnlyList<(string Step, int Changes)> Steps =>
        [.. Journal.Where(l => Kind(l) == "step").Select(l => ((string)l["Step"]!, (int)l["Changes"]!))];

    /// <summary>What was changed, as "host: action resource".</summary>
    public IReadOnlyList<string> Changed =>
        [.. Journal.Where(l => Kind(l) == "change").Select(l => $"{l["Host"]}: {l["Action"]} {l["Resource"]}")];

    static string Kind(JsonNode line) => (string)line["Kind"]!;
}

/// <summary>One line of an error as <c>Report</c> writes it.</summary>
sealed record ProcedureError(string Id, string Host, string Message, string Remedy);

/// <summary>What a script said: lines of objects, and errors.</summary>
sealed class ProcedureReport(string output, string said)
{
    public IReadOnlyList<string> Lines { get; } =
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith("ERROR\t", StringComparison.Ordinal))];

    public IReadOnlyList<ProcedureError> Errors { get; } =
    [
        .. output.Split('\n').Where(l => l.StartsWith("ERROR\t", StringComparison.Ordinal)).Select(l => l.Split('\t'))
            .Select(f => new ProcedureError(f[1], f[2], f[3], f[4])),
    ];

    /// <summary>All of it, for a failure's message.</summary>
    public override string ToString() => output + said;
}
