using System.Text.RegularExpressions;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>What the primary told of itself, for the hosts that are compared with it.</summary>
sealed partial class PrimaryIdentity(PemHost host)
{
    public PemHost Host => host;

    public string SystemIdentifier { get; private set; } = "";

    /// <summary>Its tablespaces outside the data directory's own folders: identifier and location.</summary>
    public IReadOnlyList<(string Oid, string Location)> Tablespaces { get; private set; } = [];

    /// <summary>The folder in each tablespace that the server's files lie in.</summary>
    public string TablespaceFolder { get; private set; } = "";

    /// <summary>Whether whoever reports to have WAL on its disk counts as a synchronous standby, whatever its name.</summary>
    public bool CountsAnybody { get; private set; }

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
            Requirement = new Requirement("running primary", $$"""
                {{running.Probe}}
                up || exit 0
                fact64 tablespaces <<E
                $({{SqlText.Run("postgres", "SELECT oid || ' ' || pg_tablespace_location(oid) FROM pg_tablespace WHERE pg_tablespace_location(oid) LIKE '/%' ORDER BY oid")}})
                E
                fact anybody "$({{SqlText.Run("postgres", "SELECT strpos(current_setting('synchronous_standby_names'), '*') > 0")}})"
                fact folder "$({{SqlText.Run("postgres", """
                    SELECT concat('PG_', div(current_setting('server_version_num')::int, 10000), '_',
                      catalog_version_no)
                    FROM pg_control_system()
                    """)}})"
                """, facts =>
            {
                // All of it goes into commands on the standbys.
                var spaces = ManagedFile.Plain(facts["tablespaces"]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
                if (!Identifier().IsMatch(facts["sysid"]) || !Folder().IsMatch(facts["folder"]) || !spaces.All(l => Tablespace().IsMatch(l)))
                    throw new PemException("AnswerUnfit", Trouble.InvalidResult, "What the primary tells of its identifier and its tablespaces makes no sense.",
                        "Look at the host: its shell, psql or database says what it should not.");
                identity.SystemIdentifier = facts["sysid"];
                identity.TablespaceFolder = facts["folder"];
                identity.CountsAnybody = facts.Is("anybody");
                identity.Tablespaces = [.. spaces.Select(l => l.Split(' ', 2)).Select(w => (w[0], w[1]))];
                running.Compare(facts, false);
                return null;
            }),
        };
        return identity;
    }

    [GeneratedRegex(@"^[0-9]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^(PG_[0-9]+_[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Folder();

    /// <summary>Identifier and location, in a file system's bytes.</summary>
    [GeneratedRegex(@"^[0-9]+ /[^\x00-\x1f]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tablespace();
}

/// <summary>
/// A standby that streams from the primary (P12). Made beside the old data directory, which is renamed aside and removed only
/// after the new standby streams; refuses when what is there is not proven to be disposable (T4), and keeps that where it is told to go on.
/// </summary>
/// <remarks>Links stay: one that is the data directory, one that is <c>pg_wal</c>, and those to tablespaces; what is moved aside stays whole.</remarks>
sealed class Replica(PemHost host, PrimaryIdentity primary, string userName, bool force) : Resource
{
    public override string Name => $"standby in {host.Cluster.DataDirectory}";

    /// <summary>T5: how far the base backup is, as the primary sees it.</summary>
    public override (PemHost Host, string Script)? Watch => (primary.Host, SqlText.Run("postgres", $"""
        SELECT trunc(coalesce(100.0 * b.backup_streamed / nullif(b.backup_total, 0), 0)) || chr(9) || b.phase || ', '
          || pg_size_pretty(b.backup_streamed)
        FROM pg_stat_progress_basebackup b JOIN pg_stat_activity a USING (pid) WHERE host(a.client_addr) = {SqlText.Literal(host.Address)} LIMIT 1
        """));

    public override string Probe => $$"""
        mountpoint -q "$PGDATA" && fact mounted 1
        if [ -f "$PGDATA/PG_VERSION" ]; then
            fact there cluster
            fact data.sysid "$(as_owner "$PGBIN/pg_controldata" -D "$PGDATA" | sed -n 's/^Database system identifier: *//p')"
            [ -f "$PGDATA/standby.signal" ] && fact standby 1
            [ -f "$PGDATA/recovery.conf" ] && fact fenced 1
        elif [ -n "$(ls -A "$PGDATA/" 2>/dev/null)" ]; then fact there strange; fi
        fact enabled "$(systemctl is-enabled "$PGSERVICE" 2>/dev/null)"
        if up; then fact user "$({{SqlText.Run("postgres", @"SELECT substring(current_setting('primary_conninfo') FROM '(?:^|\s)user\s*=\s*(\S+)')")}})"; fi
        D=$(readlink -m "$PGDATA")
        [ -z "$(ls -d "$D".pemha-old-* "$D".pemha-part "$D"/pg_wal/pemha-old-* "$D"/pg_tblspc/*/pemha-old-* 2>/dev/null)" ] || fact leftovers 1
        fact kept "$(ls -d "$D".pemha-kept-* 2>/dev/null | tr '\n' ' ')"
        server
        # only a database of its own can hold something that is nowhere else
        grep -q 'recovery.=false' "$T/server" || exit 0
        {{Contents}}
        # an answer that says nothing is one; no answer is told from it
        O=$(own) && fact64 own <<E
        $O
        E
        for d in postgres edb template1; do objects $d 2>/dev/null | fact64 "objects.$d"; done
        """;

    /// <summary>
    /// Shell functions: which objects of a server were created by users, and how many tables and large objects one of
    /// its databases has, with the names of the first ones. Objects are distinguished by their OIDs: initdb's are below
    /// 16384 in PostgreSQL. If the vendor's initdb exceeds that, a fresh database is refused, and the names show the
    /// user that it is fresh (B18).
    /// </summary>
    static string Contents => $$"""
        own() {
            {{SqlText.Run("postgres", """
                SELECT coalesce(string_agg(what, ', '), '') FROM (
                  SELECT 'database ' || datname AS what FROM pg_database WHERE oid >= 16384 AND datname <> 'edb' UNION ALL
                  SELECT 'role ' || rolname FROM pg_authid WHERE oid >= 16384 UNION ALL
                  SELECT 'tablespace ' || spcname FROM pg_tablespace WHERE oid >= 16384) w
                """)}}
        }
        objects() {
            printf '%s\n' {{Sh.Quote("""
                WITH o AS (
                  SELECT oid, concat('large object ', oid) AS what FROM pg_largeobject_metadata UNION ALL
                  SELECT c.oid, concat(quote_ident(nspname), '.', quote_ident(relname))
                    FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid >= 16384)
                SELECT concat(count(*), ' ', string_agg(what, ', ' ORDER BY oid) FILTER (WHERE nth <= 3))
                FROM (SELECT oid, what, row_number() OVER (ORDER BY oid) AS nth FROM o) f
                """)}} | sql "$1"
        }
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (facts["there"] == "cluster" && facts["data.sysid"] == primary.SystemIdentifier && facts.Is("standby") && !facts.Is("fenced"))
        {
            if (facts.Is("up") && Streams(facts["receiver"]) && facts["enabled"] == "enabled")
                return facts.Is("leftovers") ? new Change("tidy", $"rm -r {host.Cluster.DataDirectory}.pemha-old-*", Tidy) : null;
            // A standby of this primary that is not streaming yet: started, and given the time to come.
            if (!force) return new Change("start", $"systemctl enable --now {host.Cluster.ServiceName}", Start);
        }
        var treasure = Treasure(facts);
        if (!force && treasure is not null)
            throw new PemException("DataNotDisposable", Trouble.InvalidOperation, $"{host.Cluster.DataDirectory} on {host.Name} may hold data that is nowhere else: {treasure}.",
                $"Look at it. If a standby may take its place, run Initialize-PemReplica -Force for this host; the old directory is kept as {host.Cluster.DataDirectory}.pemha-kept-TIME.");
        if (facts.Is("mounted"))
            throw new PemException("DataDirectoryNotMovable", Trouble.InvalidOperation, $"{host.Cluster.DataDirectory} on {host.Name} is a mount point; it cannot be renamed aside.",
                "Let the data directory be a plain directory below the mount point, or a symbolic link to one.");
        var command = $"pg_basebackup -h {primary.Host.Address} -p {host.Cluster.Port} -U {Sh.Quote(userName)} -Fp -X stream -R --checkpoint=fast{Slot}";
        if (facts["there"].Length > 0)
            command += treasure is null ? $"\nmv {host.Cluster.DataDirectory} aside until the new standby streams" : $"\nmv {host.Cluster.DataDirectory} {host.Cluster.DataDirectory}.pemha-kept-TIME, where it stays";
        var backup = Backup(treasure is null ? "old" : "kept");
        return new Change("create", command, backup)
        {
            // What was not there when the runbook was written is nobody's to move aside.
            Recipe = new Recipe($"""
                {(treasure is null ? Resume : "")}
                {(facts["there"].Length == 0 ? "[ -z \"$(ls -A \"$PGDATA/\" 2>/dev/null)\" ] || fail \"$PGDATA is not empty any more\"" : "")}
                {backup}
                """)
            { Interrupts = facts["there"].Length > 0 },
        };
    }

    /// <summary>A standby of somebody else's that replicates in its own way goes on so; but after a failover nobody may let it in.</summary>
    public override string? Remark(Facts facts)
    {
        var remarks = new List<string>();
        if (facts["user"] is { Length: > 0 } other && other != userName && facts.Is("standby") && facts["data.sysid"] == primary.SystemIdentifier)
            remarks.Add($"its standby replicates as {other}, not as {userName}: rules and passwords that PemHa makes are {userName}'s. Give -Replication the credential of {other}, or make the other nodes let {other} in.");
        if (facts["kept"].Trim() is { Length: > 0 } kept)
            remarks.Add($"{kept} holds what -Force replaced: look whether it has rows that are nowhere else, then remove it.");
        return remarks.Count == 0 ? null : string.Join(' ', remarks);
    }

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
        if (!facts.Has("own")) return "a database of another cluster that does not answer";
        if (facts["own"].Trim() is { Length: > 0 } own) return $"another database cluster with {own}";
        var objects = Databases.Select(d => (Name: d, Objects: facts[$"objects.{d}"].Trim()));
        var full = string.Join("; ", objects
            .Where(o => o.Objects != "0")
            .Select(o => $"{Told(o.Objects)} in {o.Name}"));
        return full.Length == 0 ? null : $"another database cluster with tables of its own ({full})";
    }

    static readonly string[] Databases = ["postgres", "edb", "template1"];

    /// <summary>A number and the first names, as <c>objects</c> prints them.</summary>
    static string Told(string objects) => objects.Split(' ', 2) is [var count, var names] ? $"{count}: {names}"
        : objects.Length > 0 ? objects
        : "an unknown number";

    // -d carries what has no option of its own; the password comes from .pgpass (P11). T5: --checkpoint=fast.
    // The copying goes by no standby's name: the primary would count it as one that has the rows (synchronous_standby_names). Where every name
    // counts, it goes without a slot: only with one does it report what it has on its disk. Then wal_keep_size has to last (P8).
    string Backup(string how) => $$"""
        D=$(readlink -m "$PGDATA"); P=$D.pemha-part; K=pemha-{{how}}-$(date -u +%Y%m%dT%H%M%SZ); W=
        # asked again: time has passed since the look, and a question may have waited for its answer
        primary() { up && [ "$(echo 'SELECT NOT pg_is_in_recovery(){{Ours}} FROM pg_control_system()' | sql postgres)" = t ]; }
        if primary; then fail "this host is the primary now"; fi
        folder() { install -d -m 700 -o "$PGOWNER" -g "$PGOWNER" "$@"; }
        # where a link leads, although an earlier run has moved aside what lay there
        target() { readlink -m "$1" | sed 's,/pemha-\(old\|kept\)-[^/]*$,,'; }
        # identifier and location of each tablespace; its files lie in a folder of the server's own, so that it may be a mount point or a link
        spaces() { {{Spaces}}; }
        {{(how == "kept" ? "" : $$"""
            L=$(for l in "$D"/pg_tblspc/* "$D".pemha-old-*/pg_tblspc/*; do target "$l"; done)
            spaces | while read -r _oid _at; do
                if [ -e "$_at/{{primary.TablespaceFolder}}" ] && ! printf '%s\n' "$L" | grep -qxF "$(readlink -m "$_at")"; then
                    fail "the tablespace $_at holds files of a database that is not in $PGDATA: look at them, and move $_at/{{primary.TablespaceFolder}} away"
                fi
            done
            """)}}
        if [ -L "$D/pg_wal" ]; then W=$(target "$D/pg_wal"); [ -d "$W" ] || W=; fi
        [ -d "$(dirname "$D")" ] || install -d -m 755 -o "$PGOWNER" -g "$PGOWNER" "$(dirname "$D")"
        rm -rf "$P" ${W:+"$W/pemha-part"}
        folder "$P" ${W:+"$W/pemha-part"}
        spaces | while read -r _oid _at; do
            case $_at in "$PGDATA"/*) continue ;; esac
            [ -d "$_at" ] || folder "$_at"
            rm -rf "$_at/pemha-part"; folder "$_at/pemha-part"
        done
        as_owner "$PGBIN/pg_basebackup" -d {{Sh.Quote($"host={primary.Host.Address} port={host.Cluster.Port} user={Conninfo.Quote(userName)} sslmode=prefer {Patience}")}} \
            -D "$P" -Fp -X stream -R --checkpoint=fast{{Slot}} -w ${W:+--waldir="$W/pemha-part"}{{Mappings}}
        as_owner sed -i {{Sh.Quote($"$s/^primary_conninfo = '/&{ApplicationName} /")}} "$P/postgresql.auto.conf"
        if primary; then fail "this host became the primary meanwhile"; fi
        {{(how == "kept" ? "" : $$"""
            {{Contents}}
            if [ -f "$D/PG_VERSION" ]; then
                O=$(own) || fail "the database in $PGDATA does not answer any more: run the step again"
                for d in postgres edb template1; do
                    N=$(objects $d) || N=
                    [ "${N% }" = 0 ] || O="${O:+$O, }tables in $d (${N:-no answer})"
                done
                [ -z "$O" ] || fail "the database in $PGDATA has something of its own since it was looked at: $O"
            fi
            """)}}
        systemctl stop "$PGSERVICE"
        if up; then fail "a server that is not the service $PGSERVICE runs in $PGDATA"; fi
        # what is moved aside is linked to from there, so that it stays a whole database
        spaces | while read -r _oid _at; do
            ln -sfn "$_at" "$P/pg_tblspc/$_oid"
            for v in "$_at"/pemha-part/*; do
                [ -d "$v" ] || continue
                n=$_at/${v##*/}
                if [ -e "$n" ]; then
                    folder "$_at/$K"; mv -T "$n" "$_at/$K/${v##*/}"
                    for l in "$D"/pg_tblspc/*; do
                        if [ -L "$l" ] && [ "$(readlink -m "$l")" = "$(readlink -m "$_at")" ]; then ln -sfn "$_at/$K" "$l"; fi
                    done
                fi
                mv -T "$v" "$n"
            done
            rm -rf "$_at/pemha-part"
        done
        if [ -n "$W" ]; then
            folder "$W/$K"
            find "$W" -mindepth 1 -maxdepth 1 '(' -name '[0-9A-F][0-9A-F]*' -o -name archive_status -o -name summaries ')' -exec mv -t "$W/$K" {} +
            if [ "$(readlink -m "$D/pg_wal")" = "$W" ]; then ln -sfn "$W/$K" "$D/pg_wal"; fi
            find "$W/pemha-part" -mindepth 1 -maxdepth 1 -exec mv -t "$W" {} +
            rmdir "$W/pemha-part"; ln -sfn "$W" "$P/pg_wal"
        fi
        if [ -d "$D" ]; then mv -T "$D" "$D.$K"; fi
        mv -T "$P" "$D"
        sync "$(dirname "$D")"
        command -v restorecon >/dev/null && restorecon -R "$D" || :
        {{Start}}
        """;

    string Slot => primary.CountsAnybody ? " --no-slot" : "";

    /// <summary>
    /// A primary behind a firewall that drops packets, or one that is gone, is an error within half a minute, and not never; the standby has
    /// the same. A walreceiver does not heed connect_timeout, and would try one and the same connection for two minutes.
    /// </summary>
    const string Patience = "connect_timeout=15 tcp_user_timeout=15000 keepalives_idle=10 keepalives_interval=5 keepalives_count=3";

    string Spaces => primary.Tablespaces.Count == 0 ? ":" : "printf '%s\\n' " + Sh.Join([.. primary.Tablespaces.Select(t => $"{t.Oid} {t.Location}")]);

    /// <summary>Where the copies of tablespaces go at first: beside the files that may be there.</summary>
    string Mappings => string.Concat(primary.Tablespaces.Select(t =>
    {
        var from = t.Location.Replace("=", "\\=", StringComparison.Ordinal);
        var inside = t.Location.StartsWith(host.Cluster.DataDirectory + "/", StringComparison.Ordinal);
        return $" \\\n    -T {Sh.Quote(from)}=" + (inside ? $"\"$P\"{Sh.Quote(from[host.Cluster.DataDirectory.Replace("=", "\\=", StringComparison.Ordinal).Length..])}" : Sh.Quote(from + "/pemha-part"));
    }));

    /// <summary>How the standby names itself, as a connection string in a setting holds it; the text is for sed.</summary>
    string ApplicationName
    {
        get
        {
            var text = $"application_name='{host.Name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
            var setting = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
            return setting.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal).Replace("&", "\\&", StringComparison.Ordinal);
        }
    }

    /// <summary>Unknown while there is no primary yet (a preview).</summary>
    string Ours => primary.SystemIdentifier.Length == 0 ? "" : $" AND system_identifier = {primary.SystemIdentifier}";

    string Start => $$"""
        systemctl -q enable "$PGSERVICE"; timeout 600 systemctl start "$PGSERVICE"
        streaming() { [ "$({{SqlText.Run("postgres", $"SELECT status = 'streaming' AND sender_host NOT IN ({string.Join(", ", Others.Select(SqlText.Literal))}) FROM pg_stat_wal_receiver")}})" = t ]; }
        wait_for 60 streaming || fail "the standby does not stream from {{primary.Host.Address}}: $(tail -n 3 "$PGDATA"/log/*.log 2>/dev/null | tail -n 3)"
        {{Tidy}}
        """;

    /// <summary>For the runbook that is run again after the copy was made: nothing that is thrown away without a question was a standby.</summary>
    string Resume => $"""
        if [ -f "$PGDATA/standby.signal" ]; then
        {Start}
        exit 0; fi
        """;

    const string Tidy = """
        D=$(readlink -m "$PGDATA")
        for d in "$D". "$D"/pg_wal/ "$D"/pg_tblspc/*/; do rm -rf "$d"pemha-old-* "$d"pemha-part; done
        """;
}
