using System.Diagnostics;
using System.Net;

namespace PemHa.Lab.Efm;

/// <summary>Who is in the cluster: heartbeats, joining, leaving, failing, and halves that find each other again.</summary>
sealed partial class Agent
{
    /// <summary>Addresses of the .nodes file that did not answer at the start; their clusters may appear later.</summary>
    readonly HashSet<IPEndPoint> candidates = [];
    int merging;
    int isolating;

    TimeSpan NodeTimeout => properties.Seconds("node.timeout");

    TimeSpan HeartbeatPeriod => TimeSpan.FromSeconds(Math.Clamp(NodeTimeout.TotalSeconds / 6, 0.2, 2));

    async Task<Reply> HandleAgentAsync(Message message)
    {
        switch (message.Kind)
        {
            case "heartbeat": return OnHeartbeat(message);
            case "probe":
                lock (gate) return new Reply { View = view, Node = self };
            case "join": return await OnJoinAsync(message);
            case "view":
                AdoptView(message.View!);
                return new Reply();
            case "leave": return await OnLeaveAsync(message);
            case "seen":
                lock (gate) return new Reply { Addresses = [.. message.Arguments!.Where(SeenLately)] };
            case "merge":
                InBackground(() => MergeIntoAsync(IPEndPoint.Parse(message.Address)));
                return new Reply();
            case "canreach":
                var answer = await database.AskAsync(message.Address, RemoteTimeout);
                return answer.Up ? new Reply() : Reply.No(answer.Error);
            case "shutdown":
                keepNodesFile = true;
                log.Info($"The cluster is being stopped by {message.From}.");
                stop.CancelAfter(TimeSpan.FromMilliseconds(50));
                return new Reply();
            case "command": return await OnCommandAsync(message);
            default: return await HandleFailoverAsync(message);
        }
    }

    bool SeenLately(string address) => seen.TryGetValue(address, out var at) && Since(at) < NodeTimeout;

    Reply OnHeartbeat(Message message)
    {
        lock (gate) return Note(message.Node!) ? new Reply { Node = self, View = view } : new Reply { View = view };
    }

    /// <summary>Takes in what a member says of itself. The caller holds the gate.</summary>
    bool Note(NodeInfo node)
    {
        if (!view.Members.Contains(node.Address)) return false;
        seen[node.Address] = Stopwatch.GetTimestamp();
        var before = nodes.TryGetValue(node.Address, out var old) ? old.Type : (AgentType?)null;
        nodes[node.Address] = node;
        if (view.Coordinator == Me && joined) Publish(view.Note(before, node));
        return true;
    }

    /// <summary>Makes a new view the cluster's. The caller holds the gate and is the coordinator.</summary>
    void Publish(ClusterView next)
    {
        if (ReferenceEquals(next, view)) return;
        var reset = next.Resets != view.Resets;
        var moved = reset || !next.Members.SequenceEqual(view.Members) || !next.Down.SequenceEqual(view.Down);
        view = next;
        foreach (var gone in nodes.Keys.Except(next.Members).ToList()) nodes.Remove(gone);
        foreach (var member in next.Members.Where(m => m != Me))
            _ = AskAsync(member, new Message { Kind = "view", View = next }, RemoteTimeout);
        if (moved) WriteNodesFile(reset);
    }

    void AdoptView(ClusterView next)
    {
        bool reset;
        lock (gate)
        {
            if (!joined || next.Version <= view.Version || !next.Members.Contains(Me)) return;
            if (!next.Members.SequenceEqual(view.Members))
                log.Info($"Members are now {string.Join(' ', next.Members)}; down: {string.Join(' ', next.Down)}.");
            foreach (var member in next.Members.Except(view.Members)) seen[member] = Stopwatch.GetTimestamp();
            reset = next.Resets != view.Resets;
            view = next;
            foreach (var gone in nodes.Keys.Except(next.Members).ToList()) nodes.Remove(gone);
        }
        WriteNodesFile(reset);
        InBackground(() => StopIfIsolatedAsync());
    }

