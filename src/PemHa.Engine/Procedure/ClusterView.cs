using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Which host is the primary now; asked of the servers, since roles change (F5).</summary>
static class ClusterView
{
    /// <summary>How long an answer holds for the next step of a pipeline; each step still checks that its primary is one.</summary>
    const int FreshMilliseconds = 2000;

    /// <summary>The primary among a cluster's hosts: the one that takes writes, or before there is one the one so described.</summary>
    /// <exception cref="PemException">Two hosts take writes for the same data, or there is no connection to the primary.</exception>
    public static async Task<PemHost> FindPrimaryAsync(PemCluster cluster, CancellationToken ct)
    {
        if (cluster.Seen is var (seen, at) && seen.Connected && Environment.TickCount64 - at < FreshMilliseconds) return seen;
        var looks = await Task.WhenAll(cluster.DataNodes.Where(h => h.Connected).Select(h => LookAsync(h, ct)));
        var found = looks.OfType<(PemHost Host, bool Writing, string SystemIdentifier, string Upstream, bool Database)>().ToList();
        var writing = found.Where(f => f.Writing).ToList();
        var twins = writing.GroupBy(f => f.SystemIdentifier).FirstOrDefault(g => g.Count() > 1);
        if (twins is not null)
            throw new PemException("TwoPrimaries", Trouble.SecurityError, $"{string.Join(" and ", twins.Select(t => t.Host.Name))} both take writes for the same database.",
                $"Stop {cluster.ServiceName} at once on the one that does not hold {cluster.VirtualIp}, and find out which rows it took.");
        var declared = cluster.Hosts.FirstOrDefault(h => h.Role == PemRole.Primary)
            ?? throw new PemException("PrimaryMissing", Trouble.InvalidArgument, $"No host of cluster {cluster.Name} is described as its primary.", "Give one New-PemHost -Role Primary.");
        if (writing.Count == 0) RefuseToGuess(cluster, found, declared);
        // A standby-to-be may run a fresh database of its own: the one that others stream from comes first, then the described primary.
        var now = writing.FirstOrDefault(w => found.Any(f => f.Upstream == w.Host.Address)).Host
            ?? writing.FirstOrDefault(w => w.Host == declared).Host
            ?? (writing.Count == 1 ? writing[0].Host : declared);
        cluster.Seen = writing.Any(w => w.Host == now) ? (now, Environment.TickCount64) : null;
        return now.Connected ? now : throw new PemException("PrimaryUnreachable", Trouble.ConnectionError, $"The primary, {now.Name}, is not connected.",
            "Bring it back, or promote a standby (efm promote), then connect again.")
        { Host = now };
    }

    /// <summary>With nobody writing, the described primary is the one only where no other node can have taken over from it.</summary>
    static void RefuseToGuess(PemCluster cluster, IReadOnlyList<(PemHost Host, bool Writing, string SystemIdentifier, string Upstream, bool Database)> found, PemHost declared)
    {
        var unseen = cluster.DataNodes.Except(found.Select(f => f.Host)).Select(h => h.Name).ToList();
        if (unseen.Contains(declared.Name)) return;
        if (unseen.Count > 0)
            throw new PemException("PrimaryUnknown", Trouble.InvalidOperation, $"No node that answers takes writes, and {string.Join(", ", unseen)} cannot be asked: it may be the primary.",
                "Bring it back, or promote a standby (efm promote), then connect again.")
            { Host = declared };
        var others = found.Where(f => f.Database && f.Host != declared).Select(f => f.Host.Name).ToList();
        if (others.Count > 0)
            throw new PemException("PrimaryUnknown", Trouble.InvalidOperation,
                $"No node takes writes, and {string.Join(", ", others)} holds a database as well as or instead of {declared.Name}: nobody can tell which was the primary last.",
                $"Start {cluster.ServiceName} on the one that was, then run the step again.")
            { Host = declared };
    }

    static async Task<(PemHost Host, bool Writing, string SystemIdentifier, string Upstream, bool Database)?> LookAsync(PemHost host, CancellationToken ct)
    {
        var script = new RemoteScript(Prelude.For(host.Cluster), HostLock.Shared, TimeSpan.FromMinutes(10));
        script.Add("[ -f \"$PGDATA/PG_VERSION\" ] && fact database 1\n" + ServerFacts.Probe, stopsOnFailure: false);
        IReadOnlyList<FragmentResult> result;
        try
        {
            result = await SshSession.Of(host).RunAsync(script, ct);
        }
        catch (PemException e) when (e.Id is "ConnectionLost" or "NotConnected")
        {
            return null;
        }
        if (result.Count == 0 || result[0].ExitCode != 0) return null;
        var facts = Facts.Parse(result[0].Output);
        return (host, facts["recovery"] == "false", facts["sysid"], facts["receiver"].Split(' ')[^1], facts.Is("database"));
    }
}
