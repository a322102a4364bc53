namespace PemHa.Lab;

/// <summary>Where the lab keeps things on the machine.</summary>
static class LabPaths
{
    /// <summary>Shell and package sources, copied beside the lab's assembly.</summary>
    public static string Assets { get; } = Path.Combine(AppContext.BaseDirectory, "assets");

    /// <summary>The built stand-in for Failover Manager, given to its package.</summary>
    public static string Efm { get; } = Path.Combine(AppContext.BaseDirectory, "efm");

    /// <summary>The checkout that the lab was built from.</summary>
    public static string Checkout { get; } = FindCheckout();

    /// <summary>Root file systems and built packages; survives everything but a person's rm.</summary>
    public static string Cache { get; } = FromEnvironment("PEMHA_LAB_CACHE", "/var/cache/pemha-lab");

    /// <summary>The labs that are up: hosts' disks, keys. Needs a file system that can hold an overlay's upper layer.</summary>
    public static string State { get; } = FromEnvironment("PEMHA_LAB_STATE", "/var/lib/pemha-lab");

    /// <summary>The root of the running .NET, which the hosts get read-only.</summary>
    public static string DotnetRoot { get; } =
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));

    public static string StateOf(string name) => Path.Combine(State, name);

    static string FindCheckout()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PemHa.sln")))
                return folder.FullName;
        }
        return AppContext.BaseDirectory;
    }

    static string FromEnvironment(string variable, string otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? Path.GetFullPath(value) : otherwise;
}
