namespace PemHa.Lab.Efm;

/// <summary>Replacing a primary that is lost or whose database failed. [F6]</summary>
sealed partial class Agent
{
    static readonly TimeSpan Long = TimeSpan.FromMinutes(15);
    int promoting;

    /// <summary>What a coordinator or a promoting node asks of this one.</summary>
    async Task<Reply> HandleFailoverAsync(Message message)
    {
        switch (message.Kind)
        {
            case "primaryfailed":
                InBackground(() => FailoverAsync(message.Address, agentAlive: true));
                return new Reply();
            case "fence":
                await WriteRecoveryConfAsync(unlessStandby: false);
                return new Reply();
            case "precheck": return await PrecheckAsync();
            case "prepromote":
                await host.ScriptAsync("script.remote.pre.promotion", message.Address);
                return new Reply();
            case "promote": return await PromoteAsync(message);
            case "promoted":
                InBackground(() => FollowAsync(message));
                return new Reply();
            case "stepdown": return await StepDownAsync(message);
            case "restart": return await RestartAsPrimaryAsync();
            case "follow": return await FollowAfterSwitchoverAsync(message);
            case "settings": return await RecoverySettingsAsync();
            default: return Reply.No($"unknown message {message.Kind}");
        }
    }

    /// <summary>Run by the coordinator.</summary>
    async Task FailoverAsync(string failed, bool agentAlive)
    {
        if (Interlocked.Exchange(ref promoting, 1) == 1) return;
        try
        {
            ClusterView now;
            lock (gate) now = view;
            if (Decisions.See(now.Members.Count, now.Known) != Sight.Majority)
            {
                Notify("WARNING", $"Subset of cluster {properties.Cluster} disconnected from primary",
                    "This node is no longer connected to the majority of the cluster; failover will not be attempted. "
                    + $"Visible: {string.Join(' ', now.Members)}");
                return;
            }
            var standbys = Standbys();
            if (standbys.Count == 0 || !Decisions.LeavesEnoughStandbys(standbys.Count, properties.Number("minimum.standbys")))
            {
                Notify("SEVERE", "Failover has not occurred",
                    "The primary database is no longer available, but there are "
                    + $"{(standbys.Count == 0 ? "no" : "not enough")} standby nodes available for failover.");
                return;
            }
            // Whether anybody reaches the old primary takes a timeout to find out when it has no power: look at the rest meanwhile.
            var reached = agentAlive ? Task.FromResult("") : WhoReachesAsync(failed);
            var chosen = await ChooseAsync(standbys);
            var precheck = chosen == null || !properties.Flag("auto.failover")
                ? Task.FromResult(new Reply())
                : AskSelfOrAsync(chosen, new Message { Kind = "precheck" }, Long);
            if (await reached is { Length: > 0 } witness)
            {
                Notify("WARNING", "Failover Manager tried to promote, but primary DB is still running",
                    $"The database on {failed} answers to {witness}. Failover has not occurred; "
                    + "there is no failover protection until the primary agent is restarted.");
                return;
            }
            if (!properties.Flag("auto.failover"))
            {
                Notify("WARNING", $"Potential manual failover required on cluster {properties.Cluster}.");
                return;
            }
            if (chosen == null)
            {
                Notify("SEVERE", "Failover has not occurred", "No standby of the priority list could be asked for its WAL position.");
                return;
            }
            if (await precheck is { Ok: false } no)
            {
                Notify("WARNING", no.Error);
                return;
            }
            if (PrimaryOfCluster() is { } back)
            {
                Notify("WARNING", "Standby agent started to promote, but primary has rejoined.", $"{back}. Failover has not occurred.");
                return;
            }
            await CompleteAsync(chosen, failed, agentAlive, noScripts: false);
        }
        finally
        {
            Volatile.Write(ref promoting, 0);
        }
    }

    string? PrimaryOfCluster()
    {
        lock (gate) return Everybody.FirstOrDefault(n => n.Type == AgentType.Primary)?.Address;
    }

    List<NodeInfo> Standbys()
    {
        lock (gate) return [.. Everybody.Where(n => n.Type == AgentType.Standby && view.Members.Contains(n.Address))];
    }

