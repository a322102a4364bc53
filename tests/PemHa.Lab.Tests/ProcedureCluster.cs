using System.Collections.Concurrent;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The tests on whole clusters run one after another; the undisturbed cluster is what the others are compared with.</summary>
[CollectionDefinition(Name)]
public sealed class ProcedureTests : ICollectionFixture<ProcedureCluster>, ICollectionFixture<InterruptedCluster>
{
    public const string Name = "The procedure";
}

/// <summary>
/// Three data nodes and a witness: previewed, deployed and deployed again by the runbook when a test first asks for it. Tests leave it
/// as it is.
/// </summary>
public sealed class ProcedureCluster : ProcedureLab
{
    static readonly TimeSpan SamplePause = TimeSpan.FromMilliseconds(20);
    Task<ProcedureRecord>? _deployed;

    /// <summary>What the first asker caused; the same for all.</summary>
    internal async Task<ProcedureRecord> DeployedAsync()
    {
        await LabAsync();
        return await (_deployed ??= RecordAsync());
    }

    async Task<ProcedureRecord> RecordAsync()
    {
        var untouched = await SnapshotAsync();
        var preview = await DeployAsync("-WhatIf");
        var previewed = await SnapshotAsync();

        var seen = new ConcurrentDictionary<string, bool>();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var sampling = SampleAsync(seen, over.Token);
        var first = await DeployAsync("-Verbose", "-Debug");
        await over.CancelAsync();
        await sampling;

        var deployed = await SnapshotAsync();
        var second = await DeployAsync();
        return new ProcedureRecord(untouched, preview, previewed, first, deployed, second, await SnapshotAsync(), [.. seen.Keys]);
    }

    /// <summary>Every command line that node1 had while the runbook ran, as far as 50 looks a second catch them.</summary>
    async Task SampleAsync(ConcurrentDictionary<string, bool> seen, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            foreach (var line in CommandLines("node1"))
                seen.TryAdd(line, true);
            await Task.Delay(SamplePause, Cancellation);
        }
    }
}

/// <summary>The runs of the runbook on one lab, and what was on the hosts before and after each.</summary>
sealed record ProcedureRecord(
    IReadOnlyDictionary<string, string[]> Untouched,
    ProcedureRun Preview,
    IReadOnlyDictionary<string, string[]> Previewed,
    ProcedureRun First,
    IReadOnlyDictionary<string, string[]> Deployed,
    ProcedureRun Second,
    IReadOnlyDictionary<string, string[]> Redeployed,
    IReadOnlyList<string> CommandLines);
