using System.Globalization;
using System.Text.RegularExpressions;
using PemHa.Engine.Linux;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Checks;

/// <summary>Firewalls, ports, the ping server and the virtual IP (P5, T10, T11).</summary>
static partial class NetworkChecks
{
    /// <summary>Where EFM's agent listens for the <c>efm</c> command, on the loopback address (F5).</summary>
    const string AdminPort = "7809";

    public static IEnumerable<Check> All(PemCluster cluster) =>
    [
        new("firewall", ["P5", "P37"], host => $"{Firewall(host).Probe}\n{Zone(cluster, host)}", (host, sights) => JudgeFirewall(host, sights[host])),
        new("ports in use", ["P5", "F5"], _ => $$"""
            fact64 listening <<E
            $(ss -Hltnp 2>/dev/null | awk '{ print $4, $6 }')
            E
            agent_active && fact agent 1
            [ -d /usr/edb/pem ] && fact pem 1
            {{ServerFacts.Probe}}
            """, (host, sights) => JudgeListening(host, sights[host])),
        new("ports between nodes", ["P5"], host => $"{Knock(cluster, host)}\n{Firewall(host).Probe}", JudgeReach),
        new("mail server", ["P19"],
            _ => "timeout 2 bash -c 'exec 3<>/dev/tcp/localhost/25' 2>/dev/null && fact listens 1\n:",
            (host, sights) => JudgeMail(cluster, sights[host])),
        Check.Of("ping server", ["T10"], SectionC.PingServer, _ => $"{cluster.PingServer} answers."),
        Check.Of("interface", ["T11"], SectionC.Interface, facts => $"{facts["nic"].Split(' ')[0]} can carry {cluster.VirtualIp}.") with { On = Check.IsData },
        new("virtual IP", ["T11"], host => $"""
            {VirtualIpSighting.Held(cluster)}
            agent_active && fact agent 1
            command -v arping >/dev/null || fact deaf 1
            {VirtualIpSighting.Answers(host)}
            {ClusterView.Probe}
            :
            """, (host, sights) => JudgeVirtualIp(cluster, host, sights)),
    ];

    static int[] Ports(PemHost host) => host.Role == PemRole.Witness ? [host.Cluster.EfmPort] : [host.Cluster.Port, host.Cluster.EfmPort];

    static FirewallPorts Firewall(PemHost host) =>
        new(host.Cluster.FirewallZone, Check.IsData(host) ? [.. Ports(host), host.Cluster.WebPort] : Ports(host));

    /// <summary>
    /// EFM hands its notifications to an SMTP server on port 25 of each node, or to a script (X13, G12); it logs them
    /// in any case.
    /// </summary>
    internal static Verdict JudgeMail(PemCluster cluster, Facts facts)
    {
        if (cluster.EfmProperty.GetValueOrDefault("script.notification", "") is { Length: > 0 } script)
            return Verdict.Passed($"EFM hands its notifications to {script}.");

        if (facts.Is("listens"))
            return Verdict.Passed($"A mail server on port 25 takes EFM's notifications to {cluster.UserEmail}.");

        return Verdict.Warning(
            $"No mail server listens on port 25 of this node, so EFM's notifications to {cluster.UserEmail} are not "
                + "delivered; EFM only logs them.",
            "dnf install postfix; systemctl enable --now postfix; or hand them to a script of your own: "
                + "New-PemCluster -EfmProperty @{ 'script.notification' = '/path' }");
    }

    /// <summary>Where packets that come in on the node's interface are judged; sources that are bound to the zone go first.</summary>
    static string Zone(PemCluster cluster, PemHost host) => $$"""
        ask() { busctl --auto-start=no call org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 "$@" 2>/dev/null; }
        N=$(nic {{Sh.Quote(host.Address)}} | cut -d' ' -f1); fact nic "$N"
        fact zone "$(ask org.fedoraproject.FirewallD1.zone getZoneOfInterface s "$N" | cut -d'"' -f2)"
        fact default "$(ask org.fedoraproject.FirewallD1 getDefaultZone | cut -d'"' -f2)"
        fact sources "$(ask org.fedoraproject.FirewallD1.zone getSources s {{Sh.Quote(cluster.FirewallZone)}})"
        """;