    /// <summary>Takes over the state of the cluster that let this agent in.</summary>
    void Adopt(Reply welcome)
    {
        lock (gate)
        {
            view = welcome.View!;
            nodes.Clear();
            seen.Clear();
            foreach (var node in welcome.Nodes ?? []) nodes[node.Address] = node;
            nodes[Me] = self;
            foreach (var member in view.Members) seen[member] = Stopwatch.GetTimestamp();
        }
    }

    async Task<Reply> OnJoinAsync(Message message)
    {
        var node = message.Node!;
        var different = properties.Shared().FirstOrDefault(p => message.Shared?.GetValueOrDefault(p.Key, "") != p.Value);
        lock (gate)
        {
            if (!joined) return new Reply { Ok = true };
            if (view.Coordinator != Me) return new Reply { Redirect = view.At(view.Coordinator).ToString() };
            if (!view.Allowed.Contains(node.Address))
            {
                log.Warn($"{node.Address} tried to join and is not on the allowed node host list.");
                return Reply.No($"This node is not allowed to join cluster {properties.Cluster}. "
                    + "If other nodes are already running in the cluster, "
                    + $"please verify that the address for this node ({node.Address}) is on the allowed node host list.");
            }
            if (different.Key != null)
                return Reply.No($"The property {different.Key} must be the same on all nodes: this node has "
                    + $"'{message.Shared?.GetValueOrDefault(different.Key)}', the cluster has '{different.Value}'.");
            var primary = Everybody.FirstOrDefault(n => n.Type == AgentType.Primary && n.Address != node.Address);
            if (node.Type == AgentType.Primary && primary != null)
                return Reply.No($"There is already a primary node in this cluster: {primary.Address}. Starting shutdown process.");
            if (node.Type == AgentType.Primary && Everybody.Any(n => n.Type == AgentType.Promoting))
                return Reply.No("A standby of this cluster is being promoted.");
            var before = nodes.TryGetValue(node.Address, out var old) && !message.Starting ? old.Type : (AgentType?)null;
            nodes[node.Address] = node;
            seen[node.Address] = Stopwatch.GetTimestamp();
            log.Info($"{node.Type} agent on {node.Address} joins.");
            Publish(view.Join(node.Address, node.Port).Note(before, node));
            return new Reply { View = view, Nodes = [.. Everybody] };
        }
    }

    async Task<Reply> OnLeaveAsync(Message message)
    {
        NodeInfo? gone;
        lock (gate)
        {
            gone = nodes.GetValueOrDefault(message.Address);
            Publish(view.Leave(message.Address, gone?.Type == AgentType.Primary));
        }
        log.Info($"{gone?.Type} agent on {message.Address} leaves.");
        if (gone?.Type != AgentType.Primary) return new Reply();
        Notify("WARNING", $"Cluster {properties.Cluster} notified that primary agent has left",
            "Failover is disabled for the cluster until the primary agent is restarted.");
        if (properties.Flag("primary.shutdown.as.failure")) InBackground(() => FailoverAsync(message.Address, agentAlive: false));
        return new Reply();
    }

    async Task LeaveAsync()
    {
        string? heir;
        lock (gate)
        {
            if (!joined || keepNodesFile) return;
            joined = false;
            heir = view.Members.FirstOrDefault(m => m != Me);
        }
        if (heir != null) await AskAsync(heir, new Message { Kind = "leave", Address = Me }, TimeSpan.FromSeconds(2));
    }

    void WriteNodesFile(bool reset = false)
    {
        if (properties.Flag("stable.nodes.file") && !reset) return;
        var file = StandIn.NodesFile(properties.Cluster);
        lock (gate)
        {
            if (!joined || keepNodesFile) return;
            var text = NodesFile.Format(view, Me);
            try
            {
                if (File.ReadAllText(file) != text) File.WriteAllText(file, text);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                log.Error($"Could not write {file}: {e.Message}");
            }
        }
    }

