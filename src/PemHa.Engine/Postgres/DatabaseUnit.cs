using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>
/// The database server's unit uses the data directory that was described (P4): a service or a directory that is not the
/// package's gets a unit of its own under /etc/systemd/system, as PostgreSQL's packages document it. A unit whose
/// directory holds a database is left alone.
/// </summary>
/// <remarks>
/// Where the package's unit names a PIDFile, that moves too: systemd removes the file once a service has stopped, and a
/// server that does not find its own, for which it looks every minute, shuts down at once. A stop of ours would end the
/// package's database (B2).
/// </remarks>
sealed class DatabaseUnit(PemCluster cluster) : Resource
{
    string Unit => $"/etc/systemd/system/{cluster.ServiceName}.service";

    string PidFile => $"{cluster.DataDirectory}/postmaster.pid";

    string DropIn => $"{Unit}.d/pemha-data.conf";

    bool IsOwn => cluster.ServiceName != cluster.PackageServiceName;

    public override string Name => $"unit {cluster.ServiceName}";

    public override string Probe => $$"""
        fact load "$(systemctl show -p LoadState --value "$PGSERVICE" 2>/dev/null)"
        D=$(systemctl show -p Environment --value "$PGSERVICE" 2>/dev/null | tr ' ' '\n' | sed -n 's/^PGDATA=//p' | tail -n 1)
        fact directory "$D"; [ -n "$D" ] && [ -f "$D/PG_VERSION" ] && fact database 1
        F=$(systemctl show -p PIDFile --value "$PGSERVICE" 2>/dev/null)
        # by another path it may be the same file: a data directory can be a link
        if [ -n "$F" ] && [ "$(readlink -m "$F")" != "$(readlink -m "$D/postmaster.pid")" ]; then fact pidfile "$F"; fi
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        var moved = facts["directory"] == cluster.DataDirectory;
        if (moved && !facts.Has("pidfile")) return null;
        if (!moved && facts.Is("database"))
            throw new PemException("DataDirectoryDiffers", Trouble.InvalidArgument,
                $"{cluster.ServiceName} has its database in {facts["directory"]}, not in {cluster.DataDirectory}.",
                $"Describe it as it is: New-PemCluster -DataDirectory {facts["directory"]}; or give -ServiceName a name of its own.");
        var missing = facts["load"] != "loaded";
        // The package, which this very step installs, brings its own.
        if (missing && !IsOwn && cluster.DataDirectory == cluster.PackageDataDirectory) return null;
        var fresh = missing && IsOwn;
        var difference = fresh ? $"{Unit}: as {cluster.PackageServiceName}, with PGDATA={cluster.DataDirectory}"
            : moved ? $"{DropIn}: PIDFile={PidFile}, not {facts["pidfile"]}, which would go whenever this service stops"
            : $"{DropIn}: Environment=PGDATA={cluster.DataDirectory}, PIDFile={PidFile}";
        var data = Sh.Quote($"PGDATA={cluster.DataDirectory}");
        return new Change(moved ? "correct" : "create", difference, fresh ? $$"""
            P=$(systemctl show -p FragmentPath --value {{Sh.Quote(cluster.PackageServiceName)}})
            [ -f "$P" ] || fail "there is no unit {{cluster.PackageServiceName}} to begin from"
            # the value may stand in quotes
            sed -e "s|^Environment=[\"']\{0,1\}PGDATA=.*|Environment=$(printf %s {{data}})|" \
                -e "s|^PIDFile=.*|PIDFile=$(printf %s {{Sh.Quote(PidFile)}})|" "$P" > {{Sh.Quote(Unit + ".new")}}
            mv {{Sh.Quote(Unit + ".new")}} {{Sh.Quote(Unit)}}
            systemctl daemon-reload
            """ : $$"""
            mkdir -p {{Sh.Quote(Unit + ".d")}}
            printf '[Service]\nEnvironment=%s\nPIDFile=%s\n' {{data}} {{Sh.Quote(PidFile)}} \
                > {{Sh.Quote(DropIn + ".new")}}
            mv {{Sh.Quote(DropIn + ".new")}} {{Sh.Quote(DropIn)}}
            systemctl daemon-reload
            """);
    }
}