    internal static Verdict JudgeFirewall(PemHost host, Facts facts)
    {
        if (Check.Of(Firewall(host), facts) is { } verdict)
            return verdict.State == PemCheckState.Warning ? verdict with { Remedy = "systemctl enable --now firewalld, unless another firewall is meant to do it." } : verdict;
        var zone = facts["zone"] is { Length: > 0 } own && own != "s " ? own : facts["default"];
        var (wanted, nic) = (host.Cluster.FirewallZone, facts["nic"]);
        return zone != wanted && zone.Length > 0 && nic.Length > 0 && !facts["sources"].Contains('"', StringComparison.Ordinal)
            ? Verdict.Failed($"{nic} is in the zone {zone}, not in {wanted}: ports that are opened there stay closed for the other nodes.",
                $"Describe it as it is: New-PemCluster -FirewallZone {zone}; or firewall-cmd --permanent --zone={wanted} --change-interface={nic}, and the same without --permanent.")
            : Verdict.Passed($"firewalld runs, and {(nic.Length > 0 ? $"{nic} is in " : "")}its zone {wanted}{(nic.Length > 0 ? "" : " is there")}.");
    }

    [GeneratedRegex("\"(?<name>[^\"]+)\",pid=(?<pid>[0-9]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Process();

    internal static Verdict JudgeListening(PemHost host, Facts facts)
    {
        var cluster = host.Cluster;
        var admin = cluster.EfmProperty.GetValueOrDefault("admin.port", AdminPort);
        var ports = new List<(string Port, string For, bool Ours)>
        {
            (Text(cluster.EfmPort), "EFM's agents", facts.Is("agent")), (admin, "EFM's command", facts.Is("agent")),
        };
        if (Check.IsData(host))
            ports.AddRange([(Text(cluster.Port), "the database", facts.Is("up") && facts["setting.port"] == Text(cluster.Port)), (Text(cluster.WebPort), "the web application", facts.Is("pem"))]);
        var taken = new List<string>();
        foreach (var line in facts["listening"].Split('\n').Select(l => l.Split(' ')))
        {
            var port = line[0][(line[0].LastIndexOf(':') + 1)..];
            if (ports.FirstOrDefault(p => p.Port == port && !p.Ours) is not { Port: not null } wanted) continue;
            var who = line.Length > 1 && Process().Match(line[1]) is { Success: true } m ? $"{m.Groups["name"].Value} (process {m.Groups["pid"].Value})" : "somebody";
            taken.Add($"{who} listens on {port}, which is for {wanted.For}");
        }
        return taken.Count == 0 ? Verdict.Passed($"Nobody else listens on {string.Join(", ", ports.Select(p => p.Port))}.")
            : Verdict.Failed($"{string.Join("; ", taken.Distinct())}.",
                $"Stop it, or choose other ports (New-PemCluster -Port, -EfmPort, -EfmProperty @{{ 'admin.port' = ... }}). Another Postgres on {cluster.Port} may be the one that you want: describe its -DataDirectory and -ServiceName.");
    }

    static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    /// <summary>Knocks at every port of every other node, all at once. Nobody has to listen there: a refusal of its kernel is an answer too.</summary>
    static string Knock(PemCluster cluster, PemHost host) => $$"""
        knock() {
            if ! ip route get "$1" >/dev/null 2>&1; then fact "$1 $2" unroutable; return; fi
            E=$(timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2" 2>&1); R=$?
            case "$R $E" in 0*) R=open ;; 124*) R=silent ;; *refused*) R=refused ;; *) R=rejected ;; esac
            fact "$1 $2" "$R"
        }
        N=0
        for t in {{Sh.Join([.. cluster.Hosts.Where(h => h != host && h.AddressKnown).SelectMany(h => Ports(h).Select(p => $"{h.Address}/{Text(p)}"))])}}; do
            N=$((N + 1)); knock "${t%/*}" "${t#*/}" > "$T/knock.$N" &
        done
        wait
        cat "$T"/knock.* 2>/dev/null
        """;

    /// <summary>How others reach this host. A port that its own firewall still closes is opened by the procedure.</summary>
    internal static Verdict? JudgeReach(PemHost host, Sights sights)
    {
        var own = sights[host];
        var others = sights.Keys.Where(h => h != host).ToList();
        if (others.Count == 0) return Verdict.Unknown("No other node could be asked.", "Connect the other nodes, and run it again.");
        var drops = own["permanent"].Contains("target=\"DROP\"", StringComparison.Ordinal);
        var trouble = new List<string>();
        var closed = new SortedSet<int>();
        foreach (var port in Ports(host))
        {
            var firewalled = !FirewallPorts.Off(own) && !FirewallPorts.IsOpen(own, Text(port));
            if (firewalled) closed.Add(port);
            foreach (var group in others.GroupBy(o => sights[o][$"{host.Address} {Text(port)}"]))
            {
                var said = group.Key switch
                {
                    "open" or "refused" => null,
                    "rejected" => firewalled ? null : "rejected",
                    "silent" => firewalled && drops ? null : "not answered",
                    "unroutable" => "without a route",
                    _ => "not tried",
                };
                if (said is not null) trouble.Add($"{string.Join(", ", group)} {(group.Count() == 1 ? "is" : "are")} {said} at {host.Address} port {Text(port)}");
            }
        }
        return trouble.Count > 0
            ? Verdict.Failed($"{string.Join("; ", trouble)}.", $"Let these ports through from every node: look at firewall-cmd --list-all and nft list ruleset on {host.Name}, and at firewalls on the way.")
            : Verdict.Passed(closed.Count == 0 ? "Every other node reaches it." : $"Every other node reaches it; Install-PemEpas opens {string.Join(", ", closed)} in its firewall.");
    }

    internal static Verdict JudgeVirtualIp(PemCluster cluster, PemHost host, Sights sights)
    {
        var holders = sights.Where(s => s.Value.Is("held")).Select(s => s.Key).ToList();
        var (own, release) = (sights[host], $"{VirtualIpRehearsal.Command(cluster)} del INTERFACE {cluster.VirtualIp}/PREFIX");
        if (holders.Count == 0)
            return own["taken"] is { Length: > 0 } by ? Verdict.Of(VirtualIpSighting.Taken(cluster, by))
                : sights.Values.Any(f => f.Is("agent")) ? Verdict.Warning($"Agents of EFM run, and no node holds {cluster.VirtualIp}.", "Get-PemClusterStatus tells what is wrong.")
                : own.Is("deaf") && !cluster.VirtualIp.Contains(':', StringComparison.Ordinal)
                    ? Verdict.Warning($"Nobody answers pings for {cluster.VirtualIp}; without arping one who answers none is not seen.", "dnf install iputils")
                : Verdict.Passed($"Nobody answers for {cluster.VirtualIp}.");
        var others = holders.Where(h => h != host).ToList();
        if (holders.Count > 1 && holders.Contains(host))
            return Verdict.Failed($"It holds {cluster.VirtualIp}, and so does {string.Join(", ", others)}.", $"Take it from all but the primary: {release}");
        if (holders[0] == host)
        {
            return DatabaseChecks.Primary(cluster, sights) == host && own["recovery"] == "false" ? Verdict.Passed($"It is the primary and holds {cluster.VirtualIp}.")
                : Verdict.Failed($"It holds {cluster.VirtualIp} and is not the cluster's primary: clients are led to it.", $"Take it away: {release}");
        }
        return own.Is("held") || own["taken"].Length > 0 ? Verdict.Passed($"{holders[0].Name} holds it and answers.")
            : Verdict.Failed($"{holders[0].Name} holds {cluster.VirtualIp}, but it does not answer here.", "Look at `ip neigh` here, and at what lies between the two.");
    }
}
