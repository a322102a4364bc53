using System.Diagnostics;

namespace PemHa.Lab.Efm;

/// <summary>Watching the local database and the VIP.</summary>
sealed partial class Agent
{
    long lastUp = Stopwatch.GetTimestamp();
    bool afterFailure;
    int paused;
    int rounds;

    /// <summary>
    /// Checks of the database between two inspections of its files: a minute with the default local.period, so the
    /// lab's factor applies to it as to local.period [G47].
    /// </summary>
    const int RoundsPerLook = 6;

    async Task MonitorLoopAsync()
    {
        if (properties.IsWitness)
        {
            while (!stop.IsCancellationRequested)
            {
                await PauseAsync(TimeSpan.FromSeconds(10));
                await HoldVipAsync(starting: false);
            }
            return;
        }
        while (!stop.IsCancellationRequested)
        {
            await PauseAsync(properties.Seconds("local.period"));
            if (stop.IsCancellationRequested) return;
            if (Volatile.Read(ref paused) > 0)
            {
                lastUp = Stopwatch.GetTimestamp();
                continue;
            }
            if (Self.Type == AgentType.Idle) await WatchIdleAsync();
            else await WatchAsync();
            await HoldVipAsync(starting: false);
            var inspects = ++rounds % RoundsPerLook == 0;
            if (inspects && Self.Type is AgentType.Primary or AgentType.Standby)
                await LookAtFilesAsync(rounds / RoundsPerLook % 3);
        }
    }

    /// <summary>
    /// One of the three inspections in turn, by sudo as the owner of the database. The first removes EFM's own
    /// recovery.conf [G47, G51].
    /// </summary>
    async Task LookAtFilesAsync(int turn)
    {
        var signal = $"{properties["db.data.dir"]}/{(turn == 1 ? "recovery" : "standby")}.signal";
        var look = turn == 0
            ? await host.DatabaseAsync("extrecconfexists")
            : await host.DatabaseAsync("fileexists", signal);
        if (turn == 0 && look.Ok) log.Warn("A recovery.conf that is not Failover Manager's was found in db.data.dir.");
        if (look.ExitCode > 1) log.Warn($"The files of the database cannot be looked at: {look.Text}");
    }

    async Task WatchAsync()
    {
        var answer = await database.AskAsync(Me, properties.Seconds("local.timeout"));
        if (stop.IsCancellationRequested || Volatile.Read(ref paused) > 0) return;
        if (answer.Up)
        {
            lastUp = Stopwatch.GetTimestamp();
            if (Self.Type == AgentType.Standby && !answer.InRecovery || Self.Type == AgentType.Primary && answer.InRecovery)
            {
                Notify("SEVERE", $"Database in wrong state on {Me}",
                    $"The {Self.Type} agent has detected that the local database is {(answer.InRecovery ? "" : "no longer ")}in recovery.");
                await BecomeAsync(AgentType.Idle, "UP");
            }
            return;
        }
        log.Warn($"The local database does not answer: {answer.Error}");
        if (Since(lastUp) < properties.Seconds("local.timeout")) return;
        answer = await database.AskAsync(Me, properties.Seconds("local.timeout.final"));
        if (stop.IsCancellationRequested || Volatile.Read(ref paused) > 0) return;
        if (!answer.Up)
        {
            await DatabaseFailedAsync();
            return;
        }
        lastUp = Stopwatch.GetTimestamp();
        Notify("SEVERE", $"Agent is timing out for cluster {properties.Cluster}");
    }

