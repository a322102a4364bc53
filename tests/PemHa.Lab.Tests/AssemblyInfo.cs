using Xunit;

// Labs of different collections would take the processor from each other, and timings with it.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
