using Xunit;
using Xunit.Sdk;

// A lab waits for half of its time: for a boot, a heartbeat, a timeout. Two of them share the processors well, more would spoil each other's deadlines.
[assembly: CollectionBehavior(MaxParallelThreads = 2, ParallelAlgorithm = ParallelAlgorithm.Conservative)]
[assembly: AssemblyFixture(typeof(PemHa.Lab.Tests.Stations))]
[assembly: TestCollectionOrderer(typeof(PemHa.Lab.Tests.LongestFirst))]
