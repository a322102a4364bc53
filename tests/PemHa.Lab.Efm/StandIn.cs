namespace PemHa.Lab.Efm;

/// <summary>What the stand-in is called and where the package puts things; the paths are those of the real product.</summary>
static class StandIn
{
    internal const string Version = "5.2";
    internal const string Notice =
        "NOTE: this is the rehearsal lab's stand-in of EDB Failover Manager " + Version + ", not EDB's product.";

    internal const string BinDirectory = "/usr/edb/efm-" + Version + "/bin";
    internal const string ConfigDirectory = "/etc/edb/efm-" + Version;
    internal const string LogDirectory = "/var/log/efm-" + Version;
    internal const string RunDirectory = "/run/efm-" + Version;
    internal const string LockDirectory = "/run/lock/efm-" + Version;
    internal const string Service = "edb-efm-" + Version;

    internal static string PropertiesFile(string cluster) => $"{ConfigDirectory}/{cluster}.properties";

    internal static string NodesFile(string cluster) => $"{ConfigDirectory}/{cluster}.nodes";

    /// <summary>Proof towards the local agent; only root and the group efm may read it.</summary>
    internal static string TokenFile(string cluster) => $"{RunDirectory}/{cluster}.key";

    /// <summary>A cluster is named by its name or by the path of its properties file.</summary>
    internal static string ClusterName(string nameOrPath) => Path.GetExtension(nameOrPath) == ".properties"
        ? Path.GetFileNameWithoutExtension(nameOrPath)
        : nameOrPath;
}
