using Xunit.Sdk;
using Xunit.v3;

namespace PemHa.Lab.Tests;

/// <summary>Begins with the collections that take minutes, so that the run does not end with one of them alone.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    static readonly string[] Long =
    [
        nameof(ProcedureMatrixTests), ProcedureTests.Name, nameof(FaultsInReplicationTests), TrapTests.Name, PageTests.Name, nameof(StationTests),
        nameof(FaultsInEfmAndPemTests), nameof(ProcedurePrerequisiteTests), nameof(ProcedureReplicaTests), nameof(ProcedureUserSettingsTests),
    ];

    // The longest is the last of the list: xunit makes a task of each, and the thread pool begins with the youngest of what one of its threads has queued.
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderByDescending(c => Place(c)).ThenBy(c => c.TestCollectionDisplayName, StringComparer.Ordinal)];

    static int Place(ITestCollection collection)
    {
        var place = Array.FindIndex(Long, name => collection.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal));
        return place < 0 ? Long.Length : place;
    }
}
