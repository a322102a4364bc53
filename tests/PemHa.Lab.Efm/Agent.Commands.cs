using System.Globalization;

namespace PemHa.Lab.Efm;

/// <summary>What the efm command asks of the local agent; what concerns the cluster is done by the coordinator. [F4]</summary>
sealed partial class Agent
{
    /// <summary>How long it takes until a command that only sends a signal has its effect.</summary>
    static readonly TimeSpan SignalDelay = TimeSpan.FromSeconds(1);

    async Task<Reply> HandleAdminAsync(Message message)
    {
        switch (message.Kind)
        {
            case "status":
                return new Reply { Status = await StatusAsync() };
            case "nodestatus":
                var node = Self;
                if (node.Type is not AgentType.Witness)
                    node = node with { Db = (await database.AskAsync(Me, properties.Seconds("local.timeout"))).Up ? "UP" : "UNKNOWN" };
                return new Reply { Node = node with { VipActive = vip.IsHere() } };
        }
        if (message.Token != token) return Reply.No("Not authorized to run this command.");
        log.Info($"Command: {message.Kind} {string.Join(' ', message.Arguments ?? [])}");
        if (message.Kind == "allow-node")
        {
            // The command only reports that it has sent a signal: the list changes a moment later. [B12]
            InBackground(async () =>
            {
                await PauseAsync(Mutations.Has("LATE") ? SignalDelay * 4 : SignalDelay);
                var reply = await ForwardAsync(message with { Token = "" });
                if (reply.Ok) return;
                var arguments = string.Join(' ', message.Arguments ?? []);
                log.Warn($"Command failed: {message.Kind} {arguments}: {reply.Error}");
            });
            return new Reply();
        }
        return message.Kind switch
        {
            "resume" => await ResumeAsync(),
            "stop-cluster" => await StopClusterAsync(),
            _ => await ForwardAsync(message with { Token = "" }),
        };
    }

    /// <summary>The cluster's state changes in one place, the coordinator.</summary>
    Task<Reply> ForwardAsync(Message message)
    {
        var command = message with { Kind = "command", Arguments = [message.Kind, .. message.Arguments ?? []] };
        return View.Coordinator == Me ? OnCommandAsync(command) : AskAsync(View.Coordinator, command, RemoteTimeout * 2);
    }

    async Task<Reply> OnCommandAsync(Message message)
    {
        switch (message.Arguments)
        {
            case ["allow-node", var address]:
                lock (gate) Publish(view.Allow(address));
                return new Reply();
            case ["disallow-node", var address]:
                lock (gate)
                {
                    if (!view.Allowed.Contains(address)) return Reply.No($"The node {address} is not on the allowed node host list.");
                    Publish(view.Disallow(address));
                }
                return new Reply();
            case ["set-priority", var address, var place]:
                if (!int.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                    return Reply.No($"Invalid priority: {place}");
                if (Standbys().All(s => s.Address != address)) return Reply.No($"The node {address} is not a standby of this cluster.");
                lock (gate) Publish(view.SetPriority(address, number));
                return new Reply();
            case ["reset-members"]:
                lock (gate) Publish(view.Reset());
                return new Reply();
            case ["promote", ..]:
                return await StartPromotionAsync(message);
            default:
                return Reply.No($"unknown command {string.Join(' ', message.Arguments ?? [])}");
        }
    }

    async Task<Reply> StopClusterAsync()
    {
        if (!properties.Flag("enable.stop.cluster")) return Reply.No("The stop-cluster command is disabled by enable.stop.cluster.");
        keepNodesFile = true;
        await AskAllAsync(new Message { Kind = "shutdown" }, RemoteTimeout);
        stop.CancelAfter(TimeSpan.FromMilliseconds(100));
        return new Reply();
    }

    /// <summary>The log positions come from the databases themselves, one after another in time, as asked from this node. [F3]</summary>
    async Task<StatusData> StatusAsync()
    {
        ClusterView now;
        List<NodeInfo> all;
        lock (gate)
        {
            now = view;
            self = self with { VipActive = vip.IsHere() };
            nodes[Me] = self;
            all = [.. now.Members.Select(m => nodes.GetValueOrDefault(m)
                ?? new NodeInfo { Address = m, Port = now.Ports.GetValueOrDefault(m), Type = AgentType.Idle, Db = "UNKNOWN" })];
        }
        var asked = all.Where(n => n.Type != AgentType.Witness).ToList();
        var answers = await Task.WhenAll(asked.Select(n => database.AskAsync(n.Address, RemoteTimeout)));
        var wal = asked.Zip(answers).Select(p => Row(p.First, p.Second)).ToList();
        // The manual's idle node has a database that is UP; a database that was started as a primary is UNKNOWN.
        // [M5-06, R1]
        var shown = all.Select(n => n.Type == AgentType.Idle
            ? n with { Db = answers[asked.IndexOf(n)] is { Up: true, InRecovery: true } ? "UP" : "UNKNOWN" }
            : n).ToList();
        shown.AddRange(now.Down.Select(d => new NodeInfo { Address = d, Port = 0, Type = AgentType.DOWN, Db = "N/A" }));
        return new StatusData
        {
            Cluster = properties.Cluster,
            Nodes = shown,
            Allowed = [.. now.Allowed],
            Coordinator = now.Coordinator,
            Priority = [.. now.Priority],
            Missing = [.. now.Down],
            Wal = wal,
            MinimumStandbys = properties.Number("minimum.standbys"),
            Local = Me,
        };
    }

    /// <summary>
    /// The message for an idle node whose database accepts writes, such as an old primary that was started by hand.
    /// [R1, B3]
    /// </summary>
    internal const string NotInRecovery = "DB is not in recovery.";

    static WalRow Row(NodeInfo node, DbAnswer answer) => new()
    {
        Address = node.Address,
        Idle = node.Type == AgentType.Idle,
        DbType = !answer.Up ? "UNKNOWN" : answer.InRecovery ? "Standby" : "Primary",
        Received = answer.Up ? answer.Received : "UNKNOWN",
        Replayed = answer.Up ? answer.Replayed : "UNKNOWN",
        Info = node.Type == AgentType.Idle && answer is { Up: true, InRecovery: false } ? NotInRecovery : answer.Error,
    };
}