    /// <summary>Says to all members at once what changed here.</summary>
    async Task AnnounceAsync()
    {
        Message message;
        lock (gate)
        {
            if (!joined) return;
            Note(self);
            message = new Message { Kind = "heartbeat", Node = self };
        }
        await AskAllAsync(message, HeartbeatPeriod + HeartbeatPeriod);
    }

    async Task HeartbeatLoopAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            await BeatAsync();
            await SuspectAsync();
            var rest = HeartbeatPeriod - Since(started);
            if (rest > TimeSpan.Zero) await PauseAsync(rest);
        }
    }

    async Task BeatAsync()
    {
        Message message;
        lock (gate)
        {
            self = self with { VipActive = vip.IsHere() };
            Note(self);
            message = new Message { Kind = "heartbeat", Node = self };
        }
        foreach (var (address, reply) in await AskAllAsync(message, HeartbeatPeriod))
        {
            if (!reply.Ok) continue;
            lock (gate)
            {
                seen[address] = Stopwatch.GetTimestamp();
                if (reply.Node != null) Note(reply.Node);
            }
            if (reply.View == null) continue;
            if (reply.View.Members.Contains(Me)) AdoptView(reply.View);
            else ConsiderMerge(reply.View);
        }
    }

    /// <summary>The first member that is still seen declares the lost ones failed, when nobody else sees them either.</summary>
    async Task SuspectAsync()
    {
        List<string> lost, visible;
        lock (gate)
        {
            var ages = view.Members.Where(m => m != Me).ToDictionary(m => m, m => Since(seen.GetValueOrDefault(m)));
            lost = [.. ages.Where(a => a.Value > NodeTimeout).Select(a => a.Key)];
            visible = [.. view.Members.Except(lost)];
            // Nodes that go silent together must be counted together, or a shrinking minority would look like a majority.
            if (lost.Count == 0 || ages.Any(a => a.Value > NodeTimeout / 2 && a.Value <= NodeTimeout) || visible[0] != Me) return;
        }
        var others = visible.Where(v => v != Me).ToList();
        var replies = await Task.WhenAll(others.Select(o => AskAsync(o, new Message { Kind = "seen", Arguments = lost }, HeartbeatPeriod)));
        lost = [.. lost.Except(replies.Where(r => r.Ok).SelectMany(r => r.Addresses ?? []))];
        if (lost.Count == 0) return;
        string failedPrimary;
        lock (gate)
        {
            lost = [.. lost.Where(l => view.Members.Contains(l) && Since(seen.GetValueOrDefault(l)) > NodeTimeout)];
            if (lost.Count == 0) return;
            foreach (var address in lost)
                Notify("WARNING", $"{nodes.GetValueOrDefault(address)?.Type} agent failed for cluster {properties.Cluster}",
                    $"The agent on {address} has left the cluster.");
            Publish(view.Fail(lost));
            failedPrimary = view.Down.Contains(view.Primary) && !view.PrimaryLeft ? view.Primary : "";
            if (view.Members.Count < 3) Notify("WARNING", $"Cluster {properties.Cluster} has dropped below three nodes");
        }
        if (await StopIfIsolatedAsync()) return;
        if (failedPrimary.Length > 0) InBackground(() => FailoverAsync(failedPrimary, agentAlive: false));
    }

    /// <summary>Looks for failed nodes, and for listed ones that were never met: they may have a cluster of their own.</summary>
    async Task MergeLoopAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            await PauseAsync(TimeSpan.FromSeconds(Math.Max(1, HeartbeatPeriod.TotalSeconds)));
            List<IPEndPoint> targets;
            lock (gate)
            {
                if (view.Coordinator != Me) continue;
                candidates.RemoveWhere(c => view.Members.Contains(c.Address.ToString()));
                targets = [.. view.Down.Select(view.At).Union(candidates)];
            }
            await Task.WhenAll(targets.Select(async target =>
            {
                try
                {
                    var probe = new Message { Kind = "probe", From = Me };
                    var reply = await wire.AskAsync(target, properties.BindAddress.Address, probe, HeartbeatPeriod);
                    if (reply.View is { Members.Count: > 0 } other && !other.Members.Contains(Me)) ConsiderMerge(other);
                }
                catch (IOException)
                {
                    // Still away.
                }
            }));
        }
    }

    void ConsiderMerge(ClusterView other)
    {
        IPEndPoint target;
        lock (gate)
        {
            if (!joined || !Decisions.Yields(view, other, Me) || other.Coordinator.Length == 0) return;
            if (view.Coordinator != Me && !other.Down.Contains(Me)) return;
            target = other.At(other.Coordinator);
        }
        InBackground(() => MergeIntoAsync(target, other));
    }

    async Task MergeIntoAsync(IPEndPoint coordinator, ClusterView? other = null)
    {
        if (Interlocked.Exchange(ref merging, 1) == 1) return;
        try
        {
            log.Info($"Joining the rest of the cluster at {coordinator}.");
            if (Self.Type is AgentType.Primary && other?.Primary is { } primary && primary != Me && other.Members.Contains(primary))
            {
                Notify("SEVERE", $"Primary database being fenced off for cluster {properties.Cluster}",
                    "A standby was promoted while this node was away; this node isolates itself to avoid more than one primary database.");
                await FenceAsync(stopDatabase: true);
            }
            var reply = await TryJoinAsync(coordinator, JoinRequest(starting: false));
            if (reply is not { Ok: true, View: not null })
            {
                log.Warn($"Could not join: {reply?.Error}");
                return;
            }
            List<string> followers;
            lock (gate) followers = [.. view.Members.Where(m => m != Me && !reply.View.Members.Contains(m))];
            Adopt(reply);
            WriteNodesFile();
            var call = new Message { Kind = "merge", Address = coordinator.ToString() };
            foreach (var follower in followers) await AskAsync(follower, call, HeartbeatPeriod);
            Notify("WARNING", $"Node no longer isolated from network for cluster {properties.Cluster}.");
            await FenceIfReplacedAsync();
        }
        finally
        {
            Volatile.Write(ref merging, 0);
        }
    }

    /// <summary>A primary that sees less than half of the cluster fences itself. [F6]</summary>
    async Task<bool> StopIfIsolatedAsync()
    {
        lock (gate)
        {
            if (Decisions.See(view.Members.Count, view.Known) != Sight.Minority) return false;
            Notify("WARNING", $"One or more nodes isolated from network for cluster {properties.Cluster}",
                $"Other members seen in the cluster are: {string.Join(' ', view.Members.Where(m => m != Me))}");
            if (self.Type != AgentType.Primary) return true;
        }
        if (Interlocked.Exchange(ref isolating, 1) == 1) return true;
        Notify("SEVERE", $"Primary database being fenced off for cluster {properties.Cluster}",
            "This primary is isolated from the majority of the cluster.");
        await FenceAsync(properties.Flag("stop.isolated.primary"));
        await host.ScriptAsync("script.primary.isolated");
        Volatile.Write(ref isolating, 0);
        return true;
    }

    /// <summary>This node is primary no longer: no VIP, no way to start as a primary, Idle.</summary>
    async Task FenceAsync(bool stopDatabase)
    {
        await BecomeAsync(AgentType.Idle, "UNKNOWN", failedPrimary: true);
        await vip.ReleaseAsync();
        await WriteRecoveryConfAsync(unlessStandby: false);
        if (!stopDatabase) return;
        var result = await host.ServiceAsync("stop");
        Notify("SEVERE", "Isolated primary database shutdown.", result.Text);
    }
}