    async Task<string> WhoReachesAsync(string address)
    {
        var timeout = RemoteTimeout;
        var mine = database.AskAsync(address, timeout);
        var theirs = AskAllAsync(new Message { Kind = "canreach", Address = address }, timeout + TimeSpan.FromSeconds(0.5));
        if ((await mine).Trouble != DbTrouble.Unreachable) return Me;
        return (await theirs).FirstOrDefault(r => r.Value.Ok).Key ?? "";
    }

    async Task<string?> ChooseAsync(List<NodeInfo> standbys)
    {
        var answers = await Task.WhenAll(standbys.Select(s => database.AskAsync(s.Address, RemoteTimeout)));
        var candidates = standbys.Zip(answers).Where(p => p.Second is { Up: true, InRecovery: true })
            .Select(p => new Candidate(p.First.Address, Lsn.Parse(p.Second.Received), Lsn.Parse(p.Second.Replayed))).ToList();
        var chosen = Decisions.ChooseStandby(candidates, View.Priority, properties.Flag("use.replay.tiebreaker"));
        log.Info($"Standbys: {string.Join(", ", candidates)}. To be promoted: {chosen}");
        return chosen;
    }

    Task<Reply> AskSelfOrAsync(string address, Message message, TimeSpan timeout) =>
        address == Me ? HandleFailoverAsync(message with { From = Me }) : AskAsync(address, message, timeout);

    /// <summary>Fences the old primary when its agent can, promotes, and has the others follow.</summary>
    async Task<bool> CompleteAsync(string chosen, string failed, bool agentAlive, bool noScripts)
    {
        Notify("WARNING", $"Promotion has started on cluster {properties.Cluster}.");
        if (agentAlive) await AskSelfOrAsync(failed, new Message { Kind = "fence" }, RemoteTimeout);
        await Task.WhenAll(View.Members.Where(m => m != chosen && m != failed)
            .Select(m => AskSelfOrAsync(m, new Message { Kind = "prepromote", Address = chosen }, RemoteTimeout)));
        var reply = await AskSelfOrAsync(chosen, new Message { Kind = "promote", Address = failed, NoScripts = noScripts }, Long);
        if (!reply.Ok)
        {
            Notify("SEVERE", "Could not promote standby", reply.Error);
            return false;
        }
        lock (gate)
        {
            var first = properties["priority.standbys"].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (first.Length > 0 && chosen == Me && view.Coordinator == Me)
                Publish(first.Where(view.Priority.Contains).Reverse().Aggregate(view, (v, a) => v.SetPriority(a, 1)));
        }
        await Task.WhenAll(View.Members.Where(m => m != chosen)
            .Select(m => AskSelfOrAsync(m, new Message { Kind = "promoted", Address = chosen }, RemoteTimeout)));
        Notify("WARNING", $"Failover has completed on cluster {properties.Cluster}");
        return true;
    }

    /// <summary>The node to be promoted must not be cut off itself, and nobody may hold the VIP.</summary>
    async Task<Reply> PrecheckAsync()
    {
        var ping = host.PingAsync(properties["ping.server.ip"]);
        if (vip.Configured && properties.Flag("check.vip.before.promotion") && !vip.IsHere())
        {
            var deadline = DateTime.UtcNow + properties.Seconds("check.vip.timeout");
            while (await host.PingAsync(properties.VirtualIp))
            {
                if (DateTime.UtcNow > deadline || PrimaryOfCluster() != null)
                {
                    return Reply.No("Standby agent tried to promote, but VIP appears to still be assigned: "
                        + $"{properties.VirtualIp}. Failover has not occurred.");
                }
                await PauseAsync(TimeSpan.FromSeconds(0.2));
            }
        }
        return await ping
            ? new Reply()
            : Reply.No("Standby agent tried to promote, but appears to be orphaned: "
                + $"{properties["ping.server.ip"]} does not answer. Failover has not occurred.");
    }

