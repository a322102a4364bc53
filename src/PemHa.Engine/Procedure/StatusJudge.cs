using System.Globalization;
using PemHa.Engine.Certificates;
using PemHa.Engine.Efm;

namespace PemHa.Engine.Procedure;

/// <summary>One node as it was seen.</summary>
sealed record NodeView(PemNodeStatus Status)
{
    /// <summary>Why it could not be looked at; null when it could.</summary>
    public string? Trouble { get; init; }

    /// <summary>What to do about <see cref="Trouble"/>.</summary>
    public string? TroubleRemedy { get; init; }

    /// <summary>
    /// Whether its stopped database would start as a primary, because its directory has no <c>standby.signal</c>.
    /// </summary>
    public bool StartsAsPrimary { get; init; }

    /// <summary>Whether its EFM agent's service runs; null when the host was not asked.</summary>
    public bool? AgentRuns { get; init; }

    /// <summary>Whether EFM left its mark of a failed primary there (F6).</summary>
    public bool Fenced { get; init; }

    /// <summary>Its certificates that end soon, or have ended, and when, in UTC; null for a file that is no certificate.</summary>
    public IReadOnlyList<(string File, DateTime? End)> Ending { get; init; } = [];

    /// <summary>
    /// Fingerprints of the authorities that its server trusts and that sslutils signs with; empty when unknown.
    /// </summary>
    public string Authorities { get; init; } = "";

    /// <summary>PEM's services that lost their database in a failover and do not recover from it (O11).</summary>
    public IReadOnlyList<string> Outlived { get; init; } = [];
}

/// <summary>What a status is judged by: asked of the hosts, or read from a report of EFM alone.</summary>
sealed record StatusView
{
    public required string Cluster { get; init; }

    public required IReadOnlyList<NodeView> Nodes { get; init; }

    /// <summary>What the agents say; null when none answers.</summary>
    public required EfmStatus? Efm { get; init; }

    /// <summary>The text that <c>efm</c> printed instead of a status; empty without one, or when not asked.</summary>
    public string EfmTrouble { get; init; } = "";

    /// <summary>Null when the cluster has none.</summary>
    public string? VirtualIp { get; init; }

    public string Service { get; init; } = "edb-as-NN";

    public string EfmService { get; init; } = "edb-efm-N.N";

    public string EfmLog { get; init; } = "/var/log/efm-N.N";

    /// <summary>Whether the databases were asked themselves, which makes EFM's own comparison of LSNs not worth a word (F3).</summary>
    public bool DatabasesAsked { get; init; }

    /// <summary>What EFM reports of a node; null when it knows no node with that address.</summary>
    public EfmNode? OfEfm(PemNodeStatus node) => Efm?.Nodes.GetValueOrDefault(node.Address);

    /// <summary>The nodes that EFM knows but that are not described.</summary>
    public IEnumerable<KeyValuePair<string, EfmNode>> Strangers =>
        Efm is null ? [] : Efm.Nodes.Where(n => Nodes.All(known => known.Status.Address != n.Key));

    /// <summary>
    /// The names of the nodes whose database takes writes, as the database reports; where it could not be asked, as EFM
    /// reports. Clients may still reach a host that SSH cannot reach.
    /// </summary>
    public IReadOnlyList<string> Writers =>
    [
        .. Nodes.Where(TakesWrites).Select(n => n.Status.Name),
        .. Strangers.Where(n => TakesWritesForEfm(n.Value)).Select(n => n.Key),
    ];

    bool TakesWrites(NodeView node) => node.Status.Role == "Primary"
        || ((!DatabasesAsked || node.Trouble is not null) && OfEfm(node.Status) is { } seen && TakesWritesForEfm(seen));

    static bool TakesWritesForEfm(EfmNode node) => node.WritesBesides || node is { Type: "Primary", Database: "UP" };

    /// <summary>The time of the status, against which certificates are judged.</summary>
    public DateTime Now { get; init; } = DateTime.UtcNow;
}

