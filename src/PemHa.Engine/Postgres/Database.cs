using System.Globalization;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>What steps ask of a server before they start.</summary>
static class Database
{
    /// <summary>The error for a host on which there is no database yet.</summary>
    public static PemException Missing(string what) => new("DatabaseMissing", Trouble.ObjectNotFound, $"There is no database here yet ({what}).",
        "Run Install-PemEpas and, for a standby, Initialize-PemReplica first.");

    /// <summary>The server runs and takes writes.</summary>
    public static Requirement IsPrimary(PemHost host) => new("running primary", ServerFacts.Probe, facts =>
        !facts.Is("up") ? new PemException("DatabaseDown", Trouble.InvalidOperation, $"The database on {host.Name} does not run.",
            $"Run Install-PemEpas first, or start it: systemctl start {host.Cluster.ServiceName}.")
        : Differs(host, facts) is { } other ? other
        : facts["recovery"] != "false" ? new PemException("NotPrimary", Trouble.InvalidOperation, $"{host.Name} is a standby now, not the primary.",
            "The roles changed since the connection was made; connect again and run the step again.")
        : null);

    /// <summary>The server runs.</summary>
    public static Requirement IsUp(PemHost host) => new("running database", ServerFacts.Probe, facts =>
        facts.Is("up") ? Differs(host, facts) : new PemException("DatabaseDown", Trouble.InvalidOperation, $"The database on {host.Name} does not run.",
            $"Start it (systemctl start {host.Cluster.ServiceName}), or run Install-PemEpas (primary) or Initialize-PemReplica (standby), which do; then run the step again."));

    /// <summary>
    /// A server that runs is the service's: one that somebody started by hand (pg_ctl) would meet a second one at the first start, and no
    /// restart of the service, EFM's included, would reach it.
    /// </summary>
    public static Requirement IsTheServices(PemHost host) => new($"service {host.Cluster.ServiceName}", """
        up && ! grep -qF "/$PGSERVICE.service" "/proc/$_pid/cgroup" 2>/dev/null && fact stray "$_pid"
        :
        """, facts => facts["stray"].Length == 0 ? null
        : new PemException("ServiceDiffers", Trouble.InvalidOperation,
            $"The database in {host.Cluster.DataDirectory} runs as process {facts["stray"]} on {host.Name}, and not as the service {host.Cluster.ServiceName}.",
            $"Stop it (pg_ctl stop -D {host.Cluster.DataDirectory}) and start it as the service (systemctl start {host.Cluster.ServiceName}), or give New-PemCluster -ServiceName the one that it is."));

    /// <summary>A running server that is not where it was described: nothing is changed on a guess.</summary>
    internal static PemException? Differs(PemHost host, Facts facts)
    {
        var cluster = host.Cluster;
        var port = cluster.Port.ToString(CultureInfo.InvariantCulture);
        if (facts.Has("setting.port") && facts["setting.port"] != port && !facts["pending"].Split(", ").Contains("port"))
            return new PemException("PortDiffers", Trouble.InvalidArgument, $"The database on {host.Name} listens on port {facts["setting.port"]}, not {port}.",
                $"Describe it as it is: New-PemCluster -Port {facts["setting.port"]}.");
        return null;
    }

    /// <summary>TLS is on in the running server (T9).</summary>
    public static Requirement HasSsl(PemHost host) => new("TLS in the database", ServerFacts.Probe, facts =>
        facts["ssl"] == "on" ? null : new PemException("SslOff", Trouble.InvalidOperation, $"The database on {host.Name} has no TLS: ssl is {(facts["ssl"].Length == 0 ? "unknown" : facts["ssl"])}.",
            "Run New-PemCertificate and Set-PemSsl first; the page has SSL after EFM, but EFM connects with jdbc.sslmode=require (T9)."));
}
