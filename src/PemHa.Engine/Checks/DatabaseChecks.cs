using System.Globalization;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Checks;

/// <summary>Disks, databases that are there already, and how a running server is set (P4, P8, P12, P14, P24–P28, T1, T4, T9, T16).</summary>
static class DatabaseChecks
{
    /// <summary>Bytes that a database needs beside its data: WAL up to max_wal_size's default, and wal_keep_size (P8).</summary>
    const long Reserve = 1536L << 20;

    public static IEnumerable<Check> All(PemCluster cluster) =>
    [
        new("primary", ["F5", "T4"], _ => ClusterView.Probe + "\n:", (_, _) => null) { On = Check.IsData, JudgeCluster = JudgePrimary },
        new("data directory", ["P4", "P12", "T4", "F6"], host => $$"""
            fact version "$(cat "$PGDATA/PG_VERSION" 2>/dev/null)"
            [ -f "$PGDATA/PG_VERSION" ] && fact database 1
            grep -qs '^# BEGIN PemHa ' "$PGDATA/pg_hba.conf" && fact ours 1
            {{Copy(host, host).Probe}}
            """, (host, sights) => JudgeDirectory(cluster, host, sights)) { On = Check.IsData },
        Check.Of("database service", ["P4"], host => new DatabaseUnit(host.Cluster), facts =>
            facts["load"] != "loaded" ? "Install-PemEpas brings it." : facts["directory"] == cluster.DataDirectory ? $"{cluster.ServiceName} uses {cluster.DataDirectory}."
            : $"{cluster.ServiceName} will use {cluster.DataDirectory}.") with { On = Check.IsData },
        new("disk", ["P4", "P12"], _ => """
            D=$PGDATA; while [ ! -d "$D" ]; do D=$(dirname "$D"); done
            fact mount "$(df -Pk "$D" | awk 'NR == 2 { print $6 }')"; fact free "$(df -Pk "$D" | awk 'NR == 2 { print $4 }')"
            [ -f "$PGDATA/PG_VERSION" ] && fact used "$(timeout 120 du -skL "$PGDATA" 2>/dev/null | cut -f1)"
            fact sysid "$(as_owner "$PGBIN/pg_controldata" -D "$PGDATA" 2>/dev/null | sed -n 's/^Database system identifier: *//p')"
            fact signal "$(ls "$PGDATA/standby.signal" 2>/dev/null)"
            """ + "\n" + ClusterView.Probe + "\n:", (host, sights) => JudgeDisk(cluster, host, sights)) { On = Check.IsData },
        new("settings", ["P8", "T1"], _ => ServerFacts.Probe, (host, sights) => JudgeSettings(host, sights[host])) { On = Check.IsData },
        new("HBA rules", ["P14", "P26", "T16"], _ => $"""
            F=$(pg_file hba_file pg_hba.conf); fact path "$F"; fact_file file "$F"
            {ServerFacts.Probe}
            """, (host, sights) => JudgeRules(cluster, host, sights[host])) { On = Check.IsData },
        new("TLS", ["P24", "P25", "T9", "T16"], _ => $$"""
            fact_file properties {{Sh.Quote($"{cluster.EfmConfigDirectory}/{cluster.Name}.properties")}}
            if up; then
                speaks_tls && fact speaks 1
                C=$PGDATA/server.crt
                if [ -f "$C" ]; then
                    fact end "$(openssl x509 -noout -enddate -in "$C" 2>/dev/null | cut -d= -f2)"
                    openssl x509 -noout -checkend 0 -in "$C" >/dev/null 2>&1 || fact expired 1
                    openssl x509 -noout -checkend 2592000 -in "$C" >/dev/null 2>&1 || fact expires 1
                fi
            fi
            {{ServerFacts.Probe}}
            """, (host, sights) => JudgeTls(sights[host])) { On = Check.IsData },
    ];

    /// <summary>The primary by the answers; null where nobody can tell, which is a verdict of its own.</summary>
    internal static PemHost? Primary(PemCluster cluster, Sights sights)
    {
        try
        {
            return ClusterView.Choose(cluster, [.. sights.Where(s => Check.IsData(s.Key)).Select(s => ClusterView.Of(s.Key, s.Value))]);
        }
        catch (PemException)
        {
            return null;
        }
    }

    static Verdict JudgePrimary(PemCluster cluster, Sights sights)
    {
        try
        {
            var primary = ClusterView.Choose(cluster, [.. sights.Select(s => ClusterView.Of(s.Key, s.Value))]);
            if (cluster.Hosts.FirstOrDefault(h => h.Role == PemRole.Primary) is { } described && described != primary && sights.TryGetValue(described, out var own) && !own.Is("database"))
                return Verdict.Warning($"{primary.Name} takes writes, and {described.Name}, which is described as the primary, has no database: the cluster would be built around {primary.Name}'s.",
                    $"If that is not wanted, stop and move away the database on {primary.Name}.");
            return Verdict.Passed(sights[primary]["recovery"] == "false" ? $"{primary.Name} takes writes."
                : sights[primary].Is("database") ? $"{primary.Name} has a database, which does not run; Install-PemEpas starts it." : $"{primary.Name} will be it; no node has a database yet.");
        }
        catch (PemException refusal)
        {
            return Verdict.Of(refusal);
        }
    }

