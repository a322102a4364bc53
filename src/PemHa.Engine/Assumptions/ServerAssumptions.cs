using PemHa.Engine.Checks;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;

namespace PemHa.Engine.Assumptions;

/// <summary>What PemHa assumes about EDB Postgres Advanced Server.</summary>
static class ServerAssumptions
{
    /// <summary>The newest major version that PemHa knows.</summary>
    const int Newest = 18;

    static readonly string[] FromPackages = ["Install-PemEpas"];

    static readonly string[] FromReplication = ["Enable-PemReplication"];

    public static IReadOnlyList<Assumption> All { get; } =
    [
        new("server.programs", Product.Server,
            "The package installs initdb, pg_basebackup, pg_ctl, psql, and postgres or edb-postgres "
                + "in /usr/edb/asNN/bin.",
            "Postgres/ClusterInitialised.cs",
            "EDB's manual, component locations; recorded output of a setup of EPAS 17", Verdict.Proven)
        {
            Guard = new(FromPackages,
                _ => """
                    for p in initdb pg_basebackup pg_ctl psql; do [ -x "$PGBIN/$p" ] || fact missing "$p"; done
                    [ -x "$PGBIN/postgres" ] || [ -x "$PGBIN/edb-postgres" ] || fact missing postgres
                    """,
                Guard.Missing((host, program) => $"no {program} in {host.Cluster.InstallDirectory}/bin."),
                "PemHa could neither create a database nor query one.",
                "Find out where the package put its programs (rpm -ql), and report it with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("server.owner", Product.Server,
            "The package creates the operating system user that owns the database.",
            "State/Prelude.cs",
            "EDB's manual, component locations; recorded output of a setup of EPAS 17", Verdict.Proven)
        {
            Guard = new(FromPackages, _ => "getent passwd \"$PGOWNER\" >/dev/null || fact missing 1",
                Guard.Missing((host, _) => $"no user {host.Cluster.ServiceOwner}."),
                "Every file of the database would belong to the wrong user.",
                "Find out which user the package creates (rpm -q --scripts).")
            { On = Check.IsData },
        },
        new("server.unit", Product.Server,
            "The package's unit edb-as-NN sets PGDATA in an Environment line, runs as the database's owner and has "
                + "Type=notify.",
            "Postgres/DatabaseUnit.cs",
            "Recorded output and unit of EPAS 15 and 17; edb-ansible, role init_dbserver", Verdict.Proven)
        {
            Guard = new(FromPackages, host => $$"""
                U={{Sh.Quote(host.Cluster.PackageServiceName)}}
                fact lines "$(unit_text "$U" | grep -c .)"
                for k in Type User; do fact $k "$(unit_text "$U" | sed -n "s/^$k=//p" | tail -n 1)"; done
                unit_text "$U" | grep -q '^Environment="*PGDATA=' && fact pgdata 1
                """,
                (host, facts) =>
                    facts.Count("lines") == 0 ? $"no unit {host.Cluster.PackageServiceName}."
                    : !facts.Is("pgdata") ? "no line Environment=PGDATA= in the unit."
                    : facts["User"] != host.Cluster.ServiceOwner ? $"User={facts["User"]} in the unit."
                    : facts["Type"] is not ("notify" or "forking") ? $"Type={facts["Type"]} in the unit."
                    : null,
                "The service would run a database other than the one that PemHa creates, "
                    + "or count as started before it answers.",
                "Compare the unit (systemctl cat) with this assumption, and report it with Save-PemSupportBundle.")
            // Where the service has another name, a unit of the user's own has taken the place of the package's.
            { On = host => Check.IsData(host) && host.Cluster.ServiceName == host.Cluster.PackageServiceName },
        },
        new("server.setup", Product.Server,
            "edb-as-NN-setup initdb takes initdb's options from PGSETUP_INITDB_OPTIONS.",
            "Postgres/ClusterInitialised.cs",
            "EDB's manual; recorded output of a setup of EPAS 17", Verdict.Proven)
        {
            Guard = new(FromPackages, host => $$"""
                [ -f "$PGDATA/PG_VERSION" ] && exit 0
                {{Setup(host)}}
                [ -x "$S" ] || fact missing "$S"
                script "$S" && ! grep -q PGSETUP_INITDB_OPTIONS "$S" && fact ignores 1
                """,
                (_, facts) => facts.Has("missing") ? $"no program {facts["missing"]}."
                    : facts.Is("ignores") ? "a script that does not read PGSETUP_INITDB_OPTIONS." : null,
                "The database would be created with an encoding other than UTF-8, which cannot be changed later.",
                "Create the database by hand (initdb -E UTF-8), then run the step again: "
                    + "it keeps an existing database.")
            { On = Check.IsData },
        },
        new("server.setup-service", Product.Server,
            "edb-as-NN-setup initdb SERVICE creates the database in that service's PGDATA.",
            "Postgres/ClusterInitialised.cs",
            "The community's script, on which it is based, does so; nothing was found for EDB's", Verdict.Unproven)
        {
            Guard = new(FromPackages, host => $$"""
                [ -f "$PGDATA/PG_VERSION" ] && exit 0
                {{Setup(host)}}
                script "$S" && ! grep -Eq '\$\{?2|SERVICE_NAME' "$S" && fact ignores 1
                """,
                (_, facts) => facts.Is("ignores") ? "a script that reads no second argument." : null,
                "The database would be created in the package's own directory, perhaps over an existing one.",
                "Create the database by hand (initdb -E UTF-8 -D DIRECTORY as the owner), then run the step again: "
                    + "it keeps an existing database.")
            { On = host => Check.IsData(host) && host.Cluster.ServiceName != host.Cluster.PackageServiceName },
        },
        new("server.process", Product.Server,
            "The first line of postmaster.pid is the ID of a process whose name contains \"postgres\".",
            "Postgres/ServerFacts.cs",
            "Recorded systemctl status of EPAS 17 (edb-postgres)", Verdict.Proven)
        {
            Guard = new(FromReplication, _ => """
                { read -r P < "$PGDATA/postmaster.pid"; } 2>/dev/null && [ -d "/proc/$P" ] || exit 0
                case "$(systemctl show -p MainPID --value "$PGSERVICE" 2>/dev/null)" in "$P") ;; *) exit 0 ;; esac
                case "$(cat "/proc/$P/comm" 2>/dev/null)" in
                    *postgres*) ;;
                    *) fact comm "$(cat "/proc/$P/comm")" ;;
                esac
                """,
                (_, facts) => facts.Has("comm") ? $"a process named '{facts["comm"]}'." : null,
                "A running server would count as stopped.",
                "Report the name with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("server.socket", Product.Server,
            "Lines 4 and 5 of postmaster.pid are the port and the directory of the server's socket.",
            "State/Prelude.cs",
            "PostgreSQL's source (pidfile.h); recorded settings of EPAS 14 and 15", Verdict.Proven)
        {
            Guard = new(FromReplication, _ => """
                up || exit 0
                { read -r _x; read -r _x; read -r _x; read -r N; read -r D; } 2>/dev/null < "$PGDATA/postmaster.pid"
                [ -S "$D/.s.PGSQL.$N" ] || fact socket "$D/.s.PGSQL.$N"
                """,
                (_, facts) => facts.Has("socket") ? $"no socket {facts["socket"]}." : null,
                "No statement would reach the server.",
                "Check unix_socket_directories in the server's configuration.")
            { On = Check.IsData },
        },
        new("server.port", Product.Server,
            "The package's setup writes port = 5444.",
            "Procedure/SectionA.cs",
            "EDB's manual; recorded configuration of EPAS 14 and 15", Verdict.Proven)
        {
            Guard = new(FromReplication, _ => """
                up || exit 0
                fact port "$(sed -n 4p "$PGDATA/postmaster.pid")"
                """,
                (host, facts) => facts.Has("port") && facts.Count("port") != host.Cluster.Port
                    ? $"a server that listens on port {facts["port"]}, while {host.Cluster.Port} is described." : null,
                "HBA rules, agents and the firewall would be set up for a port on which nothing listens.",
                "Describe the port that the server uses: New-PemCluster -Port.")
            { On = Check.IsData },
        },
        new("server.peer", Product.Server,
            "The database's owner can log in over the local socket without a password.",
            "State/Prelude.cs",
            "Recorded session of EPAS 17, right after initdb", Verdict.Proven)
        {
            Guard = new(FromReplication, _ => """
                up || exit 0
                # only a refused login counts: a server that is busy or warns about a collation has let us in
                S=$(echo 'SELECT 1' | sql postgres -w 2>"$T/peer") || :
                [ "$S" != 1 ] || exit 0
                grep -Eqi 'authentication|pg_hba|no password supplied|role .* does not exist' "$T/peer" &&
                    fact64 said < "$T/peer"
                """,
                (_, facts) => facts["said"].Trim() is { Length: > 0 } said ? $"this answer: {said}" : null,
                "No step could query or change the database.",
                "Put a line 'local all OWNER peer', with the owner's name, first in pg_hba.conf, and reload.")
            { On = Check.IsData },
        },
        new("server.database", Product.Server,
            "The database that EFM connects to exists; EPAS's initdb creates edb.",
            "Procedure/SectionC.cs",
            "EDB's manual; recorded settings of EPAS 14 and 15", Verdict.Proven)
        {
            Guard = new(["New-PemEfmCluster"], host => $$"""
                up || exit 0
                S=$(echo {{Sh.Quote(CountOfDatabase(host))}} | sql postgres 2>/dev/null) || exit 0
                fact databases "$S"
                """,
                (host, facts) => facts["databases"] == "0" ? $"no database {host.Cluster.Database}." : null,
                "EFM's agents could not connect and would shut down.",
                "Describe a database that exists: New-PemCluster -Database.")
            { On = Check.IsData },
        },
        new("server.home", Product.Server,
            "The owner's home directory exists, and libpq reads .pgpass in it.",
            "Procedure/SectionB.cs",
            "EDB's manual; PostgreSQL's manual, The Password File", Verdict.Proven)
        {
            Guard = new(["Set-PemPassFile"], _ => """
                H=$(getent passwd "$PGOWNER" | cut -d: -f6); [ -d "$H" ] || fact home "${H:-none}"
                """,
                (_, facts) => facts.Has("home") ? $"the home directory '{facts["home"]}', which does not exist." : null,
                "Standbys could not log in to their primary.",
                "Create the directory with mode 0700, owned by that user.")
            { On = Check.IsData },
        },
        new("server.tablespaces", Product.Server,
            "A tablespace's files are in its directory PG_MAJOR_CATALOGVERSION, as in community PostgreSQL.",
            "Postgres/Replica.cs",
            "PostgreSQL's manual, Database File Layout; nothing was found for EPAS", Verdict.Unproven)
        {
            Guard = new(["Initialize-PemReplica"], _ => """
                up || exit 0
                { sql postgres 2>/dev/null <<'SQL'
                SELECT pg_tablespace_location(t.oid), split_part(current_setting('server_version'), '.', 1),
                  c.catalog_version_no
                FROM pg_tablespace t, pg_control_system() c WHERE pg_tablespace_location(t.oid) <> '';
                SQL
                } | while IFS='|' read -r L M C; do [ -d "$L/PG_${M}_$C" ] || fact64 strange <<E
                $L: $(ls "$L" 2>/dev/null | head -n 3 | tr '\n' ' ')
                E
                done
                """,
                (_, facts) => facts["strange"].Trim() is { Length: > 0 } found ? $"{found}." : null,
                "The data on a node that is to become a standby could be taken for something else.",
                "Report the contents of the directory with Save-PemSupportBundle.")
            { On = Check.IsData },
        },
        new("server.own-objects", Product.Server,
            "Objects with an OID of 16384 or higher, except the database edb, were created by users.",
            "Postgres/Replica.cs",
            "PostgreSQL's source (FirstNormalObjectId); which OIDs EPAS's own objects have is not public",
            Verdict.Unproven)
        {
            ShownBy = "Initialize-PemReplica errs on the safe side: without -Force it refuses, names the object, "
                + "and changes nothing.",
        },
        new("server.dialect", Product.Server,
            "SQL may have the meaning that Redwood mode gives it: a quotient of integers keeps its fraction, "
                + "and NULL counts as an empty text.",
            "State/Prelude.cs",
            "EDB's manual, compatibility with Oracle; recorded postgresql.conf of EPAS 14 and 15", Verdict.Proven),
        new("server.sslutils-keys", Product.Server,
            "sslutils signs with the RSA key in ca_key.key.",
            "Certificates/SslUtilsAuthority.cs",
            "PEM's manual, SSL in highly available installations", Verdict.Proven),
        new("server.tls-files", Product.Server,
            "The server reads root.crt, server.crt and server.key, mode 0600, from the data directory; "
                + "sslutils reads ca_certificate.crt and ca_key.key.",
            "Procedure/SectionD.cs",
            "PEM's manual, SSL in highly available installations", Verdict.Proven),
        new("server.fence", Product.Server,
            "A recovery.conf in the data directory prevents the server from starting.",
            "Postgres/Replica.cs",
            "Recorded log of EPAS 16; PostgreSQL's manual", Verdict.Proven),
        new("server.version", Product.Server,
            "PemHa knows EPAS 14 to 18.",
            "Assumptions/ServerAssumptions.cs",
            "PEM's manual, supported backends", Verdict.Proven)
        {
            Guard = new(FromPackages,
                _ => "fact major \"$(\"$PGBIN/psql\" --version 2>/dev/null | "
                    + "sed -n 's/^[^0-9]*\\([0-9]*\\).*/\\1/p')\"",
                (_, facts) => facts["major"].Length is > 0 and < 4 && facts.Count("major") > Newest
                    ? $"version {facts["major"]}." : null,
                "It is newer than any version that PemHa knows.",
                "Rehearse on a test cluster first, as docs/first-run.md describes.")
            { On = Check.IsData, WarnsOnly = true },
        },
    ];

    static string CountOfDatabase(PemHost host) =>
        $"SELECT count(*) FROM pg_database WHERE datname = {SqlText.Literal(host.Cluster.Database)}";

    /// <summary>Shell that sets S to the package's setup program.</summary>
    static string Setup(PemHost host) =>
        $"S={Sh.Quote($"{host.Cluster.InstallDirectory}/bin/{host.Cluster.PackageServiceName}-setup")}";
}
