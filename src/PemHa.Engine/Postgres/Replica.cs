using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>What the primary told of itself, for the hosts that are compared with it.</summary>
sealed class PrimaryIdentity(PemHost host)
{
    public PemHost Host => host;

    public string SystemIdentifier { get; private set; } = "";

    /// <summary>The requirement that fills this in.</summary>
    public Requirement Requirement { get; private init; } = null!;

    /// <param name="identifier">Its system identifier, where that is known already.</param>
    public static PrimaryIdentity Of(PemHost host, string? identifier = null)
    {
        var running = Database.IsPrimary(host);
        PrimaryIdentity identity = null!;
        identity = new PrimaryIdentity(host)
        {
            SystemIdentifier = identifier ?? "",
            Requirement = new Requirement("running primary", running.Probe, facts =>
            {
                identity.SystemIdentifier = facts["sysid"];
                running.Compare(facts, false);
                return null;
            }),
        };
        return identity;
    }
}

/// <summary>
/// A standby that streams from the primary (P12). Made beside the old data directory, which is renamed aside and removed only
/// after the new standby streams; refuses when what is there is not proven to be disposable (T4).
/// </summary>
sealed class Replica(PemHost host, PrimaryIdentity primary, string userName, bool force) : Resource
{
    public override string Name => $"standby in {host.Cluster.DataDirectory}";

    /// <summary>T5: how far the base backup is, as the primary sees it.</summary>
    public override (PemHost Host, string Script)? Watch => (primary.Host, SqlText.Run("postgres", $"""
        SELECT coalesce(100 * b.backup_streamed / nullif(b.backup_total, 0), 0) || chr(9) || b.phase || ', ' || pg_size_pretty(b.backup_streamed)
        FROM pg_stat_progress_basebackup b JOIN pg_stat_activity a USING (pid) WHERE host(a.client_addr) = {SqlText.Literal(host.Address)} LIMIT 1
        """));

