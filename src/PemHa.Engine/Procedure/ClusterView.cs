using System.Collections.Concurrent;
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
    public static async Task<PemHost> FindPrimaryAsync(PemCluster cluster, Turn turn, CancellationToken ct)
    {
        if (cluster.Seen is var (seen, at) && seen.Connected && Environment.TickCount64 - at < FreshMilliseconds) return seen;
        var silent = new ConcurrentDictionary<PemHost, string>();
        var sights = await Task.WhenAll(cluster.DataNodes
            .Where(h => h.Session is not null)
            .Select(h => LookAsync(h, turn, silent, ct)));
        PemHost now;
        try
        {
            now = Choose(cluster, [.. sights.OfType<Sight>()]);
        }
        catch (PemException e) when (e.Host is { } host && silent.TryGetValue(host, out var said) && said.Length > 0)
        {
            // The host's own message shows whether its database is down or refuses the login.
            throw new PemException(e.Id, e.Category, $"{e.Message} It said: {said}", e.Remedy, e) { Host = host };
        }
        cluster.Seen = sights.Any(s => s?.Host == now && s.Writing) ? (now, Environment.TickCount64) : null;
        return now;
    }

    /// <summary>The primary as it is now, for a step.</summary>
    /// <param name="given">Whether it must be among the hosts that are still in the pipeline, as the step is about it too.</param>
    public static async Task<PemHost> PrimaryAmongAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, string step, IReporter reporter, CancellationToken ct, bool given = true)
    {
        PemHost primary;
        try
        {
            primary = await FindPrimaryAsync(cluster, new Turn(reporter, step), ct);
        }
        catch (PemException e)
        {
            throw e.At(null, step);
        }
        return hosts.Contains(primary) || !given ? primary : throw new PemException("PrimaryMissing", Trouble.InvalidArgument,
            $"{primary.Name}, the primary of cluster {cluster.Name}, is not among the hosts: it was left out, or an earlier step failed on it.",
            "Mend what the earlier error says, then give every host of the cluster to the step.")
        { Host = primary, Step = step };
    }

    /// <summary>What one data node says of itself.</summary>
    /// <param name="Writing">Whether its server runs and is not in recovery.</param>
    /// <param name="Upstream">The address that it streams from; empty when from none.</param>
    /// <param name="Database">Whether there is a database at all, running or not.</param>
    internal sealed record Sight(PemHost Host, bool Writing, string SystemIdentifier, string Upstream, bool Database);

    /// <summary>The shell that tells it.</summary>
    internal const string Probe = "[ -f \"$PGDATA/PG_VERSION\" ] && fact database 1\n" + ServerFacts.Probe;

    /// <summary>What a node's facts say.</summary>
    internal static Sight Of(PemHost host, Facts facts) =>
        new(host, facts["recovery"] == "false", facts["sysid"], facts["receiver"].Split(' ')[^1], facts.Is("database"));

    /// <summary>The primary, from what the nodes that could be asked say; refuses where it would be a guess.</summary>
    internal static PemHost Choose(PemCluster cluster, IReadOnlyList<Sight> sights)
    {
        var declared = cluster.Hosts.FirstOrDefault(h => h.Role == PemRole.Primary)
            ?? throw new PemException("PrimaryMissing", Trouble.InvalidArgument, $"No host of cluster {cluster.Name} is described as its primary.",
                "Give one New-PemHost -Role Primary.");
        var writing = sights.Where(s => s.Writing).ToList();
        var twins = writing.GroupBy(s => s.SystemIdentifier).FirstOrDefault(g => g.Count() > 1);
        if (twins is not null)
            throw new PemException("TwoPrimaries", Trouble.SecurityError, $"{string.Join(" and ", twins.Select(t => t.Host.Name))} both take writes for the same database.",
                $"Stop {cluster.ServiceName} at once on the one that does not hold {cluster.VirtualIp}, and find out which rows it took.");
        if (writing.Count == 0) return FirstPrimary(cluster, sights, declared);
        // A standby-to-be may run a fresh database of its own: the one that others stream from comes first, then the described primary.
        var now = writing.FirstOrDefault(w => sights.Any(s => s.Upstream.Length > 0 && (s.Upstream == w.Host.Address || s.Upstream == w.Host.Name || s.Upstream == w.Host.DnsName))) ?? writing.FirstOrDefault(w => w.Host == declared)
            ?? (writing.Count == 1 ? writing[0] : null);
        return now?.Host ?? throw Unreachable(declared);
    }

    /// <summary>With nobody writing, the described primary is the one only where no other node can have taken over from it.</summary>
    static PemHost FirstPrimary(PemCluster cluster, IReadOnlyList<Sight> sights, PemHost declared)
    {
        var unseen = cluster.DataNodes.Except(sights.Select(s => s.Host)).ToList();
        if (unseen.Contains(declared)) throw Unreachable(declared);
        if (unseen.Count > 0)
            throw Unknown(declared, $"No node that answers takes writes, and {string.Join(", ", unseen)} cannot be asked: it may be the primary.",
                "Bring it back, or promote a standby (efm promote), then connect again.");
        var others = sights.Where(s => s.Database && s.Host != declared).Select(s => s.Host.Name).ToList();
        if (others.Count > 0)
            throw Unknown(declared, $"No node takes writes, and {string.Join(", ", others)} holds a database as well as or instead of {declared.Name}: nobody can tell which was the primary last.",
                $"Start {cluster.ServiceName} on the one that was, then run the step again.");
        return declared;
    }

    static PemException Unknown(PemHost declared, string message, string remedy) => new("PrimaryUnknown", Trouble.InvalidOperation, message, remedy) { Host = declared };

    static PemException Unreachable(PemHost declared) => new("PrimaryUnreachable", Trouble.ConnectionError, $"The primary, {declared.Name}, is not connected or does not answer.",
        "Bring it back, or promote a standby (efm promote), then connect again.")
    { Host = declared };

    /// <param name="silent">Receives the error output of a host that gave no answer.</param>
    static async Task<Sight?> LookAsync(
        PemHost host, Turn turn, ConcurrentDictionary<PemHost, string> silent, CancellationToken ct)
    {
        var script = new RemoteScript(Prelude.For(host.Cluster), HostLock.Shared);
        script.Add(Probe, stopsOnFailure: false);
        IReadOnlyList<FragmentResult> result;
        try
        {
            result = await turn.RunAsync(host, script, ct);
        }
        catch (PemException e) when (e.Id is "ConnectionLost" or "NotConnected")
        {
            return null;
        }
        if (result.Count == 0 || result[0].ExitCode != 0)
        {
            silent[host] = result.Count == 0 ? "" : SshSession.Of(host).Redactor.Redact(result[0].Error.Trim());
            return null;
        }
        return Of(host, Facts.Parse(result[0].Output));
    }
}
