using System.Globalization;
using PemHa.Engine.Assumptions;
using PemHa.Engine.Linux;
using PemHa.Engine.Postgres;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Section A: packages and a first database.</summary>
static class SectionA
{
    /// <summary>Install-PemEpas: P1–P6. A database is made on the primary only; a standby gets its copy in section B.</summary>
    public static Step Packages(PemCluster cluster, IReadOnlyList<PemHost> hosts, PemHost primary) => new("Install-PemEpas", cluster,
    [
        new Phase("packages", hosts, host =>
        [
            .. Register.Guards("Install-PemEpas", host, Product.Linux),
            new DnfModuleDisabled("postgresql"),
            new ExtraRepositories(),
            new Packages(host.Role == PemRole.Witness ? [cluster.EfmPackage]
                : cluster.SslModel == PemSslModel.SslUtils ? [cluster.ServerPackage, cluster.ServerPackage + "-sslutils", cluster.EfmPackage]
                : [cluster.ServerPackage, cluster.EfmPackage])
            {
                // T1: nothing on the page says that EFM is a Java program.
                Java = new JavaRuntime(cluster),
                Commands = EfmCommands,
            },
            new FirewallPorts(cluster.FirewallZone, host.Role == PemRole.Witness ? [cluster.EfmPort] : [cluster.Port, cluster.EfmPort]),
        ]),
        new Phase("database", [.. hosts.Where(h => h.Role != PemRole.Witness)], host =>
        [
            // Check what the packages installed before anything depends on it.
            .. Register.Guards("Install-PemEpas", host, Product.Server),
            Database.IsTheServices(host),
            new DatabaseUnit(cluster),
            .. host == primary ? new Resource[] { new ClusterInitialised(cluster) } : [],
            .. host == primary && cluster.Port == PackagePort ? new Resource[] { new ServiceRunning(cluster.ServiceName) } : [],
        ]),
        // Before its first start a server on another port has to know it.
        .. cluster.Port == PackagePort ? Array.Empty<Phase>() :
        [
            new Phase("port", [primary], _ => [Common.Settings(cluster, "port", Port(cluster)), new ServiceRunning(cluster.ServiceName)]),
        ],
    ]);

    /// <summary>
    /// Commands that EFM calls but its package does not require (B14, G60): sudo each minute, ping for the ping server,
    /// ps in its scripts.
    /// </summary>
    internal static readonly (string Command, string Package)[] EfmCommands =
        [("sudo", "sudo"), ("ping", "iputils"), ("ps", "procps-ng")];

    /// <summary>What the package's own setup writes into postgresql.conf.</summary>
    const int PackagePort = 5444;

    static Dictionary<string, string> Port(PemCluster cluster) =>
        new(StringComparer.Ordinal) { ["port"] = cluster.Port.ToString(CultureInfo.InvariantCulture) };
}
