namespace PemHa.Engine.State;

/// <summary>Read-only work on all hosts of a cluster at once.</summary>
static class HostQueries
{
    /// <summary>Runs the work on each host and shows progress while a host is busy.</summary>
    /// <param name="activity">What the progress bar of a host shows.</param>
    /// <param name="throttleLimit">The number of hosts to query in parallel.</param>
    /// <param name="query">The work for a host, which also gets the host's index.</param>
    /// <returns>The results, in the order of the hosts.</returns>
    public static async Task<T[]> QueryAllAsync<T>(
        this IReporter reporter,
        PemCluster cluster,
        string step,
        string activity,
        int throttleLimit,
        Func<PemHost, int, Task<T>> query,
        CancellationToken ct)
    {
        using var slots = new SemaphoreSlim(throttleLimit);
        return await Task.WhenAll(cluster.Hosts.Select(async (host, index) =>
        {
            await slots.WaitAsync(ct);
            try
            {
                reporter.Progress(host, step, activity, -1);
                return await query(host, index);
            }
            finally
            {
                reporter.Progress(host, step, "", null);
                slots.Release();
            }
        }));
    }
}
