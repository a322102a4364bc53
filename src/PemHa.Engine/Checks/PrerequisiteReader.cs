using PemHa.Engine.Assumptions;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Checks;

/// <summary>Test-PemPrerequisite: every probe of a host in one script, all hosts at once; judged when all have answered. Changes nothing.</summary>
static class PrerequisiteReader
{
    const string Step = "Test-PemPrerequisite";

    /// <summary>A package manager that fetches its lists anew takes its time.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>All checks, in the order of the procedure.</summary>
    public static IReadOnlyList<Check> Checks(PemCluster cluster) =>
    [
        .. Area("Hosts", HostChecks.All(cluster)),
        .. Area("Packages", PackageChecks.All(cluster)),
        .. Area("Network", NetworkChecks.All(cluster)),
        .. Area("Database", DatabaseChecks.All(cluster)),
        .. Area("Agents", EfmChecks.All(cluster)),
        .. Area("Products", Register.AsChecks()),
    ];

    static IEnumerable<Check> Area(string name, IEnumerable<Check> checks) =>
        checks.Select(c => c with { Area = name });

    /// <summary>Looks and judges; a host that does not answer is a verdict, not an error. The worst come last, where they are seen.</summary>
    public static async Task<IReadOnlyList<PemCheck>> ReadAsync(PemCluster cluster, IReporter reporter, int throttleLimit, CancellationToken ct)
    {
        var checks = Checks(cluster);
        var answers = await reporter.QueryAllAsync(
            cluster, Step, "looking", throttleLimit, (host, _) => LookAsync(host, checks, reporter, ct), ct);
        return Judge(cluster, checks, answers);
    }

    /// <summary>What a host answered.</summary>
    /// <param name="Facts">By check; none where the host did not answer.</param>
    /// <param name="Trouble">Checks whose probe failed, and what it said.</param>
    internal sealed record Answer(PemHost Host, Verdict Connection, IReadOnlyDictionary<Check, Facts> Facts, IReadOnlyDictionary<Check, string> Trouble);

    /// <summary>The verdicts on what was answered.</summary>
    internal static IReadOnlyList<PemCheck> Judge(PemCluster cluster, IReadOnlyList<Check> checks, IReadOnlyList<Answer> answers)
    {
        var found = answers.Select(a => Of(Connection, a.Host.Name, a.Connection)).ToList();
        foreach (var check in checks)
        {
            var sights = new Sights();
            foreach (var answer in answers)
                if (answer.Facts.TryGetValue(check, out var facts)) sights[answer.Host] = facts;
            if (check.JudgeCluster?.Invoke(cluster, sights) is { } whole) found.Add(Of(check, cluster.Name, whole));
            foreach (var answer in answers)
            {
                if (answer.Trouble.TryGetValue(check, out var trouble))
                {
                    var unknown = Verdict.Unknown(
                        $"It could not be looked at: {trouble}",
                        "Look at the host; the message is its own.");
                    found.Add(Of(check, answer.Host.Name, unknown));
                }
                else if (sights.ContainsKey(answer.Host) && check.Judge(answer.Host, sights) is { } verdict)
                {
                    found.Add(Of(check, answer.Host.Name, verdict));
                }
            }
        }
        return [.. found.OrderBy(c => c.State)];

        PemCheck Of(Check check, string host, Verdict verdict) => new()
        {
            Area = check.Area,
            Check = check.Name,
            HostName = host,
            Cluster = cluster.Name,
            State = verdict.State,
            Why = verdict.Why,
            Remedy = verdict.Remedy,
            Spec = check.Spec,
        };
    }

    /// <summary>What every host is judged by before anything is asked.</summary>
    static readonly Check Connection = new("connection", [], _ => ":", (_, _) => null) { Area = "Hosts" };

    /// <summary>Looks at one host.</summary>
    /// <param name="sessions">Where its answers come from; null for its own session.</param>
    internal static async Task<Answer> LookAsync(
        PemHost host,
        IReadOnlyList<Check> checks,
        IReporter reporter,
        CancellationToken ct,
        Func<PemHost, IProbeSession>? sessions = null)
    {
        var facts = new Dictionary<Check, Facts>();
        var trouble = new Dictionary<Check, string>();
        Answer Silent(string why, string remedy) => new(host, Verdict.Failed(why, remedy), new Dictionary<Check, Facts>(), trouble);
        try
        {
            var session = (sessions ?? ProbeSession.Of)(host);
            var offset = await session.ClockOffsetAsync(ct).WaitAsync(Patience, ct);
            // No lock: waiting for another run would say nothing of the host.
            var script = new RemoteScript(Prelude.For(host.Cluster), null);
            var mine = checks.Where(c => c.On(host)).ToList();
            var asked = mine.GroupBy(c => c.Probe(host), StringComparer.Ordinal)
                .ToDictionary(
                    g => g.Key,
                    g => script.Add(g.Key, stopsOnFailure: false, keys: [.. g.Select(c => c.Name)]),
                    StringComparer.Ordinal);
            reporter.Command($"{host.Name}:\n{session.Redactor.Redact(script.Fragments)}");
            var results = await session.RunAsync(script, ct).WaitAsync(Patience, ct);
            foreach (var check in mine)
            {
                var place = asked[check.Probe(host)];
                if (place >= results.Count) return Silent($"The answer of {host.Name} ended half-way.", "Check the host and the network, then run it again.");
                if (results[place].ExitCode != 0) trouble[check] = session.Redactor.Redact($"{results[place].Error.Trim()} {results[place].Output.Trim()}".Trim());
                else facts[check] = check.Name == HostChecks.Clock ? Facts.Of(("offset", offset)) : Facts.Parse(results[place].Output);
            }
            return new Answer(host, Verdict.Passed($"It answers {session.Way}, with root's rights."), facts, trouble);
        }
        catch (PemException e)
        {
            return Silent(e.Message, e.Remedy);
        }
        catch (TimeoutException)
        {
            return Silent($"{host.Name} did not answer within {Patience.TotalMinutes:0} minutes.", "Look at the host: it is overloaded, or a command hangs there.");
        }
    }
}