    public override string Probe => $$"""
        fact sort "$(test -L "$PGDATA" && echo a symbolic link; mountpoint -q "$PGDATA" && echo a mount point)"
        if [ -f "$PGDATA/PG_VERSION" ]; then
            fact there cluster
            fact data.sysid "$(as_owner "$PGBIN/pg_controldata" -D "$PGDATA" | sed -n 's/^Database system identifier: *//p')"
            [ -f "$PGDATA/standby.signal" ] && fact standby 1
            [ -f "$PGDATA/recovery.conf" ] && fact fenced 1
        elif [ -n "$(ls -A "$PGDATA" 2>/dev/null)" ]; then fact there strange; fi
        fact enabled "$(systemctl is-enabled "$PGSERVICE" 2>/dev/null)"
        if up; then fact user "$({{SqlText.Run("postgres", @"SELECT substring(current_setting('primary_conninfo') FROM '(?:^|\s)user\s*=\s*(\S+)')")}})"; fi
        ls -d "$PGDATA".pemha-* >/dev/null 2>&1 && fact leftovers 1
        server
        # only a database of its own can hold something that is nowhere else
        grep -q 'recovery.=false' "$T/server" || exit 0
        {{SqlText.Run("postgres", """
            SELECT 'own' || chr(9) || '=' || string_agg(what, ', ') FROM (
              SELECT 'database ' || datname AS what FROM pg_database WHERE oid >= 16384 AND datname <> 'edb' UNION ALL
              SELECT 'role ' || rolname FROM pg_authid WHERE oid >= 16384) w HAVING count(*) > 0
            """)}}
        for d in postgres edb template1; do
            fact "objects.$d" "$(echo 'SELECT count(*) FROM pg_class WHERE oid >= 16384' | sql $d 2>/dev/null)"
        done
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (facts["there"] == "cluster" && facts["data.sysid"] == primary.SystemIdentifier && facts.Is("standby") && !facts.Is("fenced"))
        {
            if (facts.Is("up") && Streams(facts["receiver"]) && facts["enabled"] == "enabled")
                return facts.Is("leftovers") ? new Change("tidy", $"rm -r {host.Cluster.DataDirectory}.pemha-*", "rm -rf \"$PGDATA\".pemha-*") : null;
            // A standby of this primary that is not streaming yet: started, and given the time to come.
            if (!force) return new Change("start", $"systemctl enable --now {host.Cluster.ServiceName}", Start);
        }
        if (!force && Treasure(facts) is { } treasure)
            throw new PemException("DataNotDisposable", Trouble.InvalidOperation, $"{host.Cluster.DataDirectory} on {host.Name} may hold data that is nowhere else: {treasure}.",
                "Look at it. If it may go, run Initialize-PemReplica -Force for this host; the old directory is kept aside until the new standby streams.");
        if (facts["sort"].Length > 0)
            throw new PemException("DataDirectoryNotMovable", Trouble.InvalidOperation, $"{host.Cluster.DataDirectory} on {host.Name} is {facts["sort"]}; it cannot be renamed aside.",
                "Let the data directory be a plain directory below the mount point.");
        var command = $"pg_basebackup -h {primary.Host.Address} -p {host.Cluster.Port} -U {userName} -Fp -X stream -R --checkpoint=fast";
        return new Change("create", facts["there"].Length == 0 ? command : $"{command}\nmv {host.Cluster.DataDirectory} aside until the new standby streams", Backup)
        {
            // What was not there when the runbook was written is nobody's to move aside.
            Recipe = new Recipe(facts["there"].Length == 0 ? "[ -z \"$(ls -A \"$PGDATA\" 2>/dev/null)\" ] || fail \"$PGDATA is not empty any more\"\n" + Backup : Backup) { Interrupts = facts["there"].Length > 0 },
        };
    }

    /// <summary>A standby of somebody else's that replicates in its own way goes on so; but after a failover nobody may let it in.</summary>
    public override string? Remark(Facts facts) => facts["user"] is { Length: > 0 } other && other != userName && facts.Is("standby") && facts["data.sysid"] == primary.SystemIdentifier
        ? $"its standby replicates as {other}, not as {userName}: rules and passwords that PemHa makes are {userName}'s. Give -Replication the credential of {other}, or make the other nodes let {other} in." : null;

    /// <summary>Whether a standby streams, and from no other node of the cluster: one that somebody else made may know the primary by a name.</summary>
    bool Streams(string receiver) => receiver.StartsWith("streaming ", StringComparison.Ordinal) && !Others.Contains(receiver["streaming ".Length..]);

    IEnumerable<string> Others => host.Cluster.DataNodes.Where(h => h != primary.Host).SelectMany(h => new[] { h.Address, h.Name, h.DnsName, h.HostName }).OfType<string>();

    /// <summary>Why what is there cannot be thrown away; null when it is proven that it can.</summary>
    string? Treasure(Facts facts)
    {
        if (facts["there"].Length == 0) return null;
        if (facts["there"] != "cluster") return "files, but no database";
        var ours = facts["data.sysid"] == primary.SystemIdentifier;
        if (ours && facts.Is("fenced")) return "it was a primary of this cluster that EFM fenced with recovery.conf";
        if (ours) return "it was a primary of this cluster and may hold rows that were never sent";
        if (!facts.Is("up")) return "a database of another cluster, stopped, so that nobody can tell what is in it";
        if (facts["recovery"] == "true") return "a standby of another cluster";
        // Systemd says that it runs, but it refused the questions: nothing is proven.
        if (facts["recovery"] != "false") return "a database of another cluster that does not answer";
        if (facts.Has("own")) return $"another database cluster with {facts["own"]}";
        return new[] { "postgres", "edb", "template1" }.All(d => facts[$"objects.{d}"] == "0") ? null : "another database cluster with tables of its own";
    }

    // -d carries what has no option of its own; the password comes from .pgpass (P11). T5: --checkpoint=fast.
    string Backup => $$"""
        P=$PGDATA.pemha-part; O=$PGDATA.pemha-old-$(date -u +%Y%m%dT%H%M%SZ)
        # asked again: time has passed since the look, and a question may have waited for its answer
        primary() { up && [ "$(echo 'SELECT NOT pg_is_in_recovery(){{Ours}} FROM pg_control_system()' | sql postgres)" = t ]; }
        if primary; then fail "this host is the primary now"; fi
        rm -rf "$P"
        install -d -m 700 -o "$PGOWNER" -g "$PGOWNER" "$(dirname "$PGDATA")" "$P"
        chmod 755 "$(dirname "$PGDATA")"
        as_owner "$PGBIN/pg_basebackup" -d {{Sh.Quote($"host={primary.Host.Address} port={host.Cluster.Port} user={userName} application_name={host.Name} sslmode=prefer")}} \
            -D "$P" -Fp -X stream -R --checkpoint=fast -w
        if primary; then fail "this host became the primary meanwhile"; fi
        systemctl stop "$PGSERVICE"
        if [ -d "$PGDATA" ]; then mv -T "$PGDATA" "$O"; fi
        mv -T "$P" "$PGDATA"
        sync "$(dirname "$PGDATA")"
        command -v restorecon >/dev/null && restorecon -R "$PGDATA" || :
        {{Start}}
        """;

    /// <summary>Unknown while there is no primary yet (a preview).</summary>
    string Ours => primary.SystemIdentifier.Length == 0 ? "" : $" AND system_identifier = {primary.SystemIdentifier}";

    string Start => $$"""
        systemctl -q enable "$PGSERVICE"; timeout 600 systemctl start "$PGSERVICE"
        streaming() { [ "$({{SqlText.Run("postgres", $"SELECT status = 'streaming' AND sender_host NOT IN ({string.Join(", ", Others.Select(SqlText.Literal))}) FROM pg_stat_wal_receiver")}})" = t ]; }
        wait_for 60 streaming || fail "the standby does not stream from {{primary.Host.Address}}: $(tail -n 3 "$PGDATA"/log/*.log 2>/dev/null | tail -n 3)"
        rm -rf "$PGDATA".pemha-*
        """;
}
