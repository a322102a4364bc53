namespace PemHa.Lab.Efm;

/// <summary>How much of the cluster an agent sees.</summary>
enum Sight { Majority, Half, Minority }

/// <summary>A standby that could be promoted, with what it has received and replayed.</summary>
sealed record Candidate(string Address, Lsn? Received, Lsn? Replayed);

/// <summary>The rules of failover as functions of what is known, apart from the doing. [F6]</summary>
static class Decisions
{
    /// <summary>More than half may promote; less than half is isolated, and a primary there stops; exactly half does neither.</summary>
    internal static Sight See(int visible, int known) =>
        visible * 2 > known ? Sight.Majority : visible * 2 == known ? Sight.Half : Sight.Minority;

    /// <summary>
    /// The most advanced standby; the replayed position breaks a tie when asked for, then the failover order decides.
    /// Only standbys in the order can be chosen.
    /// </summary>
    internal static string? ChooseStandby(IEnumerable<Candidate> candidates, IReadOnlyList<string> priority, bool useReplayTiebreaker)
    {
        var usable = candidates.Where(c => priority.Contains(c.Address) && Furthest(c) != null).ToList();
        return usable
            .OrderByDescending(c => Furthest(c)!.Value)
            .ThenByDescending(c => useReplayTiebreaker ? c.Replayed?.Value ?? 0 : 0)
            .ThenBy(c => priority.ToList().IndexOf(c.Address))
            .FirstOrDefault()?.Address;
    }

    /// <summary>A promotion takes one standby away; it must not leave fewer than the minimum.</summary>
    internal static bool LeavesEnoughStandbys(int standbys, int minimum) => standbys - 1 >= minimum;

    /// <summary>All standbys have replayed exactly what the primary has written. [F3] [F7]</summary>
    internal static bool InSync(Lsn? primary, IEnumerable<Lsn?> standbys) => primary != null && standbys.All(s => s == primary);

    /// <summary>Two halves of a cluster found each other: whether mine gives way and joins the other.</summary>
    internal static bool Yields(ClusterView mine, ClusterView other, string me)
    {
        if (other.Members.Contains(me)) return false;
        // The majority has gone on without me; my own view is from before, whatever it says.
        if (other.Down.Contains(me) && See(other.Members.Count, other.Known) == Sight.Majority) return true;
        var (a, b) = (See(mine.Members.Count, mine.Known), See(other.Members.Count, other.Known));
        if (a != b) return b < a;
        if (mine.Members.Count != other.Members.Count) return other.Members.Count > mine.Members.Count;
        return string.CompareOrdinal(other.Coordinator, mine.Coordinator) < 0;
    }

    /// <summary>Received can lag behind replayed after a restart, when nothing was streamed yet.</summary>
    static Lsn? Furthest(Candidate c) => (c.Received, c.Replayed) switch
    {
        ({ } received, { } replayed) => received.CompareTo(replayed) >= 0 ? received : replayed,
        var (received, replayed) => received ?? replayed,
    };
}
