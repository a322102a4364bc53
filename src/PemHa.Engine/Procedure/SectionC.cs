using System.Globalization;
using System.Net;
using PemHa.Engine.Assumptions;
using PemHa.Engine.Efm;
using PemHa.Engine.Linux;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Section C: EFM. After TLS, not before it as on the page (T9).</summary>
static class SectionC
{
    static readonly string[] Functions =
        ["pg_current_wal_lsn()", "pg_last_wal_replay_lsn()", "pg_wal_replay_resume()", "pg_wal_replay_pause()", "pg_reload_conf()"];

    /// <summary>The first EFM with the properties release.vip.* (G2).</summary>
    static readonly Version ReleaseWaits = new(5, 1);

    /// <summary>New-PemEfmCluster: P13–P21, T6–T13, T20.</summary>
    public static Step Cluster(
        PemCluster cluster,
        IReadOnlyList<PemHost> hosts,
        PemHost primary,
        string user,
        string password,
        EfmOptions options)
    {
        var role = EfmRole(primary, cluster, user, password);
        var secret = new EfmPassword(primary, password, role);
        var sighting = new VirtualIpSighting();
        var efm = new EfmSighting();
        foreach (var host in hosts) SshSession.Of(host).Redactor.Add(password, Sh.Quote(password));
        return new("New-PemEfmCluster", cluster,
        [
            new Phase("prerequisites", hosts, host =>
            [
                .. Register.Guards("New-PemEfmCluster", host, given: options.Properties.Keys),
                PingServer(host),
                .. host == primary
                    ? [
                        secret.Encrypts($"{cluster.EfmConfigDirectory}/{cluster.Name}.properties"),
                        new AgentCount(cluster),
                    ]
                    : Array.Empty<Resource>(),
                .. host.Role == PemRole.Witness ? [] : new Resource[]
                {
                    Database.IsUp(host), Database.HasSsl(host), Interface(host), sighting.Look(host),
                    EfmProperties.HelpersAgree(host, Properties(host, user, options)),
                    new EagerFailover(cluster, options.Properties),
                },
            ]),
            new Phase("role", [primary], host => [Database.IsPrimary(host), sighting.MustBeFree(host), role]),
            Rules(cluster, hosts, user, afterTls: true),
            new Phase("first agent", [primary], host =>
            {
                var agent = Agent(host, secret, user, options);
                return [.. agent, new EfmAllowedNodes(host, efm) { After = [agent[^1]] }, new EfmWatching(host, efm) { After = [agent[^1]] }];
            }),
            new Phase("other agents", [.. hosts.Where(h => h != primary)], host =>
            {
                var agent = Agent(host, secret, user, options);
                var together = new EfmTogether(host, primary, efm) { After = [agent[^1]] };
                return [.. agent, together, .. host.Role == PemRole.Witness ? [] : new Resource[] { new EfmWatching(host, efm) { After = [agent[^1], together] } }];
            }),
            new Phase("membership", [primary], host => [new EfmMembership(host, hosts)], Together: true),
        ]);
    }

    /// <summary>New-PemEfmCluster -DatabaseOnly: P13–P15, what the databases need before the agents come.</summary>
    public static Step DatabasePart(PemCluster cluster, IReadOnlyList<PemHost> hosts, PemHost primary, string user, string password)
    {
        SshSession.Of(primary).Redactor.Add(password);
        return new("New-PemEfmCluster", cluster,
        [
            new Phase("role", [primary], host => [Database.IsPrimary(host), EfmRole(host, cluster, user, password)]),
            Rules(cluster, hosts, user, afterTls: false),
        ]);
    }

    /// <summary>P14, P15, T6: every node on every data node, the witness and the virtual IP (T12) included.</summary>
    static Phase Rules(PemCluster cluster, IReadOnlyList<PemHost> hosts, string user, bool afterTls) => new("rules", [.. hosts.Where(h => h.Role != PemRole.Witness)], host =>
    {
        var rules = Common.Rules(cluster, "efm", [.. Common.AgentAddresses(cluster)
            .Select(a => $"{SectionB.HbaName(cluster.Database)} {SectionB.HbaName(user)} {HbaFile.Single(a)} scram-sha-256")], afterTls: afterTls);
        return [rules, new ServerLoaded(host) { After = [rules], ReloadOnly = true }];
    });

