using PemHa.Engine.Assumptions;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Section B: streaming replication.</summary>
static class SectionB
{
    /// <summary>P8, and the listen_addresses that the page leaves unsaid (T1). Units: wal_keep_size in MB.</summary>
    internal static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["listen_addresses"] = "*",
        ["wal_level"] = "replica",
        ["max_wal_senders"] = "10",
        ["wal_keep_size"] = "500",
        ["max_replication_slots"] = "10",
    };

    /// <summary>Enable-PemReplication: P7–P10, on the primary; HBA rules and settings also on the standbys that exist (T6).</summary>
    public static Step Replication(PemCluster cluster, IReadOnlyList<PemHost> hosts, PemHost primary, string user, string password) => new("Enable-PemReplication", cluster,
    [
        new Phase("products", [.. hosts.Where(h => h.Role != PemRole.Witness)],
            host => [.. Register.Guards("Enable-PemReplication", host)]),
        new Phase("role", [primary], host =>
        [
            Database.IsPrimary(host),
            new Role(SshSession.Of(host).Redactor) { RoleName = user, Attributes = ["LOGIN", "REPLICATION"], Password = password },
        ]),
        new Phase("settings and rules", [.. hosts.Where(h => h.Role != PemRole.Witness)], host =>
        {
            var settings = Common.Settings(cluster, "replication", Settings);
            var rules = Common.Rules(cluster, "replication", [.. Common.DataAddresses(cluster).Select(a => $"replication {HbaName(user)} {HbaFile.Single(a)} scram-sha-256")], afterTls: false);
            if (host == primary) return [settings, rules, new ServerLoaded(host) { After = [settings, rules], Settings = Settings }];
            // A standby that is still to be made gets all of this with its copy.
            OnceThereIsADatabase later = new(settings), too = new(rules);
            return [later, too, new OnceThereIsADatabase(new ServerLoaded(host) { Settings = Settings }) { After = [later, too] }];
        }),
    ]);

    /// <summary>Set-PemPassFile: P11.</summary>
    public static Step PassFile(PemCluster cluster, IReadOnlyList<PemHost> hosts, string user, string password) => new("Set-PemPassFile", cluster,
    [
        new Phase("products", [.. hosts.Where(h => h.Role != PemRole.Witness)],
            host => [.. Register.Guards("Set-PemPassFile", host)]),
        new Phase(".pgpass", [.. hosts.Where(h => h.Role != PemRole.Witness)], host =>
        {
            SshSession.Of(host).Redactor.Add(password, PgPass.Escape(password));
            return
            [
                new PgPass
                {
                    Path = "/var/lib/edb/.pgpass",
                    // libpq looks in the home of the database's owner
                    Where = "H=$(getent passwd \"$PGOWNER\" | cut -d: -f6); echo \"${H:-/var/lib/edb}/.pgpass\"",
                    Owner = $"{cluster.ServiceOwner}:{cluster.ServiceOwner}", Mode = "600", EnforceMode = true,
                    UserName = user, Password = password, Port = cluster.Port, Addresses = [.. cluster.DataNodes.Select(h => h.Address)],
                },
            ];
        }),
    ]);

    /// <summary>Initialize-PemReplica: P12, T4, T5.</summary>
    public static Step Replicas(PemCluster cluster, IReadOnlyList<PemHost> hosts, PemHost primary, string user, bool force)
    {
        var identity = PrimaryIdentity.Of(primary);
        return new("Initialize-PemReplica", cluster,
        [
            new Phase("primary", [primary],
                host => [.. Register.Guards("Initialize-PemReplica", host), identity.Requirement]),
            new Phase("base backup", [.. hosts.Where(h => h.Role != PemRole.Witness && h != primary)], host => [new Replica(host, identity, user, force)]),
        ]);
    }

    /// <summary>A role's or a database's name as a rule wants it: quoted when it holds more than plain characters, or would mean something else.</summary>
    internal static string HbaName(string name) =>
        name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_') && !HbaWords.Contains(name)
            ? name : "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    static readonly string[] HbaWords = ["all", "host", "replication", "sameuser", "samerole", "samegroup"];
}
