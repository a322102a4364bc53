using System.Globalization;
using PemHa.Engine.Certificates;
using PemHa.Engine.Efm;

namespace PemHa.Engine.Procedure;

/// <summary>One node as it was seen.</summary>
sealed record NodeView(PemNodeStatus Status)
{
    /// <summary>Why it could not be looked at; null when it could.</summary>
    public string? Trouble { get; init; }

    /// <summary>Whether EFM left its mark of a failed primary there (F6).</summary>
    public bool Fenced { get; init; }

    /// <summary>Its certificates that end soon, or have ended, and when, in UTC; null for a file that is no certificate.</summary>
    public IReadOnlyList<(string File, DateTime? End)> Ending { get; init; } = [];
}

/// <summary>What a status is judged by: asked of the hosts, or read from a report of EFM alone.</summary>
sealed record StatusView
{
    public required string Cluster { get; init; }

    public required IReadOnlyList<NodeView> Nodes { get; init; }

    /// <summary>What the agents say; null when none answers.</summary>
    public required EfmStatus? Efm { get; init; }

    /// <summary>Null when the cluster has none.</summary>
    public string? VirtualIp { get; init; }

    public string Service { get; init; } = "edb-as-NN";

    public string EfmService { get; init; } = "edb-efm-N.N";

    public string EfmLog { get; init; } = "/var/log/efm-N.N";

    /// <summary>Whether the databases were asked themselves, which makes EFM's own comparison of LSNs not worth a word (F3).</summary>
    public bool DatabasesAsked { get; init; }
}

/// <summary>Says what is not as it should be (P21); the same for every way in which a status is come by.</summary>
static class StatusJudge
{
    /// <summary>Replay that lags further behind than this, in bytes, is worth a finding: one WAL segment.</summary>
    const long NotableLag = 16 << 20;

    /// <summary>The nodes with their findings; what concerns the whole cluster is with the first.</summary>
    public static IReadOnlyList<PemNodeStatus> Judge(StatusView view)
    {
        var findings = new List<PemFinding>();
        OfCluster(view, findings);
        if (view.Efm is not null) OfAgents(view, view.Efm, findings);
        foreach (var node in view.Nodes) OfNode(view, node, findings);
        return
        [
            .. view.Nodes.Select((n, i) => n.Status with
            {
                Finding = [.. findings.Where(f => f.HostName == n.Status.Name || (i == 0 && f.HostName == view.Cluster))],
            }),
        ];
    }

    /// <summary>The report of EFM as a status: what only databases and hosts could tell stays unknown.</summary>
    public static IReadOnlyList<PemNodeStatus> Of(EfmStatus efm, string? name)
    {
        var cluster = efm.Cluster ?? name ?? "";
        var down = new EfmNode("DOWN", "N/A", "", false, null, null, null);
        var lost = efm.MissingNodes.Where(a => !efm.Nodes.ContainsKey(a)).Distinct().Select(a => KeyValuePair.Create(a, down));
        var primaries = efm.Nodes.Values.Where(n => n.Type == "Primary").ToList();
        var sent = primaries.Count == 1 ? primaries[0].Lsn : null;
        return Judge(new StatusView
        {
            Cluster = cluster,
            Nodes = [.. efm.Nodes.Concat(lost).Select(n => new NodeView(Node(cluster, n.Key, n.Value, efm, sent)))],
            Efm = efm,
            VirtualIp = efm.Nodes.Values.Select(n => n.VirtualIp).FirstOrDefault(v => v.Length > 0),
        });
    }

    static PemNodeStatus Node(string cluster, string address, EfmNode node, EfmStatus efm, string? sent)
    {
        var primary = node.Type == "Primary";
        return new PemNodeStatus
        {
            Name = address,
            Address = address,
            Cluster = cluster,
            Role = node.Type switch
            {
                "Primary" or "Standby" or "Witness" => node.Type,
                "Promoting" => "Standby",
                "DOWN" => "Unreachable",
                // An idle agent does not say which of the two its database is, and UNKNOWN not even whether it runs.
                _ => node.Database == "DOWN" ? "Stopped" : "Unknown",
            },
            Database = node.Database,
            Efm = node.Type,
            VirtualIp = node.VirtualIpActive,
            Lsn = primary ? node.Lsn : node.ReceivedLsn,
            ReplayLsn = primary ? null : node.Lsn,
            LagBytes = node.Type == "Standby" && Number(sent) is { } ahead && Number(node.Lsn) is { } behind
                ? Math.Max(0, ahead - behind) : null,
            Coordinator = efm.Coordinator == address,
            Priority = efm.Place(address),
            Info = node.Info,
        };
    }

    static void OfCluster(StatusView view, List<PemFinding> findings)
    {
        void Find(string host, string message, string remedy) => findings.Add(new PemFinding(host, "Critical", message, remedy));
        var primaries = view.Nodes.Where(n => n.Status.Role == "Primary").Select(n => n.Status.Name).ToList();
        var holders = view.Nodes.Where(n => n.Status.VirtualIp).Select(n => n.Status.Name).ToList();
        if (primaries.Count > 1)
            Find(view.Cluster, $"{string.Join(" and ", primaries)} both take writes",
                $"Stop {view.Service} on the one without the virtual IP at once.");
        if (primaries.Count == 0) Find(view.Cluster, "no node takes writes",
            "Look at the EFM log of the standbys; `efm promote` by hand if it will not.");
        if (holders.Count > 1) Find(view.Cluster, $"the virtual IP is on {string.Join(" and ", holders)}",
            "Remove it from the node that is not the primary.");
        if (holders.Count == 0 && view.VirtualIp is not null) Find(view.Cluster, $"no node holds the virtual IP {view.VirtualIp}",
            "See whether EFM runs on the primary.");
        if (primaries.Count == 1 && holders.Count == 1 && holders[0] != primaries[0])
            Find(holders[0], $"it holds the virtual IP, but {primaries[0]} is the primary", "Look at the EFM log of both.");
        if (view.Efm is null) Find(view.Cluster, "no EFM agent answers", $"Start {view.EfmService} on the nodes.");
    }