    static Role EfmRole(PemHost primary, PemCluster cluster, string user, string password)
    {
        var (name, literal) = (SqlText.Identifier(user), SqlText.Literal(user));
        return new Role(SshSession.Of(primary).Redactor)
        {
            RoleName = user,
            Attributes = ["LOGIN"],
            Password = password,
            Database = cluster.Database,
            Privileges =
            [
                ($"EXISTS (SELECT FROM pg_database d, aclexplode(d.datacl) x WHERE d.datname = {SqlText.Literal(cluster.Database)} AND x.grantee = r.oid AND x.privilege_type = 'CONNECT')",
                    $"GRANT CONNECT ON DATABASE {SqlText.Identifier(cluster.Database)} TO {name}"),
                .. Functions.Select(f => ($"EXISTS (SELECT FROM pg_proc p, aclexplode(p.proacl) x WHERE p.oid = '{f}'::regprocedure AND x.grantee = r.oid)",
                    $"GRANT EXECUTE ON FUNCTION {f} TO {name}")),
                ($"pg_has_role({literal}, 'pg_monitor', 'member')", $"GRANT pg_monitor TO {name}"),
            ],
        };
    }

    static Resource[] Agent(PemHost host, EfmPassword password, string user, EfmOptions options)
    {
        var cluster = host.Cluster;
        var folder = cluster.EfmConfigDirectory;
        var properties = new EfmProperties(host, password)
        {
            Path = $"{folder}/{cluster.Name}.properties",
            // T8: not for everybody, but EFM's own helpers read it as the database's owner too.
            Owner = host.Role == PemRole.Witness ? "efm:efm" : $"efm:{cluster.ServiceOwner}",
            Mode = "640",
            EnforceMode = true,
            Values = Properties(host, user, options),
            AskedFor = options.Properties.Keys,
        };
        var nodes = new EfmNodes(host, host == password.Primary ? null : password.Primary.Address)
        {
            Path = $"{folder}/{cluster.Name}.nodes",
            Owner = "efm:efm",
            Mode = "600",
            EnforceMode = true,
        };
        var unit = new EfmUnit(cluster);
        var boot = new BootOrder(host, options.BootOrder)
        {
            Path = BootOrder.PathOf(cluster),
            Owner = "root:root",
            Mode = "644",
        };
        var announcer = new VirtualIpAnnouncer(host, options.Announces)
        {
            Path = VirtualIpAnnouncer.PathOf(cluster),
            Owner = "root:root",
            Mode = "644",
            EnforceMode = true,
        };
        return
        [
            unit, properties, nodes, .. host.Role == PemRole.Witness ? [] : new Resource[] { boot },
            .. host.Role != PemRole.Witness && VirtualIpAnnouncer.Concerns(cluster)
                ? [announcer]
                : Array.Empty<Resource>(),
            new ServiceRunning(cluster.EfmServiceName) { After = [unit, properties], Reads = properties.Path },
        ];
    }

    /// <summary>The property by which an agent that started idle takes its database under watch by itself (T13); EFM 4 has one for all cases.</summary>
    public static string AutoResume(PemCluster cluster) => cluster.EfmVersion.Major < 5 ? "auto.resume.period" : "auto.resume.startup.period";

    /// <summary>The names of the properties that PemHa sets by itself.</summary>
    internal static IEnumerable<string> PropertyNames(PemCluster cluster) =>
        cluster.Hosts.SelectMany(h => Properties(h, "", new EfmOptions()).Keys)
            .Union(["db.password.encrypted", "virtual.ip.interface", "virtual.ip.prefix"]);