    async Task<Reply> PromoteAsync(Message message)
    {
        Interlocked.Increment(ref paused);
        try
        {
            await BecomeAsync(AgentType.Promoting, "UP");
            if (!message.NoScripts && await host.ScriptAsync("script.fence", Me, message.Address) is { Ok: false } fence)
            {
                await BecomeAsync(AgentType.Standby, "UP");
                return Reply.No($"Fencing script error. Failover has not occurred. {fence.Text}");
            }
            var result = await host.DatabaseAsync("promotestandby");
            var answer = await database.AskAsync(Me, properties.Seconds("local.timeout"));
            for (var i = 0; result.Ok && answer.InRecovery && i < 600 && !stop.IsCancellationRequested; i++)
            {
                await PauseAsync(properties.Seconds("recovery.check.period"));
                answer = await database.AskAsync(Me, properties.Seconds("local.timeout"));
            }
            if (!result.Ok || !answer.Up || answer.InRecovery)
            {
                await BecomeAsync(answer.Up ? AgentType.Standby : AgentType.Idle, answer.Up ? "UP" : "UNKNOWN");
                return Reply.No($"{result.Text} {answer.Error}".Trim());
            }
            if (!await vip.AcquireAsync()) Notify("SEVERE", $"Could not assign VIP to node {Me}");
            await BecomeAsync(AgentType.Primary, "UP");
            if (!message.NoScripts) await host.ScriptAsync("script.post.promotion", Me, message.Address);
            return new Reply();
        }
        finally
        {
            Interlocked.Decrement(ref paused);
        }
    }

    /// <summary>A remaining standby streams from the new primary: stopped, its primary_conninfo changed, started. [F6]</summary>
    async Task FollowAsync(Message message)
    {
        await host.ScriptAsync("script.remote.post.promotion", message.Address);
        if (Self.Type != AgentType.Standby) return;
        if (!properties.Flag("auto.reconfigure"))
        {
            Notify("WARNING", $"Standby will not be reconfigured after failover in cluster {properties.Cluster}");
            return;
        }
        await PauseAsync(properties.Seconds("standby.restart.delay"));
        Interlocked.Increment(ref paused);
        try
        {
            var (conninfo, restore) = await database.RecoverySettingsAsync(Me, properties.Seconds("local.timeout"));
            await MustAsync(host.ServiceAsync("stop"));
            var lines = AutoConf(Conninfo.WithHost(conninfo, message.Address), Restore(restore, message.Address));
            await MustAsync(host.DatabaseAsync("appendautoconf", lines));
            // WAL that it has not replayed is fetched from the new primary, which must still have it [B9].
            await MustAsync(host.DatabaseAsync("clearwalfiles"));
            await MustAsync(host.ServiceAsync("start"));
            await WaitForDatabaseAsync();
            log.Info($"The standby follows {message.Address}.");
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            Notify("SEVERE", $"Standby database failure for cluster {properties.Cluster}",
                $"Could not follow {message.Address}: {e.Message}");
            await BecomeAsync(AgentType.Idle, "UNKNOWN");
        }
        finally
        {
            Interlocked.Decrement(ref paused);
        }
    }

    string Restore(string current, string primary) => properties["restore.command"] is { Length: > 0 } wanted
        ? wanted.Replace("%h", primary, StringComparison.Ordinal)
        : current;

    async Task WaitForDatabaseAsync()
    {
        var deadline = DateTime.UtcNow + properties.Seconds("restart.connection.timeout");
        while (await database.AskAsync(Me, properties.Seconds("local.timeout")) is { Up: false } answer)
        {
            if (DateTime.UtcNow > deadline) throw new InvalidOperationException($"the database accepts no connections: {answer.Error}");
            await PauseAsync(TimeSpan.FromSeconds(0.1));
        }
    }

    static async Task MustAsync(Task<CommandResult> command)
    {
        if (await command is { Ok: false } bad) throw new InvalidOperationException(bad.Text);
    }

    /// <summary>Lines for postgresql.auto.conf; an empty restore_command stays as it is.</summary>
    static string AutoConf(string conninfo, string restore) =>
        $"primary_conninfo = {Quoted(conninfo)}" + (restore.Length > 0 ? $"\nrestore_command = {Quoted(restore)}" : "");

    static string Quoted(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
}
