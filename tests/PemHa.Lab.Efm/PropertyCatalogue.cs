namespace PemHa.Lab.Efm;

/// <summary>One documented property: its default, and the kind of value it takes.</summary>
/// <param name="Name">Case-sensitive.</param>
/// <param name="Default">Used when the file leaves it empty or out.</param>
/// <param name="Kind">What the value must look like.</param>
/// <param name="Needed">Who cannot start without a value.</param>
/// <param name="SameEverywhere">Must be equal on all agents of a cluster.</param>
/// <param name="Since">The first version that knows it, where an older one of the stand-in's does not.</param>
sealed record PropertyFact(
    string Name,
    string Default = "",
    PropertyKind Kind = PropertyKind.Text,
    Needed Needed = Needed.No,
    bool SameEverywhere = false,
    string Since = "");

/// <summary>The form of a property's value.</summary>
enum PropertyKind { Text, Flag, Seconds, Port }

/// <summary>Which nodes must have a value for a property.</summary>
enum Needed { No, DataNode, Always }

/// <summary>The properties of Failover Manager 5 as its manual and its release notes list them. [F5]</summary>
static class PropertyCatalogue
{
    static readonly IReadOnlyList<PropertyFact> Known =
    [
        new("db.user", Needed: Needed.Always),
        new("db.password.encrypted", Needed: Needed.Always),
        new("script.db.password", Since: "5.4"),
        new("script.db.password.retry", "10", PropertyKind.Seconds, Since: "5.4"),
        new("script.db.password.encrypted", "false", PropertyKind.Flag, Since: "5.4"),
        new("db.port", Kind: PropertyKind.Port, Needed: Needed.Always, SameEverywhere: true),
        new("db.database", Needed: Needed.Always),
        new("db.service.owner", Needed: Needed.DataNode),
        new("db.service.name"),
        new("db.bin", Needed: Needed.DataNode),
        new("db.data.dir", Needed: Needed.DataNode),
        new("db.config.dir"),
        new("jdbc.sslmode", "disable"),
        new("jdbc.properties"),
        new("user.email", SameEverywhere: true),
        new("from.email", "efm@localhost"),
        new("notification.level", "INFO"),
        new("notification.text.prefix"),
        new("script.notification"),
        new("bind.address", Needed: Needed.Always),
        new("external.address"),
        new("admin.port", "7809", PropertyKind.Port),
        new("primary.health.check.port", Kind: PropertyKind.Port, Since: "5.4"),
        new("is.witness", Kind: PropertyKind.Flag, Needed: Needed.Always),
        new("local.period", "10", PropertyKind.Seconds),
        new("local.timeout", "60", PropertyKind.Seconds),
        new("local.timeout.final", "10", PropertyKind.Seconds),
        new("remote.timeout", "10", PropertyKind.Seconds),
        new("node.timeout", "50", PropertyKind.Seconds, SameEverywhere: true),
        new("encrypt.agent.messages", "false", PropertyKind.Flag, SameEverywhere: true),
        new("enable.stop.cluster", "true", PropertyKind.Flag, SameEverywhere: true),
        new("stop.isolated.primary", "true", PropertyKind.Flag),
        new("stop.failed.primary", "true", PropertyKind.Flag),
        new("primary.shutdown.as.failure", "false", PropertyKind.Flag, SameEverywhere: true),
        new("update.physical.slots.period", "0", PropertyKind.Seconds),
        new("ping.server.ip", "8.8.8.8"),
        new("ping.server.command", "/bin/ping -q -c3 -w5"),
        new("auto.allow.hosts", "false", PropertyKind.Flag),
        new("stable.nodes.file", "false", PropertyKind.Flag),
        new("db.reuse.connection.count", "0", PropertyKind.Seconds),
        new("auto.failover", "true", PropertyKind.Flag, SameEverywhere: true),
        new("auto.reconfigure", "true", PropertyKind.Flag),
        new("auto.rewind", "false", PropertyKind.Flag),
        new("auto.basebackup", "false", PropertyKind.Flag, Since: "5.2"),
        new("promotable", "true", PropertyKind.Flag),
        new("use.replay.tiebreaker", "true", PropertyKind.Flag, SameEverywhere: true),
        new("standby.restart.delay", "0", PropertyKind.Seconds),
        new("application.name"),
        new("restore.command"),
        new("backup.wal", "false", PropertyKind.Flag),
        new("reconfigure.num.sync", "false", PropertyKind.Flag),
        new("reconfigure.num.sync.max"),
        new("reconfigure.sync.primary", "false", PropertyKind.Flag),
        new("check.num.sync.period", "30", PropertyKind.Seconds),
        new("minimum.standbys", "0", PropertyKind.Seconds, SameEverywhere: true),
        new("priority.standbys"),
        new("recovery.check.period", "1", PropertyKind.Seconds),
        new("restart.connection.timeout", "60", PropertyKind.Seconds),
        new("auto.resume.startup.period", "0", PropertyKind.Seconds),
        new("auto.resume.failure.period", "0", PropertyKind.Seconds),
        new("virtual.ip"),
        new("virtual.ip.interface"),
        new("virtual.ip.prefix"),
        new("virtual.ip.single", "true", PropertyKind.Flag, SameEverywhere: true),
        new("check.vip.before.promotion", "true", PropertyKind.Flag, SameEverywhere: true),
        new("check.vip.timeout", "60", PropertyKind.Seconds),
        new("release.vip.background", "true", PropertyKind.Flag),
        new("release.vip.pre.wait", "0", PropertyKind.Seconds),
        new("release.vip.post.wait", "0", PropertyKind.Seconds),
        new("pgpool.enable", "false", PropertyKind.Flag),
        new("pcp.user"),
        new("pcp.host"),
        new("pcp.port"),
        new("pcp.pass.file"),
        new("pgpool.bin"),
        new("script.load.balancer.attach"),
        new("script.load.balancer.detach"),
        new("detach.on.agent.failure", "false", PropertyKind.Flag),
        new("script.fence"),
        new("script.post.promotion"),
        new("script.resumed"),
        new("script.db.failure"),
        new("script.primary.isolated"),
        new("script.remote.pre.promotion"),
        new("script.remote.post.promotion"),
        new("script.custom.monitor"),
        new("custom.monitor.interval"),
        new("custom.monitor.timeout"),
        new("custom.monitor.safe.mode"),
        new("sudo.command", "sudo"),
        new("sudo.user.command", "sudo -u %u"),
        new("lock.dir", StandIn.LockDirectory),
        new("pid.dir", StandIn.RunDirectory),
        new("log.dir", StandIn.LogDirectory),
        new("syslog.host", "localhost"),
        new("syslog.port", "514"),
        new("syslog.protocol", "UDP"),
        new("syslog.facility", "LOCAL1"),
        new("file.log.enabled", "true", PropertyKind.Flag),
        new("syslog.enabled", "false", PropertyKind.Flag),
        new("jgroups.loglevel", "INFO"),
        new("efm.loglevel", "INFO"),
        new("jdbc.loglevel", "INFO"),
        new("jvm.options", "-Xmx128m"),
    ];

    /// <summary>Those of the version that runs here.</summary>
    internal static readonly IReadOnlyList<PropertyFact> All = [.. Of(StandIn.Version)];

    internal static IEnumerable<PropertyFact> Of(string version) =>
        Known.Where(p => string.CompareOrdinal(p.Since, version) <= 0);

    /// <summary>Properties that change what the real product does and that this stand-in does not act on.</summary>
    internal static readonly IReadOnlySet<string> NotActedOn = new HashSet<string>(StringComparer.Ordinal)
    {
        "update.physical.slots.period", "auto.rewind", "auto.basebackup", "reconfigure.num.sync", "reconfigure.sync.primary",
        "pgpool.enable", "script.load.balancer.attach", "script.load.balancer.detach", "script.custom.monitor", "syslog.enabled",
        "external.address",
    };
}