    /// <summary>P19, and the user's own on top.</summary>
    static Dictionary<string, string> Properties(PemHost host, string user, EfmOptions options)
    {
        var cluster = host.Cluster;
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["db.user"] = user,
            ["db.port"] = cluster.Port.ToString(CultureInfo.InvariantCulture),
            ["db.database"] = cluster.Database,
            ["db.service.owner"] = cluster.ServiceOwner,
            ["db.service.name"] = cluster.ServiceName,
            ["db.bin"] = $"{cluster.InstallDirectory}/bin",
            ["db.data.dir"] = cluster.DataDirectory,
            ["jdbc.sslmode"] = "require",
            ["user.email"] = cluster.UserEmail,
            ["from.email"] = $"{host.Name}@{cluster.Name}-pem",
            ["notification.text.prefix"] = "[PEM/EFM]",
            ["bind.address"] = NodeAddress.At(host.Address, cluster.EfmPort),
            ["is.witness"] = host.Role == PemRole.Witness ? "true" : "false",
            ["encrypt.agent.messages"] = "true",
            ["stop.isolated.primary"] = "true",
            ["stop.failed.primary"] = "true",
            ["primary.shutdown.as.failure"] = "false",
            ["ping.server.ip"] = cluster.PingServer,
            ["virtual.ip"] = cluster.VirtualIp,
            ["virtual.ip.single"] = "true",
            ["check.vip.before.promotion"] = "true",
            [AutoResume(cluster)] = EfmOptions.UsualAutoResume.ToString(CultureInfo.InvariantCulture),
        };
        if (host.Role != PemRole.Witness)
        {
            // A switchover gives the old primary this application name. Without a name synchronous_standby_names would
            // no longer count that node (G18).
            values["application.name"] = host.Name;
            // With two or more standbys, a release in the background may cut off the old primary's agent while it
            // chooses one of them (O5). With one standby the wait costs a second, but a node that is added later then
            // changes no property of the others.
            if (cluster.EfmVersion >= ReleaseWaits)
            {
                values["release.vip.background"] = "false";
                values["release.vip.post.wait"] = "1";
            }
        }
        // What is not given is found out on each node (EfmProperties).
        if (cluster.VirtualIpInterface is { } nic) values["virtual.ip.interface"] = nic;
        if (cluster.VirtualIpPrefix is { } prefix) values["virtual.ip.prefix"] = prefix.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in options.Properties) values[name] = value;
        return values;
    }

    /// <summary>T10.</summary>
    internal static Requirement PingServer(PemHost host) => new("ping server", $"ping -nq -c 1 -W 2 {Sh.Quote(host.Cluster.PingServer)} >/dev/null 2>&1 && fact answers 1\n:", facts =>
        host.Cluster.Hosts.Any(h => h.Address == host.Cluster.PingServer) || host.Cluster.PingServer == host.Cluster.VirtualIp
            ? new PemException("PingServerInCluster", Trouble.InvalidArgument, $"The ping server {host.Cluster.PingServer} is part of the cluster.",
                "Give New-PemCluster -PingServer an address outside the cluster, such as the gateway: EFM asks it whether a node is cut off.")
        : facts.Is("answers") ? null
        : new PemException("PingServerSilent", Trouble.ConnectionError, $"The ping server {host.Cluster.PingServer} does not answer {host.Name}.",
            "Give New-PemCluster -PingServer an address that answers every node; without it EFM never fails over (T10)."));

    /// <summary>T11: the interface is there, with the virtual IP's network.</summary>
    internal static Requirement Interface(PemHost host) => new("interface of the virtual IP", $$"""
        fact nic "$(nic {{Sh.Quote(host.Address)}})"
        fact64 addresses <<E
        $(ip -brief addr 2>&1)
        E
        """, facts => Unfit(host.Cluster, host, facts["nic"]) is { } unfit
        ? new PemException("InterfaceUnfit", Trouble.InvalidArgument, $"{unfit} {host.Name} has: {facts["addresses"].Trim()}",
            "Give New-PemCluster -VirtualIpInterface the interface of the cluster's network, or leave it out; and New-PemHost the node's own address.")
        : null);

    /// <summary>Why a node cannot hold the virtual IP; null when it can.</summary>
    /// <param name="nic">Interface and prefix length of the node's own address, as the shell function <c>nic</c> tells them.</param>
    internal static string? Unfit(PemCluster cluster, PemHost host, string nic)
    {
        var words = nic.Split(' ');
        if (words.Length < 2 || Digits.Whole(words[1]) is not { } bits)
            return $"No interface of {host.Name} carries {host.Address}.";

        if (cluster.VirtualIpInterface is { } given && given != words[0])
            return $"{given} on {host.Name} does not carry {host.Address}; {words[0]} does.";

        return IPNetwork.TryParse($"{Network(host.Address, bits)}/{words[1]}", out var network) && !network.Contains(IPAddress.Parse(cluster.VirtualIp))
            ? $"{cluster.VirtualIp} is not in {network}, the network of {words[0]} on {host.Name}." : null;
    }

    static IPAddress Network(string address, int bits)
    {
        var bytes = IPAddress.Parse(address).GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++) bytes[i] &= (byte)(0xff00 >> Math.Clamp(bits - 8 * i, 0, 8));
        return new IPAddress(bytes);
    }
}

