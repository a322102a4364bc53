namespace PemHa.Lab.Efm;

/// <summary>What the stand-in is called and where the package puts things; the paths are those of the real product.</summary>
static class StandIn
{
    /// <summary>One program serves several versions of the package: the folder that it is installed in says which this is.</summary>
    internal static readonly string Version = VersionOf(AppContext.BaseDirectory);

    internal static readonly string Notice =
        $"NOTE: this is the rehearsal lab's stand-in of EDB Failover Manager {Version}, not EDB's product.";

    internal static readonly string BinDirectory = $"/usr/edb/efm-{Version}/bin";
    internal static readonly string ConfigDirectory = $"/etc/edb/efm-{Version}";
    internal static readonly string LogDirectory = $"/var/log/efm-{Version}";
    internal static readonly string RunDirectory = $"/run/efm-{Version}";
    internal static readonly string LockDirectory = $"/run/lock/efm-{Version}";

    internal static string PropertiesFile(string cluster) => $"{ConfigDirectory}/{cluster}.properties";

    internal static string NodesFile(string cluster) => $"{ConfigDirectory}/{cluster}.nodes";

    /// <summary>Proof towards the local agent; only root and the group efm may read it.</summary>
    internal static string TokenFile(string cluster) => $"{RunDirectory}/{cluster}.key";

    /// <summary>A cluster is named by its name or by the path of its properties file.</summary>
    internal static string ClusterName(string nameOrPath) => Path.GetExtension(nameOrPath) == ".properties"
        ? Path.GetFileNameWithoutExtension(nameOrPath)
        : nameOrPath;

    /// <summary>/usr/edb/efm-5.1/lib is 5.1; anywhere else it is the newest that the stand-in knows.</summary>
    internal static string VersionOf(string folder) =>
        Path.GetFileName(Path.GetDirectoryName(folder.TrimEnd('/'))) is { } home && home.StartsWith("efm-", StringComparison.Ordinal)
            ? home["efm-".Length..]
            : "5.4";
}
