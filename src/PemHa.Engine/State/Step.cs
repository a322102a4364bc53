namespace PemHa.Engine.State;

/// <summary>One part of a step: resources for each host, done before the next part begins.</summary>
/// <param name="Title">What it is about, for progress.</param>
/// <param name="Hosts">The hosts, in the order in which they go when one after another.</param>
/// <param name="Resources">What must be so on a host.</param>
/// <param name="OneByOne">One host at a time; the first failure keeps the later hosts untouched.</param>
/// <param name="Together">About what all hosts of the step come to together: nobody waits for that when one of them has failed.</param>
sealed record Phase(string Title, IReadOnlyList<PemHost> Hosts, Func<PemHost, IReadOnlyList<Resource>> Resources, bool OneByOne = false, bool Together = false);

/// <summary>One step of the procedure over the hosts of a cluster; plan, preview and run all read the same list.</summary>
/// <param name="Name">The cmdlet.</param>
/// <param name="Cluster">The cluster.</param>
/// <param name="Phases">Its parts, in order.</param>
sealed record Step(string Name, PemCluster Cluster, IReadOnlyList<Phase> Phases)
{
    /// <summary>Every host that the step looks at.</summary>
    public IReadOnlyList<PemHost> Hosts { get; } = [.. Phases.SelectMany(p => p.Hosts).Distinct()];
}
