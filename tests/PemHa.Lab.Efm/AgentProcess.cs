using Microsoft.Win32.SafeHandles;

namespace PemHa.Lab.Efm;

/// <summary>The agent as a process: everything that must be right before it may join, and telling the start script about it.</summary>
static class AgentProcess
{
    internal static async Task<int> RunAsync(string cluster)
    {
        Console.WriteLine(StandIn.Notice);
        try
        {
            var (properties, password) = Prepare(cluster);
            using var lockFile = Lock(properties);
            var file = Path.Combine(properties["log.dir"], cluster + ".log");
            using var log = new AgentLog(properties.Flag("file.log.enabled") ? file : null);
            log.Info(StandIn.Notice);
            foreach (var name in PropertyCatalogue.NotActedOn.Where(properties.IsChanged))
                log.Startup($"The stand-in does not act on {name}={properties[name]}.", "WARN");
            using var agent = new Agent(properties, password, log);
            return await agent.RunAsync(Ready);
        }
        catch (Exception e) when (e is StartupException or IOException or UnauthorizedAccessException)
        {
            Console.WriteLine(e.Message);
            return 1;
        }
    }

    static (EfmProperties Properties, string Password) Prepare(string cluster)
    {
        var file = StandIn.PropertiesFile(cluster);
        if (!File.Exists(file)) throw new StartupException($"The properties file does not exist: {file}");
        var properties = EfmProperties.Parse(cluster, File.ReadAllText(file), out var errors);
        if (errors.Count > 0) throw new StartupException(string.Join('\n', errors));
        var nodes = StandIn.NodesFile(cluster);
        if (!File.Exists(nodes)) throw new StartupException($"The nodes file does not exist: {nodes}");
        try
        {
            using var stream = new FileStream(nodes, FileMode.Open, FileAccess.ReadWrite);
        }
        catch (UnauthorizedAccessException)
        {
            throw new StartupException($"File is not writable: {nodes}");
        }
        // If a script supplies the password, the agent runs it [O81].
        if (properties["script.db.password"].Length > 0) return (properties, "");
        var password = DatabasePassword.OfProperties(properties)
            ?? throw new StartupException("Unable to decrypt the value of db.password.encrypted; "
                + $"it must be the output of 'efm encrypt {cluster}'.");
        return (properties, password);
    }

    static FileStream Lock(EfmProperties properties)
    {
        Directory.CreateDirectory(properties["lock.dir"]);
        var path = Path.Combine(properties["lock.dir"], properties.Cluster + ".lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            throw new StartupException($"An agent for cluster {properties.Cluster} is already running on this node (lock file {path}).");
        }
    }

    /// <summary>The start script waits at the other end of descriptor 3 and sees it close without a word when the agent dies.</summary>
    static void Ready()
    {
        try
        {
            using var script = new FileStream(new SafeFileHandle(3, ownsHandle: true), FileAccess.Write);
            script.Write("started\n"u8);
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // Not started by the script.
        }
    }
}
