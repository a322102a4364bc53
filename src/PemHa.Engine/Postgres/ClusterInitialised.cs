using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>
/// A data directory made by the vendor's setup, in UTF-8 (P4); never over an existing one. A setup that was cut leaves what looks like a
/// database: initdb writes PG_VERSION first. A mark beside the directory tells, which goes when all is on the disk.
/// </summary>
sealed class ClusterInitialised(PemCluster cluster) : Resource
{
    public override string Name => $"database in {cluster.DataDirectory}";

    /// <summary>Whether a setup was cut: no server has ever run on what it left, and it is nobody's copy, so that nothing of anybody's is in it.</summary>
    const string Cut = """
        cut_short() {
            [ -e "$PGDATA.pemha-initdb" ] || return 1
            for f in postmaster.opts backup_label standby.signal recovery.signal recovery.conf; do [ ! -e "$PGDATA/$f" ] || return 1; done
        }
        """;

    /// <summary>
    /// No public document shows that the vendor's setup accepts a service's name (row 60). If it leaves an incomplete
    /// database, the next run removes that one. If it leaves nothing, the mark is removed, so that a database that the
    /// administrator then creates is kept.
    /// </summary>
    string ByHand => $"""
        {"{"}
            [ -e "$PGDATA/PG_VERSION" ] || rm -f "$M"
            fail {Sh.Quote(ByHandMessage)}
        {"}"}
        """;

    string ByHandMessage =>
        $"{cluster.PackageServiceName}-setup did not create a database for the service {cluster.ServiceName}. "
        + "PostgreSQL's own packages document that their setup script takes a service's name; "
        + "the vendor's documentation does not. By hand, as root: "
        + $"install -d -o {cluster.ServiceOwner} -g {cluster.ServiceOwner} -m 700 {cluster.DataDirectory}; "
        + $"runuser -u {cluster.ServiceOwner} -- "
        + $"{cluster.InstallDirectory}/bin/initdb -D {cluster.DataDirectory} -E UTF-8; "
        + $"set port = {cluster.Port} and unix_socket_directories = '/tmp' in its postgresql.conf; "
        + $"systemctl start {cluster.ServiceName}; then run the step again.";

    public override string Probe => $"""
        {Cut}
        if cut_short; then fact cut 1
        elif [ -f "$PGDATA/PG_VERSION" ]; then fact there 1
        elif [ -n "$(ls -A "$PGDATA" 2>/dev/null)" ]; then fact strange 1; fi
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (facts.Is("there")) return null;
        if (facts.Is("strange"))
            throw new PemException("DataDirectoryNotEmpty", Trouble.InvalidOperation, $"{cluster.DataDirectory} holds files, but no database.",
                "Look at them and move them away; PemHa does not initialise over anything.");
        var setup = $"PGSETUP_INITDB_OPTIONS='-E UTF-8' {cluster.InstallDirectory}/bin/{cluster.PackageServiceName}-setup initdb"
            + (cluster.ServiceName == cluster.PackageServiceName ? "" : $" {cluster.ServiceName}");
        // The setup makes the directory, not those above it.
        var above = cluster.DataDirectory == cluster.PackageDataDirectory ? "" : $"mkdir -p {Sh.Quote(cluster.DataDirectory[..cluster.DataDirectory.LastIndexOf('/')])}\n";
        var left = facts.Is("cut") ? $"find {Sh.Quote(cluster.DataDirectory + "/")} -mindepth 1 -delete   # what a setup that was cut has left\n" : "";
        return new Change("initialise", left + above + setup, $"""
            {Cut}
            M=$PGDATA.pemha-initdb
            if cut_short; then find "$PGDATA/" -mindepth 1 -delete 2>/dev/null || [ ! -d "$PGDATA" ] || fail "what a setup that was cut has left in $PGDATA cannot be removed"
            elif [ -f "$PGDATA/PG_VERSION" ]; then exit 0; fi
            {above}: > "$M"; sync "$M" "$(dirname "$M")"
            {setup}{(cluster.ServiceName == cluster.PackageServiceName ? "" : $" || {ByHand}")}
            # initdb has synced its own files, and the setup has edited some of them since
            sync "$PGDATA" "$PGDATA"/*; rm "$M"; sync "$(dirname "$M")"
            """);
    }
}