    /// <summary>What Initialize-PemReplica would do to a host, and refuse to do (T4).</summary>
    static Replica Copy(PemHost host, PemHost primary, string? identifier = null) => new(host, PrimaryIdentity.Of(primary, identifier), "repl", force: false);

    internal static Verdict JudgeDirectory(PemCluster cluster, PemHost host, Sights sights)
    {
        var facts = sights[host];
        var wanted = cluster.PostgresVersion.ToString(CultureInfo.InvariantCulture);
        if (facts["there"] == "strange" && Check.Of(new ClusterInitialised(cluster), Facts.Of(("strange", "1"))) is { } strange) return strange;
        if (facts["version"].Length > 0 && facts["version"] != wanted)
            return Verdict.Failed($"{cluster.DataDirectory} holds a database of Postgres {facts["version"]}, not {wanted}.",
                $"Give New-PemCluster -PostgresVersion {facts["version"]}, or another -DataDirectory.");
        if (Primary(cluster, sights) is not { } primary)
            return facts["there"].Length == 0 ? Verdict.Passed("It is empty.") : Verdict.Unknown("Which node is the primary cannot be told, so neither what this database is.", "See what is said of the primary.");
        if (host == primary)
        {
            if (facts.Is("fenced"))
                return Verdict.Failed($"EFM fenced this database as a failed primary (recovery.conf in {cluster.DataDirectory}), so it does not start.",
                    "Find out which node took over, and rebuild this one as its standby: Initialize-PemReplica -Force, then `efm resume` (P22).");
            if (facts["there"].Length == 0) return Verdict.Passed("It is empty; Install-PemEpas makes a database in it.");
            if (facts.Is("standby"))
                return Verdict.Failed("This database is a standby, and no node is its primary.", $"Promote it, if it is the one to go on with: remove nothing, run pg_ctl promote, or start its primary.");
            return facts["own"].Trim().Length > 0 && !facts.Is("ours")
                ? Verdict.Warning($"It holds a database that PemHa did not make, with {facts["own"].Trim()}: it is kept, and becomes the cluster's.", "If it is not the one, describe another -DataDirectory and -ServiceName.")
                : Verdict.Passed("It holds the primary's database, which is kept.");
        }
        if (facts["there"].Length == 0) return Verdict.Passed("It is empty; Initialize-PemReplica makes the standby in it.");
        var standby = Copy(host, primary, sights[primary]["sysid"]);
        if (Check.Of(standby, facts) is { } refused) return refused;
        return standby.Compare(facts, false) switch
        {
            { Action: "start" } => Verdict.Warning(facts.Is("up") ? $"It is a standby of {primary.Name} that does not stream." : $"It is a standby of {primary.Name} that does not run.",
                "Initialize-PemReplica starts it and waits for it; look at its log if it does not come."),
            { Action: "create" } => Verdict.Passed("It holds a fresh database of its own with nothing in it; Initialize-PemReplica puts the standby in its place."),
            _ => Verdict.Passed($"It is a standby of {primary.Name} and streams."),
        };
    }

