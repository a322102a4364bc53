using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using PemHa.Engine.Remote;

namespace PemHa.Engine.State;

/// <summary>
/// Runs a step: one script of probes for each host, all hosts at once; the differences; then, phase by phase, one script
/// of changes for each host that ends with its probes again. A resource that is not as wanted after its change is an error.
/// </summary>
sealed class StepRunner(IReporter reporter, int throttleLimit)
{
    public IReporter Reporter => reporter;

    /// <inheritdoc cref="Turn.Usual"/>
    public TimeSpan Patience { get; init; } = Turn.Usual;

    /// <summary>Runs a step.</summary>
    /// <returns>The hosts that are as the step wants them.</returns>
    /// <exception cref="PemException">Trouble on a phase that the whole cluster depends on.</exception>
    public async Task<IReadOnlyList<PemHost>> RunAsync(Step step, CancellationToken ct)
    {
        // A step that a cluster of this description does without.
        if (step.Phases.Count == 0) return [];
        NodeAddress.Require(step.Cluster, step.Name);
        var watch = Stopwatch.StartNew();
        var run = new Run(step, new Journal(step.Cluster.JournalPath));
        if (!reporter.WhatIf) run.Journal.Prove();
        try
        {
            await ForEachAsync(run, step.Hosts, host => ProbeAsync(run, host, step.Phases, ct), ct);
            foreach (var phase in step.Phases)
            {
                var hosts = phase.Hosts.Where(h => !run.Failed.Contains(h)).ToList();
                // What nobody is left to do, the later phases would build upon; and one by one means that all of them are well (T17).
                if ((hosts.Count == 0 && phase.Hosts.Count > 0) || (phase.OneByOne && hosts.Count < phase.Hosts.Count) || (phase.Together && run.Failed.Count > 0))
                {
                    run.Failed.UnionWith(step.Hosts);
                    break;
                }
                if (phase.OneByOne || reporter.WhatIf)
                {
                    foreach (var host in hosts)
                    {
                        await ForEachAsync(run, [host], h => BringAsync(run, phase, h, ct), ct);
                        // T17: at the first doubt nothing further is touched.
                        if (run.Failed.Contains(host) && !reporter.WhatIf) break;
                    }
                    if (phase.OneByOne && phase.Hosts.Any(run.Failed.Contains)) run.Failed.UnionWith(hosts);
                }
                else
                {
                    await ForEachAsync(run, hosts, host => BringAsync(run, phase, host, ct), ct);
                }

                // A part that no host got through has nothing for the later ones to build on.
                if (hosts.Count > 0 && hosts.All(run.Failed.Contains) && phase != step.Phases[^1] && !reporter.WhatIf)
                {
                    run.Failed.UnionWith(step.Hosts);
                    break;
                }
            }
        }
        finally
        {
            foreach (var host in step.Hosts) reporter.Progress(host, step.Name, "", null);
            // Said when every host is done: with -ErrorAction Stop the first one ends the pipeline, and nobody is cut off half-way.
            foreach (var error in run.Errors) reporter.Error(error);
            var result = new PemStepResult(step.Name, step.Hosts.Count, run.Changes, Math.Round(watch.Elapsed.TotalSeconds, 2));
            if (!reporter.WhatIf)
            {
                step.Cluster.Add(result);
                run.Journal.Write(new JournalEntry("step", step.Cluster.Name, step.Name) { Changes = result.ChangeCount, Seconds = result.Seconds });
                reporter.Milestone(string.Create(CultureInfo.InvariantCulture, $"{step.Name}: {result.ChangeCount} changes on {result.HostCount} hosts in {result.Seconds:0.00} s"));
            }
        }
        return [.. step.Hosts.Where(h => !run.Failed.Contains(h))];
    }

    /// <summary>The state of one run.</summary>
    sealed class Run(Step step, Journal journal)
    {
        readonly Dictionary<(Phase, PemHost), Look> _probed = [];
        int _changes;

