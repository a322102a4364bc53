using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>A data directory made by the vendor's setup, in UTF-8 (P4); never over an existing one.</summary>
sealed class ClusterInitialised(PemCluster cluster) : Resource
{
    public override string Name => $"database in {cluster.DataDirectory}";

    public override string Probe => """
        if [ -f "$PGDATA/PG_VERSION" ]; then fact there 1
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
        if (cluster.DataDirectory != cluster.PackageDataDirectory) setup = $"mkdir -p {Sh.Quote(cluster.DataDirectory[..cluster.DataDirectory.LastIndexOf('/')])}\n{setup}";
        return new Change("initialise", setup, setup);
    }
}