    internal static Verdict JudgeDisk(PemCluster cluster, PemHost host, Sights sights)
    {
        static long? Bytes(string kilobytes) => long.TryParse(kilobytes, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n << 10 : null;
        static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB");
        var facts = sights[host];
        if (Bytes(facts["free"]) is not { } free) return Verdict.Unknown($"The free space for {cluster.DataDirectory} could not be told.", "Run `df -h` there.");
        var primary = Primary(cluster, sights);
        // An old data directory is kept until the new standby streams, so what it holds does not count as free.
        var copy = primary is not null && primary != host && (facts["signal"].Length == 0 || facts["sysid"] != sights[primary]["sysid"]);
        var needed = (copy ? Bytes(sights[primary!]["used"]) ?? 0 : 0) + Reserve;
        var where = $"{Size(free)} are free on {facts["mount"]}";
        return free >= needed ? Verdict.Passed($"{where}.")
            : copy || facts["used"].Length == 0
                ? Verdict.Failed($"{where}; {Size(needed)} are needed{(copy && primary is not null && needed > Reserve ? $" for a copy of {primary.Name}'s database and its WAL" : " for a database and its WAL")}.",
                    $"Make room on {facts["mount"]}, or put {cluster.DataDirectory} on a larger file system.")
                : Verdict.Warning($"{where}; WAL alone may take {Size(Reserve)}.", $"Make room on {facts["mount"]}.");
    }

    /// <summary>Settings that stand where Enable-PemReplication's own lines cannot overrule them.</summary>
    internal static Verdict JudgeSettings(PemHost host, Facts facts)
    {
        if (!facts.Is("up")) return Verdict.Passed("No database runs yet; Enable-PemReplication sets what is needed.");
        if (Database.Differs(host, facts) is { } differs) return Verdict.Of(differs);
        var (fixedly, later) = (new List<string>(), new List<string>());
        foreach (var (name, wanted) in SectionB.Settings)
        {
            var (value, source) = (facts[$"setting.{name}"], facts[$"source.{name}"]);
            // A setting at its default is not told; but for listen_addresses and wal_keep_size the default will do.
            if (value.Length == 0 ? name is not ("listen_addresses" or "wal_keep_size") : SettingsFile.Satisfied(name, wanted, value)) continue;
            if (source.Contains("postgresql.auto.conf", StringComparison.Ordinal) || source is "command line" or "environment variable")
                fixedly.Add($"{name} is {value}, set by {source}");
            else later.Add($"{name} = {wanted}");
        }

        // Unknown is the default, 0. EFM empties the WAL of each other standby when that follows a new primary, which
        // has to have it (B9).
        var kept = Digits.Whole(facts["setting.wal_keep_size"]) ?? 0;
        var enough = SectionB.Settings["wal_keep_size"];
        var tooLittle = kept < int.Parse(enough, CultureInfo.InvariantCulture);
        if (fixedly.Count == 0 && facts.Count("streaming") > 1 && tooLittle)
            return Verdict.Warning(
                $"wal_keep_size is {kept} MB, and {facts["streaming"]} standbys stream: after a failover the other "
                    + "standbys may need WAL that the new primary no longer has, and would never catch up.",
                $"Run Enable-PemReplication, which sets {enough}, or set more.");
        return fixedly.Count > 0
            ? Verdict.Failed($"{string.Join("; ", fixedly)}: what postgresql.conf says does not count.", "ALTER SYSTEM RESET it, or take it out of the service's command line.")
            : Verdict.Passed(later.Count > 0 ? $"Enable-PemReplication sets {string.Join(", ", later)}." : $"It listens on {facts["setting.listen_addresses"]}, and is set for replication.");
    }

    internal static Verdict JudgeRules(PemCluster cluster, PemHost host, Facts facts)
    {
        if (!facts.Has("file.text")) return Verdict.Passed("No database is there yet.");
        // Only who is named counts here: whoever is in the file and not described any more would be locked out.
        var data = Common.DataAddresses(cluster).Select(HbaFile.Single).ToList();
        (string Block, IEnumerable<string> Addresses)[] blocks =
        [
            ("replication", data), ("efm", Common.AgentAddresses(cluster).Select(HbaFile.Single)),
            ("pem", [.. data, "127.0.0.1/32", .. cluster.MonitoredSubnet]),
        ];
        foreach (var (block, addresses) in blocks)
        {
            if (MarkedBlock.Get(facts["file.text"], block) is null) continue;
            if (Check.Of(Common.Rules(cluster, block, [.. addresses.Select(a => $"all all {a} scram-sha-256")]), facts) is { } refused) return refused;
        }
        var demanding = facts["file.text"].Split('\n').Count(l => l.TrimStart().StartsWith("hostssl", StringComparison.Ordinal));
        return facts.Is("up") && facts["ssl"] == "off" && demanding > 0
            ? Verdict.Warning($"{demanding} lines of {facts["path"]} are hostssl, and the server has no TLS: nobody gets in by them.", "Run New-PemCertificate and Set-PemSsl before whatever needs them (T16).")
            : Verdict.Passed($"{facts["path"]} locks nobody out.");
    }

    internal static Verdict JudgeTls(Facts facts)
    {
        if (!facts.Is("up")) return Verdict.Passed("No database runs yet.");
        var requires = Efm.PropertiesText.Get(facts["properties.text"], "jdbc.sslmode") is "require" or "verify-ca" or "verify-full";
        const string First = "Run New-PemCertificate and Set-PemSsl before New-PemEfmCluster, which is not the page's order (T9).";
        if (facts["ssl"].Length == 0) return Verdict.Unknown("The database did not tell.", "Look at its log.");
        if (facts["ssl"] == "off")
            return requires ? Verdict.Warning("EFM is set up to connect with TLS (jdbc.sslmode), and the database has none, so its agents cannot.", First)
                : Verdict.Passed("The database has no TLS yet; Set-PemSsl turns it on.");
        if (!facts.Is("speaks"))
            return Verdict.Failed("ssl is on in the server's configuration, but it speaks no TLS: hostssl rules let nobody in (T16).",
                "Its log says why; mostly the key's owner or mode. New-PemCertificate and Set-PemSsl mend it.");
        return facts.Is("expired") ? Verdict.Failed($"The server's certificate ended {facts["end"]}.", "Run New-PemCertificate and Set-PemSsl, with new files where they are yours.")
            : facts.Is("expires") ? Verdict.Warning($"The server's certificate ends {facts["end"]}.", "New-PemCertificate renews it, with new files where they are yours.")
            : Verdict.Passed(facts["end"].Length > 0 ? $"It speaks TLS; its certificate is good until {facts["end"]}." : "It speaks TLS.");
    }
}