        public Step Step { get; } = step;

        public Journal Journal { get; } = journal;

        public HashSet<PemHost> Failed { get; } = [];

        public ConcurrentQueue<PemException> Errors { get; } = [];

        public int Changes => _changes;

        /// <summary>Grows with every change, so that a phase can tell whether its probe is still fresh.</summary>
        public void Count() => Interlocked.Increment(ref _changes);

        public Look this[Phase phase, PemHost host]
        {
            get { lock (_probed) return _probed[(phase, host)]; }
            set { lock (_probed) _probed[(phase, host)] = value; }
        }
    }

    /// <summary>What a phase found on a host.</summary>
    /// <param name="Mark">Of the last run that had changed the host then.</param>
    sealed record Look(IReadOnlyList<Resource> Resources, IReadOnlyList<Facts> Facts, string? Mark);

    async Task ForEachAsync(Run run, IEnumerable<PemHost> hosts, Func<PemHost, Task> work, CancellationToken ct)
    {
        using var slots = new SemaphoreSlim(throttleLimit);
        await Task.WhenAll(hosts.Select(async host =>
        {
            await slots.WaitAsync(ct);
            try
            {
                await work(host);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                lock (run.Failed) run.Failed.Add(host);
                var error = Redact(host, PemException.Unexpected(e).At(host, run.Step.Name));
                run.Journal.Write(new JournalEntry("error", run.Step.Cluster.Name, run.Step.Name) { Host = host.Name, Error = error.Id, Message = error.Message });
                run.Errors.Enqueue(error);
            }
            finally
            {
                slots.Release();
            }
        }));
    }

    /// <summary>One round trip: every probe of the given phases on the host.</summary>
    async Task ProbeAsync(Run run, PemHost host, IEnumerable<Phase> phases, CancellationToken ct)
    {
        reporter.Progress(host, run.Step.Name, "looking", -1);
        var script = new RemoteScript(Prelude.For(run.Step.Cluster), HostLock.Shared);
        var mine = phases.Where(p => p.Hosts.Contains(host)).Select(p => (Phase: p, Resources: p.Resources(host))).ToList();
        var places = Place(script, mine.SelectMany(m => m.Resources), stopsOnFailure: false);
        var results = await SendAsync(run, host, script, ct);
        if (host.Unfinished is { } left)
        {
            // The host's lock is held for as long as the host is at it.
            reporter.Decision($"{host.Name}: an earlier run was cut off in the middle of {left}; this one goes on from what is there now");
            host.Unfinished = null;
        }
        foreach (var (phase, resources) in mine) run[phase, host] = new Look(resources, Facts(host, resources, results, places), script.Seen);
    }

    /// <summary>Brings a host to what a phase wants.</summary>
    async Task BringAsync(Run run, Phase phase, PemHost host, CancellationToken ct)
    {
        // What an earlier phase changed, here or on another host, may have changed what this phase finds.
        var look = run.Changes > 0 && (phase.OneByOne || phase != run.Step.Phases[0]) && !reporter.WhatIf;
        for (; ; look = true)
        {
            if (look) await ProbeAsync(run, host, [phase], ct);
            try
            {
                await ChangeAsync(run, phase, host, ct);
                return;
            }
            catch (PemException e) when (e.Id == "LookOutdated")
            {
                // What was compared is another run's past; what that one has done is not done again.
                reporter.Decision($"{host.Name}: {e.Message} Looking again.");
            }
        }
    }