/// <summary>T11: before the first agent takes the virtual IP, nobody else may have it.</summary>
sealed class VirtualIpSighting
{
    bool _known;

    /// <summary>Notes whether a node of ours holds it or an agent runs already.</summary>
    public Requirement Look(PemHost host) => new("virtual IP", $"""
        ip -o addr | grep -qF {Sh.Quote($" {host.Cluster.VirtualIp}/")} && fact known 1
        agent_active && fact known 1
        :
        """, facts =>
    {
        if (facts.Is("known")) Volatile.Write(ref _known, true);
        return null;
    });

    /// <summary>
    /// The shell that tells as fact <c>taken</c> by what somebody answers for the virtual IP. One that answers no ping may have it all the
    /// same: ARP, which is IPv4's, asks; an IPv6 neighbour told its card when the ping looked for it.
    /// </summary>
    public static string Answers(PemHost host)
    {
        var address = Sh.Quote(host.Cluster.VirtualIp);
        return $"ping -nq -c 1 -W 1 {address} >/dev/null 2>&1 && fact taken ping\n" + (host.Cluster.VirtualIp.Contains(':', StringComparison.Ordinal)
            ? $"ip -6 neigh show to {address} nud reachable 2>/dev/null | grep -q lladdr && fact taken 'neighbour discovery'"
            : $"if command -v arping >/dev/null && ! arping -D -q -c 1 -w 1 -I {NicOf(host)} {address} >/dev/null 2>&1; then fact taken ARP; fi");
    }

    /// <summary>The shell that tells as fact <c>held</c> whether this host carries the virtual IP.</summary>
    public static string Held(PemCluster cluster) => $"ip -o addr | grep -qF {Sh.Quote($" {cluster.VirtualIp}/")} && fact held 1";

    /// <summary>Somebody else has it.</summary>
    public static PemException Taken(PemCluster cluster, string by) => new("VirtualIpTaken", Trouble.ResourceBusy,
        $"Somebody outside the cluster answers {by} for the virtual IP {cluster.VirtualIp}.",
        "Free the address or choose another (New-PemCluster -VirtualIp); `ip neigh` or `arping -D` on a node shows the other's MAC address.");

    /// <summary>A shell word: the interface that carries the virtual IP on a host.</summary>
    static string NicOf(PemHost host) => host.Cluster.VirtualIpInterface is { } given ? Sh.Quote(given) : $"\"$(nic {Sh.Quote(host.Address)} | cut -d' ' -f1)\"";

    /// <summary>Fails when a stranger answers for it.</summary>
    public Requirement MustBeFree(PemHost host) => new("virtual IP", $"""
        agent_active && exit 0
        {Answers(host)}
        :
        """, facts => !facts.Has("taken") || Volatile.Read(ref _known) ? null
        : Taken(host.Cluster, facts["taken"]));
}