/// <summary>Finds what is not as it should be (P21), in the same way for every source of a status.</summary>
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

    /// <summary>
    /// The report of EFM as a status: values that only databases and hosts could report stay unknown.
    /// </summary>
    public static IReadOnlyList<PemNodeStatus> Of(EfmStatus efm, string? name)
    {
        var cluster = efm.Cluster ?? name ?? "";
        var down = new EfmNode("DOWN", "N/A", "", false, null, null, null);
        var lost = efm.MissingNodes
            .Where(a => !efm.Nodes.ContainsKey(a))
            .Distinct()
            .Select(a => KeyValuePair.Create(a, down));
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
        var primary = node.Type == "Primary" || node.WritesBesides;
        return new PemNodeStatus
        {
            Name = address,
            Address = address,
            Cluster = cluster,
            Role = node.WritesBesides ? "Primary" : node.Type switch
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
        void Find(string host, string message, string remedy) =>
            findings.Add(new PemFinding(host, "Critical", message, remedy));

        OfAuthorities(view, findings);
        var writers = view.Writers;
        var holders = view.Nodes.Where(n => n.Status.VirtualIp).Select(n => n.Status.Name).ToList();

        if (writers.Count > 1)
        {
            var all = writers.Count == 2 ? "both" : "all";
            Find(
                view.Cluster,
                $"{string.Join(" and ", writers)} {all} take writes",
                SplitBrainRemedy(view, writers, holders));
        }
        if (writers.Count == 0) Find(view.Cluster, "no node takes writes", NoPrimaryRemedy(view));
        if (holders.Count > 1)
            Find(view.Cluster, $"the virtual IP is on {string.Join(" and ", holders)}",
                "Remove it from the node that is not the primary: `efm_address del INTERFACE ADDRESS/PREFIX` there, "
                    + "as root.");
        if (holders.Count == 0 && view.VirtualIp is not null)
            Find(view.Cluster, $"no node holds the virtual IP {view.VirtualIp}", NoHolderRemedy(view, writers));
        if (writers.Count == 1 && holders.Count == 1 && holders[0] != writers[0])
            Find(
                holders[0],
                $"it holds the virtual IP, but {writers[0]} is the primary",
                "Look at the EFM log of both.");
        if (view.Efm is null)
        {
            var said = view.EfmTrouble.Length > 0 ? $": {view.EfmTrouble}" : "";
            Find(view.Cluster, $"no EFM agent answers{said}", NoAgentRemedy(view));
        }
    }

    /// <summary>
    /// With sslutils PEM renews by itself, on one node (O72): the others would refuse the agents and standbys whose
    /// certificates that node signed.
    /// </summary>
    static void OfAuthorities(StatusView view, List<PemFinding> findings)
    {
        var trusting = view.Nodes
            .Where(n => n.Authorities.Length > 0)
            .GroupBy(n => n.Authorities)
            .OrderByDescending(g => g.Count())
            .ToList();
        if (trusting.Count <= 1) return;
        var odd = string.Join(", ", trusting.Skip(1).SelectMany(g => g).Select(n => n.Status.Name));
        findings.Add(new PemFinding(
            view.Cluster,
            "Warning",
            $"the data nodes do not have the same authorities: {odd} differs from the others",
            "After a failover agents and standbys may be refused there. Compare root.crt (with sslutils "
                + "ca_certificate.crt and ca_key.key too) in the data directories; New-PemCertificate -Force gives all "
                + "of them one authority."));
    }

    /// <summary>
    /// The node that keeps the data is the primary according to EFM or, failing that, the holder of the virtual IP.
    /// </summary>
    static string SplitBrainRemedy(StatusView view, IReadOnlyList<string> writers, List<string> holders)
    {
        var primaries = view.Nodes
            .Where(n => view.OfEfm(n.Status)?.Type == "Primary")
            .Select(n => n.Status.Name)
            .ToList();
        // The agent of an isolated old primary calls its own node the primary: its report counts only where the virtual
        // IP does not contradict it.
        var kept = (primaries.Count, holders.Count) switch
        {
            (1, 0) => primaries[0],
            (0, 1) => holders[0],
            (1, 1) when primaries[0] == holders[0] => primaries[0],
            _ => null,
        };
        if (kept is null || !writers.Contains(kept))
            return "EFM and the virtual IP do not agree on the primary. Keep clients away from both, "
                + "ask EFM on each side (efm cluster-status) and compare the timelines (pg_controldata) "
                + $"before you stop {view.Service} on one of them.";

        var others = string.Join(" and ", writers.Where(w => w != kept));
        return $"Stop {view.Service} on {others} at once; {kept} is the primary that clients reach. "
            + $"What was written on {others} meanwhile is only there: save it, "
            + "then rebuild the node with Initialize-PemReplica -Force, which keeps its old directory.";
    }

    static string NoPrimaryRemedy(StatusView view)
    {
        if (view.Nodes.Any(n => n.Status.Efm == "Promoting"))
            return "A standby is being promoted: look again in a minute.";
        if (view.Efm is null)
            return $"Find the node that was the primary last, start {view.Service} there, "
                + $"then {view.EfmService} on all nodes.";
        if (view.Nodes.Any(n => n.Status.Efm == "Standby"))
            return "EFM promotes a standby about a minute after its primary failed. "
                + "If it does not, the EFM log of the standbys says why; "
                + $"`efm promote {Name(view)}` does it by hand.";
        return "No agent watches a standby that could be promoted. "
            + $"Start {view.Service} on the node that was the primary last; "
            + $"`efm resume {Name(view)}` there where its agent is idle.";
    }

    static string NoHolderRemedy(StatusView view, IReadOnlyList<string> writers)
    {
        var primary = view.Nodes.FirstOrDefault(n => writers.Contains(n.Status.Name));
        return primary?.Status.Efm switch
        {
            null => "The primary's EFM agent takes it as soon as there is a primary.",
            "Primary" => $"See the EFM log on {primary.Status.Name}: "
                + "another machine may have the address (Test-PemVirtualIp asks), "
                + "or virtual.ip.interface is not an interface there.",
            "Idle" => $"The EFM agent on {primary.Status.Name} takes it when it is no longer idle.",
            _ => $"The EFM agent on {primary.Status.Name} takes it: start {view.EfmService} there.",
        };
    }

    /// <summary>
    /// Depends on EFM's own message: a missing agent, a missing Java and a missing privilege have different remedies.
    /// </summary>
    static string NoAgentRemedy(StatusView view)
    {
        if (view.EfmTrouble.Contains("JRE", StringComparison.Ordinal)
            || view.EfmTrouble.Contains("java", StringComparison.OrdinalIgnoreCase))
            return "EFM finds no Java: run Install-PemEpas, which installs it, or put `java` into root's PATH.";
        if (view.EfmTrouble.StartsWith("Not authorized", StringComparison.OrdinalIgnoreCase))
            return "Connect as root, or as a user who may become root by sudo: "
                + "EFM answers root, efm and members of the group efm.";
        if (view.Nodes.Any(n => n.AgentRuns == true))
            return $"{view.EfmService} runs, but its agent does not answer: see {view.EfmLog}, "
                + $"and run `efm cluster-status {Name(view)}` there.";
        return $"Start {view.EfmService} on the nodes, the primary first.";
    }

    /// <summary>What the agents report about the cluster as a whole.</summary>
    static void OfAgents(StatusView view, EfmStatus efm, List<PemFinding> findings)
    {
        void Find(string message, string remedy, string severity = "Warning") =>
            findings.Add(new PemFinding(view.Cluster, severity, message, remedy));

        foreach (var message in efm.Messages)
        {
            bool Says(string words) => message.Contains(words, StringComparison.OrdinalIgnoreCase);

            if (Says("not in sync"))
            {
                if (!view.DatabasesAsked)
                    Find($"EFM says: {message}",
                        "Under load this is normal, as the positions are read one after another; "
                            + "pg_stat_replication on the primary tells (F3).");
            }
            else if (Says("No primary database"))
            {
                Find(
                    $"EFM says: {message}",
                    "EFM could not ask the primary's database; the finding of that node says why. "
                        + "If it failed, EFM promotes a standby within about a minute; "
                        + $"if it was stopped by hand, start {view.Service} there.",
                    "Critical");
            }
            else if (Says("No standby databases"))
            {
                Find(
                    $"EFM says: {message}",
                    "No node can take over. Bring a standby back: its database, then its EFM agent; "
                        + "or make one with Initialize-PemReplica.");
            }
            else
            {
                Find($"EFM says: {message}", "Look at the nodes that it is about, and at the EFM log there.");
            }
        }

        var standbys = efm.Nodes.Where(n => n.Value.Type == "Standby").Select(n => n.Key).ToList();
        if (standbys.Count > 0 && !standbys.Any(efm.FailoverPriority.Contains))
            Find("no standby may be promoted: the failover order is empty",
                "`efm set-priority NAME ADDRESS 1` for a standby, and `promotable=true` in its properties.");
        if (efm.MinimumStandbys > 0 && standbys.Count <= efm.MinimumStandbys)
            Find(string.Create(CultureInfo.InvariantCulture,
                $"no standby may be promoted: {standbys.Count} are there, and minimum.standbys is {efm.MinimumStandbys}"),
                "Bring the other standbys back, or lower minimum.standbys.");

        foreach (var (address, node) in view.Strangers)
            Find($"EFM knows a node {address} ({node.Type}) that is not described",
                $"Describe it with New-PemHost; or, if it does not belong here, stop {view.EfmService} there and "
                + $"`efm disallow-node {Name(view)} {address}`.");
        var known = view.Nodes.Select(n => n.Status.Address).ToHashSet(StringComparer.Ordinal);
        foreach (var stranger in efm.AllowedNodes.Where(a => !known.Contains(a) && !efm.Nodes.ContainsKey(a)).Distinct())
            Find($"{stranger} is allowed to join, but has not",
                $"Start {view.EfmService} there; `efm disallow-node` if it is gone for good.");
    }

    static void OfNode(StatusView view, NodeView seen, List<PemFinding> findings)
    {
        var node = seen.Status;
        var name = Name(view);
        void Find(bool critical, string message, string remedy) =>
            findings.Add(new PemFinding(node.Name, critical ? "Critical" : "Warning", message, remedy));
        if (seen.Trouble is { } trouble)
        {
            Find(true, trouble, seen.TroubleRemedy ?? "Bring the host back, then connect again.");
            // EFM's report is all that is known about the node then.
            OfWatch(view, seen, Find);
            return;
        }
        OfDatabase(view, seen, Find);
        if (view.Efm is not null && node.Efm.Length == 0)
            Find(true, "its EFM agent has not joined", NotJoinedRemedy(view, seen));
        OfWatch(view, seen, Find);
        if (node.Efm == "Promoting") Find(false, "it is being promoted", "Look again in a minute.");
        if (view.Efm is { AllowedNodes.Count: > 0 } efm
            && node.Efm is not ("" or "DOWN")
            && !efm.AllowedNodes.Contains(node.Address))
            Find(false, "it is not in the list of nodes that may join",
                $"`efm allow-node {name} {node.Address}`, or it cannot come back after a restart.");
        OfCertificates(view, seen, Find);
        if (seen.Outlived.Count > 0)
            Find(
                false,
                $"{string.Join(" and ", seen.Outlived)} of PEM before 10.5 ran during a failover "
                    + "and may not have recovered from it",
                $"systemctl restart {string.Join(' ', seen.Outlived)}; from PEM 10.5 on they recover by themselves.");
        if (node.Agent == false)
            Find(false, "its PEM agent does not run",
                "systemctl start pemagent; Install-PemServer if it was never set up.");
    }

    /// <summary>What a node's database reports, or its directory where it does not run.</summary>
    static void OfDatabase(StatusView view, NodeView seen, Action<bool, string, string> find)
    {
        var node = seen.Status;
        var primary = view.Writers.FirstOrDefault(w => w != node.Name);
        if (seen.Fenced)
            find(true, "EFM fenced it as a failed primary (recovery.conf)",
                "Rebuild it: Initialize-PemReplica -Force, then `efm resume`.");
        else if (node.Role == "Stopped" && seen.StartsAsPrimary && primary is not null)
            find(true, "its database does not run, and would start as a second primary",
                $"Do not start {view.Service} there: {primary} took over. "
                    + "Rebuild it with Initialize-PemReplica -Force.");
        else if (node.Role == "Stopped")
            find(true, "its database does not run", StartRemedy(view, node, primary));
        if (node is { Role: "Standby", Replication: not (null or "streaming") })
            find(true, "it does not stream from the primary", primary is null
                ? "No node takes writes, so there is nothing to stream from: see that finding first."
                : "Look at its log; rebuild it with Initialize-PemReplica -Force if its WAL is gone.");
        if (node.LagBytes > NotableLag)
            find(false, string.Create(CultureInfo.InvariantCulture, $"replay lags {node.LagBytes >> 20} MiB behind"),
                "Look at long queries on the standby and at the network.");
    }

    static string NotJoinedRemedy(StatusView view, NodeView seen) => seen.AgentRuns == true
        ? $"{view.EfmService} runs there, but not in this cluster: its log in {view.EfmLog} says why. "
            + $"`efm allow-node {Name(view)} {seen.Status.Address}` on another node, "
            + "and a member in its .nodes file, then restart it; New-PemEfmCluster does all of that."
        : $"systemctl start {view.EfmService}; its log is in {view.EfmLog}.";

    static void OfCertificates(StatusView view, NodeView seen, Action<bool, string, string> find)
    {
        foreach (var (file, end) in seen.Ending)
        {
            // From then on servers and agents refuse each other: standbys do not reconnect, and PEM's agents are locked
            // out.
            var over = end is null || end <= view.Now;
            var state = end is not { } day ? "cannot be read"
                : $"{(over ? "ended" : "ends")} on {CertificateAuthority.Day(day)}";
            find(over, $"its certificate {file} {state}",
                "Run Install-PemCluster -StartAt New-PemCertificate. It renews every certificate that ends within "
                    + "30 days and makes the services use it. If you supply your own certificates, replace those files "
                    + "first.");
        }
    }

    /// <summary>What EFM reports about one node's agent and database.</summary>
    static void OfWatch(StatusView view, NodeView seen, Action<bool, string, string> find)
    {
        var node = seen.Status;
        var name = Name(view);
        if (node.Efm == "DOWN")
        {
            find(true, "its EFM agent is down",
                $"systemctl start {view.EfmService}. If the node is gone for good, `efm reset-members {name}`: "
                    + "until then EFM 5 counts it when it asks for a majority (G1).");
            return;
        }
        if (view.OfEfm(node) is not { } efm) return;

        var why = node.Info is null ? "" : $": {node.Info}";
        var others = view.Writers.Where(w => w != node.Name).ToList();
        if (efm.Type is not ("Primary" or "Promoting") && others.Count > 0 && view.Writers.Contains(node.Name))
        {
            // Not `efm resume`: a second primary would be watched as a primary.
            find(true, $"its database takes writes beside the primary{why}", node.VirtualIp
                ? "It holds the virtual IP, so clients may write there: "
                    + "see the finding of the cluster before you stop anything, and do not resume its agent."
                : $"Stop {view.Service} there at once and do not resume its agent: "
                    + $"{string.Join(" and ", others)} took over. "
                    + "Save what was written there meanwhile, then rebuild it with Initialize-PemReplica -Force.");
        }
        else if (efm.Type == "Idle")
        {
            find(false, $"its EFM agent is idle{why}", IdleRemedy(view, seen, others.FirstOrDefault()));
        }
        else if (efm.WritesBesides)
        {
            find(true, $"EFM watches it as {efm.Type}, but its database takes writes{why}",
                $"It was promoted without EFM: systemctl restart {view.EfmService}, so that its agent looks again.");
        }
        else if (efm is { Lsn: null, Info: not null })
        {
            find(
                efm.Type == "Primary",
                $"EFM could not ask its database{why}",
                InfoRemedy(view, node, others.FirstOrDefault()));
        }
        else if (efm.Info is not null)
        {
            find(false, $"EFM says of its database{why}", $"See the EFM log in {view.EfmLog} there.");
        }
        else if (efm.Database is "DOWN" or EfmNode.Unknown && node.Role != "Stopped")
        {
            find(efm.Type == "Primary", $"EFM calls its database {efm.Database}",
                $"See the EFM log in {view.EfmLog} there, and that of the database.");
        }
    }

    /// <summary>`efm resume` alone where the database works, and after the fix of its problem where not.</summary>
    static string IdleRemedy(StatusView view, NodeView seen, string? primary)
    {
        var node = seen.Status;
        var resume = $"`efm resume {Name(view)}`";
        if (seen.Trouble is null && node.Role == "Primary") return $"{resume} there: no other node takes writes.";
        if (seen.Fenced || (node.Role == "Stopped" && seen.StartsAsPrimary && primary is not null))
            return $"Rebuild it as a standby first; then {resume} there, or New-PemEfmCluster, which does it.";

        var well = node.Info is null && (node.Replication ?? "streaming") == "streaming" && node.Database == "UP";
        if (well) return $"{resume} there.";
        var first = node.Info is not null ? InfoRemedy(view, node, primary)
            : node.Replication is not (null or "streaming") ? "It has to stream from the primary first."
            : StartRemedy(view, node, primary);
        return $"{first} Then {resume} there.";
    }

    /// <summary>To start a stopped database, unless it may have been the primary before a failover.</summary>
    static string StartRemedy(StatusView view, PemNodeStatus node, string? primary)
    {
        var start = $"Look at its log, then systemctl start {view.Service}.";
        return view.DatabasesAsked || primary is null || node.Role == "Standby" ? start
            : $"{start} Not if it was the primary before {primary}: "
                + "that one is rebuilt with Initialize-PemReplica -Force, and never started by hand.";
    }

    /// <summary>The remedy for the problem that EFM, its driver or the server reports.</summary>
    static string InfoRemedy(StatusView view, PemNodeStatus node, string? primary) => EfmInfo.CauseOf(node.Info) switch
    {
        InfoCause.NotListening when node is { Database: "UP" } && view.DatabasesAsked =>
            "Its server runs, but does not listen there: look at listen_addresses and port, "
            + "and at db.port and bind.address in efm.properties.",
        InfoCause.NotListening => $"No server listens there. {StartRemedy(view, node, primary)}",
        InfoCause.Unreachable =>
            "The host did not answer: see whether it is up, its route, "
                + "and that the database's port is open in its firewall.",
        InfoCause.NoRule =>
            "pg_hba.conf there has no rule for EFM's role from that address: "
                + "New-PemEfmCluster or Set-PemHba writes it.",
        InfoCause.Password =>
            "db.password.encrypted in efm.properties is not the role's password: "
                + "run New-PemEfmCluster with the right one.",
        InfoCause.Privilege =>
            "EFM's role or database is missing there, or a privilege of the role: "
                + "New-PemEfmCluster -DatabaseOnly makes them.",
        InfoCause.Tls =>
            "Server and agent disagree on TLS: compare ssl and the certificates there "
                + "(Set-PemSsl, Test-PemCertificate) with jdbc.sslmode in efm.properties.",
        InfoCause.NotReady => "The server starts, stops or recovers: look again in a minute, then at its log.",
        InfoCause.Full => "The server has no connection left: look at pg_stat_activity, and at max_connections.",
        _ => $"See the EFM log in {view.EfmLog} there, and the log of the database.",
    };

    static string Name(StatusView view) => view.Cluster.Length > 0 ? view.Cluster : "NAME";

    /// <summary>An LSN as a number of bytes.</summary>
    static long? Number(string? lsn) =>
        lsn?.Split('/') is [var high, var low]
        && uint.TryParse(high, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var h)
        && uint.TryParse(low, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var l)
            ? (long)h << 32 | l : null;
}