    async Task ChangeAsync(Run run, Phase phase, PemHost host, CancellationToken ct)
    {
        var (resources, facts, mark) = run[phase, host];
        var changes = new List<(Resource Resource, Change Change)>();
        var records = new List<PemChange>();
        var entries = new List<JournalEntry>();
        var changed = new HashSet<Resource>();
        foreach (var (resource, found) in resources.Zip(facts))
        {
            if (resource.Remark(found) is { } remark) reporter.Warn($"{host.Name}: {remark}");
            Change? change;
            try
            {
                change = resource.Compare(found, resource.After.Any(changed.Contains));
            }
            catch (PemException e) when (reporter.WhatIf)
            {
                // In a preview the steps before this one have not run: what they would bring is missing, and that is no error.
                reporter.Decision($"{host.Name}: {resource.Name}: {e.Message} {e.Remedy}");
                change = resource.Blank is { } blank ? resource.Compare(found.Or(blank), resource.After.Any(changed.Contains)) : null;
            }
            if (change is null) continue;
            changed.Add(resource);
            var record = new PemChange(host.Name, run.Step.Name, resource.Name, change.Action, Session(host).Redactor.Redact(change.Difference));
            if (!await reporter.ShouldChangeAsync(record, change.Recipe)) continue;
            changes.Add((resource, change));
            records.Add(record);
            entries.Add(new JournalEntry("change", run.Step.Cluster.Name, run.Step.Name)
            {
                Host = host.Name,
                Login = Session(host).UserName,
                Resource = resource.Name,
                Action = change.Action,
                Difference = record.Difference,
                Before = change.Before,
                After = change.After,
            });
        }
        if (changes.Count == 0 && changed.Count == 0) reporter.Decision($"{host.Name}: {phase.Title}: all is as wanted");
        if (changes.Count == 0 || reporter.WhatIf) return;

        var script = new RemoteScript(Prelude.For(run.Step.Cluster), HostLock.Exclusive) { Step = run.Step.Name, Expected = mark };
        foreach (var (resource, change) in changes) script.Add("set -e\n" + change.Apply, stopsOnFailure: true, $"{change.Action} {resource.Name}");
        var places = Place(script, resources, stopsOnFailure: true);
        run.Journal.Write(entries.Select(e => e with { Kind = "begin" }));
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var what = $"{phase.Title}: {string.Join(", ", changes.Select(c => $"{c.Change.Action} {c.Resource.Name}"))}";
        reporter.Decision($"{host.Name}: {what}");
        var watching = WatchAsync(run.Step, host, what,
            changes.Select(c => c.Resource.Watch).FirstOrDefault(w => w is not null), done.Token);
        IReadOnlyList<FragmentResult> results;
        reporter.Doing(host, host.Unfinished = $"{run.Step.Name}, {what}");
        try
        {
            results = await SendAsync(run, host, script, ct);
            reporter.Doing(host, host.Unfinished = null);
        }
        catch (OperationCanceledException)
        {
            run.Journal.Write(new JournalEntry("stopped", run.Step.Cluster.Name, run.Step.Name) { Host = host.Name, Message = what });
            throw;
        }
        finally
        {
            await done.CancelAsync();
            await watching;
        }
        foreach (var (record, _) in records.Zip(results))
        {
            run.Count();
            host.Add(record);
        }
        run.Journal.Write(entries.Zip(results, (e, r) => e with { Error = r.ExitCode == 0 ? null : "ChangeFailed" }));
        foreach (var ((resource, change), result) in changes.Zip(results).Where(c => c.Second.ExitCode != 0)) throw ChangeFailed(resource, change, result);
        if (results.Count < changes.Count) throw Lost(host);
        var after = Facts(host, resources, results, places);
        foreach (var (resource, found) in resources.Zip(after))
        {
            if (resource.Compare(found, false) is { } still && changes.Any(c => c.Resource == resource))
                throw new PemException("NotConverged", Trouble.InvalidResult, $"{resource.Name} is not as wanted after its change: would {still.Action} again.\n{still.Difference}",
                    "Something else changes it back, or overrides it; look at it on the host.");
        }
        run[phase, host] = new Look(resources, after, script.Mark);
    }