    /// <summary>What the agents say of the cluster as a whole.</summary>
    static void OfAgents(StatusView view, EfmStatus efm, List<PemFinding> findings)
    {
        void Find(string message, string remedy) => findings.Add(new PemFinding(view.Cluster, "Warning", message, remedy));
        foreach (var message in efm.Messages)
        {
            var sync = message.Contains("not in sync", StringComparison.OrdinalIgnoreCase);
            if (sync && view.DatabasesAsked) continue;
            Find($"EFM says: {message}", sync
                ? "Under load this is normal, as the positions are read one after another; pg_stat_replication on the primary tells (F3)."
                : "Look at the nodes that it is about, and at the EFM log there.");
        }
        var standbys = efm.Nodes.Where(n => n.Value.Type == "Standby").Select(n => n.Key).ToList();
        if (standbys.Count > 0 && !standbys.Any(efm.FailoverPriority.Contains))
            Find("no standby may be promoted: the failover order is empty",
                "`efm set-priority NAME ADDRESS 1` for a standby, and `promotable=true` in its properties.");
        if (efm.MinimumStandbys > 0 && standbys.Count <= efm.MinimumStandbys)
            Find(string.Create(CultureInfo.InvariantCulture,
                $"no standby may be promoted: {standbys.Count} are there, and minimum.standbys is {efm.MinimumStandbys}"),
                "Bring the other standbys back, or lower minimum.standbys.");
        var known = view.Nodes.Select(n => n.Status.Address).ToHashSet(StringComparer.Ordinal);
        foreach (var stranger in efm.AllowedNodes.Where(a => !known.Contains(a) && !efm.Nodes.ContainsKey(a)).Distinct())
            Find($"{stranger} is allowed to join, but has not",
                $"Start {view.EfmService} there; `efm disallow-node` if it is gone for good.");
    }

    static void OfNode(StatusView view, NodeView seen, List<PemFinding> findings)
    {
        var node = seen.Status;
        var name = view.Cluster.Length > 0 ? view.Cluster : "NAME";
        void Find(bool critical, string message, string remedy) =>
            findings.Add(new PemFinding(node.Name, critical ? "Critical" : "Warning", message, remedy));
        if (seen.Trouble is { } trouble)
        {
            Find(true, trouble, "Bring the host back, then connect again.");
            return;
        }
        if (seen.Fenced) Find(true, "EFM fenced it as a failed primary (recovery.conf)",
            "Rebuild it: Initialize-PemReplica -Force, then `efm resume`.");
        else if (node.Role == "Stopped") Find(true, "its database does not run", $"Look at its log, then systemctl start {view.Service}.");
        if (node is { Role: "Standby", Replication: not (null or "streaming") })
            Find(true, "it does not stream from the primary",
                "Look at its log; rebuild it with Initialize-PemReplica -Force if its WAL is gone.");
        if (node.LagBytes > NotableLag)
            Find(false, string.Create(CultureInfo.InvariantCulture, $"replay lags {node.LagBytes >> 20} MiB behind"),
                "Look at long queries on the standby and at the network.");
        if (view.Efm is not null && node.Efm.Length == 0) Find(true, "its EFM agent has not joined",
            $"systemctl start {view.EfmService}; its log is in {view.EfmLog}.");
        if (node.Efm == "DOWN") Find(true, "its EFM agent is down",
            $"systemctl start {view.EfmService}; `efm reset-members` if the node is gone for good.");
        var why = node.Info is not null && view.Efm?.Nodes.GetValueOrDefault(node.Address) is { Lsn: null } ? $": {node.Info}" : "";
        if (node.Efm == "Idle") Find(false, $"its EFM agent is idle{why}",
            $"`efm resume {name}` once its database is well.");
        else if (node.Efm != "DOWN" && why.Length > 0)
            Find(false, $"EFM could not ask its database{why}",
                "Look at pg_hba.conf there, the password in efm.properties, and the network between the nodes.");
        if (node.Efm == "Promoting") Find(false, "it is being promoted", "Look again in a minute.");
        if (view.Efm is { AllowedNodes.Count: > 0 } efm && node.Efm is not ("" or "DOWN") && !efm.AllowedNodes.Contains(node.Address))
            Find(false, "it is not in the list of nodes that may join",
                $"`efm allow-node {name} {node.Address}`, or it cannot come back after a restart.");
        foreach (var (file, end) in seen.Ending)
        {
            // From then on servers and agents refuse each other: standbys do not come back, and PEM's agents are locked out.
            var over = end is null || end <= DateTime.UtcNow;
            Find(over, $"its certificate {file} {(end is not { } day ? "cannot be read" : $"{(over ? "ended" : "ends")} on {CertificateAuthority.Day(day)}")}",
                "Run Install-PemCluster again from there on (-StartAt New-PemCertificate): it renews what ends within 30 days, and everybody takes it. Files and authorities of your own you renew first.");
        }
        if (node.Agent == false) Find(false, "its PEM agent does not run",
            "systemctl start pemagent; Install-PemServer if it was never set up.");
    }

    /// <summary>An LSN as a number of bytes.</summary>
    static long? Number(string? lsn) =>
        lsn?.Split('/') is [var high, var low]
        && uint.TryParse(high, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var h)
        && uint.TryParse(low, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var l)
            ? (long)h << 32 | l : null;
}
