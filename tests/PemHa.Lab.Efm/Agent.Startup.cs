using System.Net;

namespace PemHa.Lab.Efm;

/// <summary>From nothing to a member of the cluster.</summary>
sealed partial class Agent
{
    /// <summary>pg_is_in_recovery() of the local database says what this agent is; no answer means Idle. [F5]</summary>
    async Task FindRoleAsync()
    {
        if (properties.IsWitness) return;
        string[] functions = ["validatepgbin", "validatedbconf", "validaterecoveryconf"];
        var checks = Task.WhenAll(functions.Select(f => host.DatabaseAsync(f)));
        var answer = await database.AskAsync(Me, properties.Seconds("local.timeout"));
        if ((await checks).FirstOrDefault(c => !c.Ok) is { } bad)
            throw new StartupException($"The database settings are not valid: {bad.Text}");
        // An agent whose script gives no password starts as idle [O81].
        if (answer.Trouble == DbTrouble.Refused && properties["script.db.password"].Length == 0)
            throw new StartupException($"Unable to connect to DB on {Me}: {answer.Error}");
        if (!answer.Up) log.Startup($"The local database does not answer, starting as idle: {answer.Error}");
        else lock (gate) self = self with { Type = answer.InRecovery ? AgentType.Standby : AgentType.Primary, Db = "UP" };
    }

    async Task JoinAsync()
    {
        var known = NodesFile.Read(StandIn.NodesFile(properties.Cluster)).Where(n => n.Address.ToString() != Me).ToList();
        var reply = await FindClusterAsync(known);
        if (reply == null)
        {
            IEnumerable<string> allowed = properties.Flag("auto.allow.hosts") ? known.Select(k => k.Address.ToString()) : [];
            lock (gate)
            {
                view = ClusterView.Alone(Me, properties.BindAddress.Port, allowed).Note(null, self);
                foreach (var node in known) candidates.Add(node);
            }
            log.Startup($"No other member was found; this node is the membership coordinator of cluster {properties.Cluster}.");
        }
        else
        {
            if (!reply.Ok) throw new StartupException(reply.Error);
            Adopt(reply);
            log.Startup($"Joined cluster {properties.Cluster}; coordinator {View.Coordinator}, members {string.Join(' ', View.Members)}.");
        }
        joined = true;
        if (reply != null) WriteNodesFile();
    }

    /// <returns>The coordinator's answer, or null when no listed address answers.</returns>
    async Task<Reply?> FindClusterAsync(List<IPEndPoint> known)
    {
        var request = JoinRequest(starting: true);
        var asked = new HashSet<IPEndPoint>();
        Reply? refused = null;
        for (var wave = known; wave.Count > 0;)
        {
            asked.UnionWith(wave);
            // Only a coordinator takes a member in; anybody else names the coordinator.
            var replies = await Task.WhenAll(wave.Select(node => TryJoinAsync(node, request)));
            if (replies.FirstOrDefault(r => r is { Ok: true, View: not null }) is { } welcome) return welcome;
            refused ??= replies.FirstOrDefault(r => r is { Ok: false });
            wave = [.. replies.Where(r => r?.Redirect.Length > 0).Select(r => IPEndPoint.Parse(r!.Redirect)).Except(asked)];
        }
        return refused;
    }

    async Task<Reply?> TryJoinAsync(IPEndPoint node, Message request)
    {
        try
        {
            return await wire.AskAsync(node, properties.BindAddress.Address, request, TimeSpan.FromSeconds(3));
        }
        catch (IOException e)
        {
            log.Info($"No agent answers: {e.Message}");
            return null;
        }
    }

    Message JoinRequest(bool starting) => new()
    {
        Kind = "join",
        From = Me,
        Node = Self,
        Shared = properties.Shared(),
        Starting = starting,
    };

    /// <summary>The agent must reach every database with its credentials, and every other agent this one's. [F5]</summary>
    async Task CheckCredentialsAsync()
    {
        List<NodeInfo> others;
        lock (gate) others = [.. nodes.Values.Where(n => n.Address != Me && n.Type is AgentType.Primary or AgentType.Standby)];
        var timeout = RemoteTimeout;
        var theirs = Task.WhenAll(others.Select(o => database.AskAsync(o.Address, timeout)));
        var mine = Self.Type is AgentType.Primary or AgentType.Standby
            ? AskAllAsync(new Message { Kind = "canreach", Address = Me }, timeout + timeout)
            : Task.FromResult(new Dictionary<string, Reply>());
        foreach (var (node, answer) in others.Zip(await theirs))
            if (!answer.Up) throw new StartupException($"Unable to connect to DB on {node.Address}: {answer.Error}");
        foreach (var (address, reply) in await mine)
            if (!reply.Ok) throw new StartupException($"The agent on {address} is unable to connect to DB on {Me}: {reply.Error}");
    }

    /// <summary>A database that is down must not come up as a second primary: an idle agent that sees a primary makes sure of it.</summary>
    async Task FenceIfReplacedAsync()
    {
        if (Self.Type != AgentType.Idle) return;
        bool primary;
        lock (gate) primary = nodes.Values.Any(n => n.Address != Me && n.Type == AgentType.Primary);
        if (primary) await WriteRecoveryConfAsync(unlessStandby: true);
    }

    async Task WriteRecoveryConfAsync(bool unlessStandby)
    {
        if (unlessStandby && (await host.DatabaseAsync("recoveryfileexists")).Ok) return;
        var result = await host.DatabaseAsync("writerecoveryconf");
        if (result.Ok) log.Info($"recovery.conf: {result.Text}");
        else Notify("SEVERE", $"Error creating recovery.conf file on {Me} for cluster {properties.Cluster}", result.Text);
    }
}