    /// <summary>Tells every second how long a change has been going on and, where somebody can tell, how far it is.</summary>
    async Task WatchAsync(Step step, PemHost host, string what, (PemHost Host, string Script)? source, CancellationToken done)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            for (; ; await Task.Delay(TimeSpan.FromSeconds(1), done))
            {
                var (percent, more) = (-1, "");
                if (source is var (where, text) && watch.Elapsed.TotalSeconds >= 1)
                {
                    var script = new RemoteScript(Prelude.For(step.Cluster), null);
                    script.Add(text, stopsOnFailure: false);
                    var words = (await Session(where).RunAsync(script, done))[0].Output.Trim().Split('\t');
                    if (words.Length == 2 && Digits.Whole(words[0]) is { } told)
                        (percent, more) = (told, $", {words[1]}");
                }
                reporter.Progress(host, step.Name, string.Create(CultureInfo.InvariantCulture, $"{what} ({watch.Elapsed.TotalSeconds:0} s{more})"), Math.Clamp(percent, -1, 100));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or PemException)
        {
            // It is over, or nobody can tell how far it is; the change itself says what went wrong.
        }
    }

    async Task<IReadOnlyList<FragmentResult>> SendAsync(Run run, PemHost host, RemoteScript script, CancellationToken ct)
    {
        reporter.Command($"{host.Name}:\n{Session(host).Redactor.Redact(ManagedFile.WithoutContents(script.Fragments))}");
        return await new Turn(reporter, run.Step.Name) { Patience = Patience }.RunAsync(host, script, ct);
    }

    /// <summary>Adds the probes; resources that ask the same share one answer.</summary>
    static Dictionary<Resource, int> Place(RemoteScript script, IEnumerable<Resource> resources, bool stopsOnFailure)
    {
        var asked = new Dictionary<string, int>(StringComparer.Ordinal);
        var places = new Dictionary<Resource, int>();
        foreach (var resource in resources)
        {
            var probe = resource.Probe;
            if (!asked.TryGetValue(probe, out var place)) asked[probe] = place = script.Add(probe, stopsOnFailure);
            places[resource] = place;
        }
        return places;
    }

    List<Facts> Facts(
        PemHost host,
        IReadOnlyList<Resource> resources,
        IReadOnlyList<FragmentResult> results,
        Dictionary<Resource, int> places)
    {
        bool IsAnswered(Resource asked) => places[asked] < results.Count && results[places[asked]].ExitCode == 0;
        foreach (var resource in resources.Where(r => !reporter.WhatIf && r.Explains && IsAnswered(r)))
            resource.Compare(State.Facts.Parse(results[places[resource]].Output), false);

        var facts = new List<Facts>();
        foreach (var resource in resources)
        {
            if (places[resource] >= results.Count) throw Lost(host);
            var result = results[places[resource]];
            if (result.ExitCode != 0)
                throw new PemException("ProbeFailed", Trouble.InvalidResult, $"{resource.Name} could not be looked at: {result.Error.Trim()} {result.Output.Trim()}",
                    "Look at the host; the message is its own.");
            facts.Add(State.Facts.Parse(result.Output));
        }
        return facts;
    }

    static PemException Lost(PemHost host) => new("ConnectionLost", Trouble.ConnectionError, $"The answer of {host.Name} ended half-way.",
        "Check the host and the network, then run the step again: it continues where it stopped.");

    static PemException ChangeFailed(Resource resource, Change change, FragmentResult result)
    {
        var said = string.Join('\n', new[] { result.Error.Trim(), result.Output.Trim() }.Where(s => s.Length > 0));
        return new PemException("ChangeFailed", Trouble.InvalidResult, $"{change.Action} {resource.Name} failed with status {result.ExitCode}: {Tail(said)}",
            "Mend what the host's message says, then run the step again: it continues where it stopped.");
    }

    static string Tail(string text) => text.Length <= 2000 ? text : "…" + text[^2000..];

    static PemException Redact(PemHost host, PemException e) => host.Session is SshSession s
        ? new PemException(e.Id, e.Category, s.Redactor.Redact(e.Message), e.Remedy, e.InnerException) { Host = e.Host, Step = e.Step }
        : e;

    static SshSession Session(PemHost host) => SshSession.Of(host);
}
