namespace PemHa.Lab.Efm;

/// <summary>Promotion on request, with or without turning the old primary into a standby. [F7]</summary>
sealed partial class Agent
{
    /// <summary>Run by the coordinator, after the agent that was asked has said "accepted".</summary>
    async Task<Reply> StartPromotionAsync(Message message)
    {
        var primary = PrimaryOfCluster();
        var standbys = Standbys();
        if (standbys.Count == 0) return Reply.No(StatusReport.NoStandby);
        if (message.Switchover)
        {
            if (primary == null) return Reply.No(StatusReport.NoPrimary);
            if (message.Address.Length > 0 && standbys.All(s => s.Address != message.Address))
                return Reply.No($"The source node {message.Address} is not a standby of this cluster.");
            if (StatusReport.Problem(await StatusAsync()) is { } problem) return Reply.No(problem);
        }
        if (View.Priority.Count == 0) return Reply.No("No promotable standby: the standby priority list is empty.");
        if (Interlocked.Exchange(ref promoting, 1) == 1) return Reply.No("A promotion is already under way.");
        InBackground(async () =>
        {
            try
            {
                quiet = message.Quiet;
                await PromoteOnRequestAsync(primary, message);
            }
            finally
            {
                quiet = false;
                Volatile.Write(ref promoting, 0);
            }
        });
        return new Reply();
    }

    async Task PromoteOnRequestAsync(string? primary, Message message)
    {
        var settings = new Reply();
        if (message.Switchover)
        {
            var source = message.Address.Length > 0 ? message.Address : Standbys()[0].Address;
            settings = await AskSelfOrAsync(source, new Message { Kind = "settings" }, RemoteTimeout);
            if (!settings.Ok)
            {
                Notify("SEVERE", "Switchover has not occurred", $"Could not read the recovery settings of {source}: {settings.Error}");
                return;
            }
        }
        if (primary != null)
        {
            var down = await AskSelfOrAsync(primary, new Message { Kind = "stepdown", Switchover = message.Switchover }, Long);
            if (!down.Ok)
            {
                Notify("SEVERE", "Promotion has not occurred", $"{primary}: {down.Error}");
                return;
            }
        }
        var chosen = await ChooseAsync(Standbys());
        var ready = chosen == null
            ? Reply.No("No standby could be chosen.")
            : await AskSelfOrAsync(chosen, new Message { Kind = "precheck" }, Long);
        if (!ready.Ok || !await CompleteAsync(chosen!, primary ?? "", agentAlive: false, message.NoScripts))
        {
            if (!ready.Ok) Notify("WARNING", ready.Error);
            if (message.Switchover) await AskSelfOrAsync(primary!, new Message { Kind = "restart" }, Long);
            return;
        }
        if (!message.Switchover) return;
        var follow = await AskSelfOrAsync(primary!, new Message
        {
            Kind = "follow",
            Address = chosen!,
            Conninfo = settings.Conninfo,
            RestoreCommand = settings.RestoreCommand,
        }, Long);
        if (!follow.Ok) Notify("SEVERE", $"Could not reconfigure the original primary {primary}", follow.Error);
    }

    async Task<Reply> RecoverySettingsAsync()
    {
        try
        {
            var (conninfo, restore) = await database.RecoverySettingsAsync(Me, properties.Seconds("local.timeout"));
            return new Reply { Conninfo = conninfo, RestoreCommand = restore };
        }
        catch (InvalidOperationException e)
        {
            return Reply.No(e.Message);
        }
    }

    /// <summary>The old primary stops, gives the VIP back, and without a switchover is kept from starting again.</summary>
    async Task<Reply> StepDownAsync(Message message)
    {
        Interlocked.Increment(ref paused);
        await BecomeAsync(AgentType.Idle, "UNKNOWN", failedPrimary: !message.Switchover);
        var stopped = await host.ServiceAsync("stop");
        await vip.ReleaseAsync();
        if (!message.Switchover) await WriteRecoveryConfAsync(unlessStandby: false);
        Interlocked.Decrement(ref paused);
        return stopped.Ok ? new Reply() : Reply.No(stopped.Text);
    }

    /// <summary>A switchover that did not come about is taken back.</summary>
    async Task<Reply> RestartAsPrimaryAsync()
    {
        var started = await host.ServiceAsync("start");
        if (!started.Ok) return Reply.No(started.Text);
        try
        {
            await WaitForDatabaseAsync();
        }
        catch (InvalidOperationException e)
        {
            return Reply.No(e.Message);
        }
        return await ResumeAsync();
    }

    async Task<Reply> FollowAfterSwitchoverAsync(Message message)
    {
        try
        {
            var conninfo = Conninfo.WithHost(message.Conninfo, message.Address, properties["application.name"], dropApplicationName: true);
            var lines = AutoConf(conninfo, Restore(message.RestoreCommand, message.Address));
            await MustAsync(host.DatabaseAsync("appendautoconf", lines));
            await MustAsync(host.TouchAsync($"{properties["db.data.dir"]}/standby.signal"));
            await MustAsync(host.DatabaseAsync("removerecoveryconf"));
            await MustAsync(host.ServiceAsync("start"));
            await WaitForDatabaseAsync();
            return await ResumeAsync();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            return Reply.No(e.Message);
        }
    }
}