    /// <summary>The database is gone as seen from here; what follows depends on whether the others can reach it.</summary>
    async Task DatabaseFailedAsync()
    {
        var type = Self.Type;
        var replies = await AskAllAsync(new Message { Kind = "canreach", Address = Me }, RemoteTimeout * 2);
        afterFailure = true;
        if (replies.Values.Any(r => r.Ok))
        {
            Notify("WARNING", $"{type} cannot ping local database for cluster {properties.Cluster}",
                "Other nodes can reach it; the agent becomes IDLE.");
            await BecomeAsync(AgentType.Idle, "UNKNOWN");
            return;
        }
        Notify("SEVERE", $"{type} database failure for cluster {properties.Cluster}", $"The database has failed on {Me}.");
        if (type == AgentType.Primary)
        {
            await BecomeAsync(AgentType.Idle, "UNKNOWN", failedPrimary: true);
            await vip.ReleaseAsync();
            if (properties.Flag("stop.failed.primary")) await host.ServiceAsync("stop");
        }
        else await BecomeAsync(AgentType.Idle, "UNKNOWN");
        await host.ScriptAsync("script.db.failure");
        if (type != AgentType.Primary) return;
        var coordinator = View.Coordinator;
        if (coordinator == Me) InBackground(() => FailoverAsync(Me, agentAlive: true));
        else await AskAsync(coordinator, new Message { Kind = "primaryfailed", Address = Me }, RemoteTimeout);
    }

    async Task WatchIdleAsync()
    {
        var answer = await database.AskAsync(Me, properties.Seconds("local.timeout.final"));
        var db = answer.Up ? "UP" : "UNKNOWN";
        if (Self is { Type: AgentType.Idle } idle && idle.Db != db)
        {
            lock (gate) self = self with { Db = db };
            await AnnounceAsync();
        }
        var period = properties.Number(afterFailure ? "auto.resume.failure.period" : "auto.resume.startup.period");
        if (!answer.Up || period == 0 || Since(lastUp) < TimeSpan.FromSeconds(period)) return;
        lastUp = Stopwatch.GetTimestamp();
        var reply = await ResumeAsync();
        if (!reply.Ok) log.Warn($"Could not resume: {reply.Error}");
    }

    /// <summary>Monitors again what was Idle.</summary>
    async Task<Reply> ResumeAsync()
    {
        if (properties.IsWitness) return Reply.No("A witness node has no database to resume monitoring.");
        if (Self.Type != AgentType.Idle) return Reply.No($"The agent is not idle, it is {Self.Type}.");
        var answer = await database.AskAsync(Me, properties.Seconds("local.timeout"));
        if (!answer.Up) return Reply.No($"The local database is not available: {answer.Error}");
        lock (gate)
        {
            var primary = Everybody.FirstOrDefault(n => n.Type is AgentType.Primary or AgentType.Promoting);
            if (!answer.InRecovery && primary != null)
                return Reply.No($"There is already a primary node in this cluster: {primary.Address}.");
        }
        if (await host.ScriptAsync("script.resumed") is { Ok: false } bad) return Reply.No($"Agent resumed script error: {bad.Text}");
        lastUp = Stopwatch.GetTimestamp();
        afterFailure = false;
        await BecomeAsync(answer.InRecovery ? AgentType.Standby : AgentType.Primary, "UP");
        await HoldVipAsync(starting: false);
        return new Reply();
    }

    /// <summary>The primary has the VIP when nobody else has it; everybody else gives it back. [F5]</summary>
    async Task HoldVipAsync(bool starting)
    {
        if (!vip.Configured || !properties.Flag("virtual.ip.single")) return;
        var type = Self.Type;
        if (type == AgentType.Primary && !vip.IsHere())
        {
            if (!starting) Notify("WARNING", "Virtual IP address not assigned to primary node.", "The agent tries to reacquire it.");
            if (await host.PingAsync(properties.VirtualIp))
                Notify("SEVERE", $"Could not assign VIP to node {Me}", "The address answers on another node.");
            else if (Self.Type == AgentType.Primary && !await vip.AcquireAsync()) Notify("SEVERE", $"Could not assign VIP to node {Me}");
        }
        else if (type is AgentType.Standby or AgentType.Witness && vip.IsHere())
        {
            Notify("WARNING", "Virtual IP address assigned to non-primary node", "Failover Manager will release the VIP.");
            await vip.ReleaseAsync();
        }
        else if (type == AgentType.Idle && vip.IsHere())
        {
            bool primaryElsewhere;
            lock (gate) primaryElsewhere = nodes.Values.Any(n => n.Type == AgentType.Primary && n.Address != Me);
            if (primaryElsewhere) await vip.ReleaseAsync();
        }
        lock (gate) self = self with { VipActive = vip.IsHere() };
    }
}
