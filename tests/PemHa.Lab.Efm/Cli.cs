using System.Net;

namespace PemHa.Lab.Efm;

/// <summary>The efm command. [F4]</summary>
static class Cli
{
    const string NoAgent = "Authorization file not found. Is the local agent running?";

    const string Usage = """
        Usage: efm <command> <cluster> [options]
          efm allow-node <cluster> <address>                 allow a node to join the cluster
          efm disallow-node <cluster> <address>              take a node from the allowed node host list
          efm cluster-status <cluster>                       status of the cluster as text
          efm cluster-status-json <cluster>                  status of the cluster as JSON
          efm node-status-json <cluster>                     status of the local node as JSON
          efm encrypt <cluster> [--from-env]                 encrypt the database password
          efm promote <cluster> [-switchover] [-sourcenode <address>] [-quiet] [-noscripts]
          efm reset-members <cluster>                        forget failed nodes
          efm resume <cluster>                               monitor again an idle node's database
          efm set-priority <cluster> <address> <priority>    place of a standby in the failover order
          efm stop-cluster <cluster>                         stop all agents
          efm upgrade-conf <cluster> [-source <directory>]   take over the files of an earlier version
          efm --help | --version
        """;

    internal static async Task<int> RunAsync(string[] args)
    {
        await Console.Error.WriteLineAsync(StandIn.Notice);
        switch (args)
        {
            case ["--help" or "-h", ..]:
                Console.WriteLine(Usage);
                return 0;
            case ["--version" or "-v", ..]:
                Console.WriteLine($"Failover Manager, version {StandIn.Version}");
                return 0;
            case ["encrypt", var name]: return Encrypt(Cluster(name), fromEnvironment: false);
            case ["encrypt", var name, "--from-env"]: return Encrypt(Cluster(name), fromEnvironment: true);
            case ["cluster-status", var name]: return await StatusAsync(Cluster(name), StatusReport.Text);
            case ["cluster-status-json", var name]: return await StatusAsync(Cluster(name), StatusReport.Json);
            case ["node-status-json", var name]: return await NodeStatusAsync(Cluster(name));
            case ["allow-node" or "disallow-node", var name, var address]:
                if (!IPAddress.TryParse(address, out var node)) return Fail($"Invalid address: {address}");
                return await ChangeAsync(Cluster(name), new Message { Kind = args[0], Arguments = [node.ToString()] },
                    $"{args[0]} signal sent to local agent.");
            case ["set-priority", var name, var address, var place]:
                if (!IPAddress.TryParse(address, out var standby)) return Fail($"Invalid address: {address}");
                return await ChangeAsync(Cluster(name), new Message { Kind = args[0], Arguments = [standby.ToString(), place] },
                    "set-priority signal sent to local agent.");
            case ["resume", var name]:
                return await ChangeAsync(Cluster(name), new Message { Kind = args[0] }, "Resume command successful on local agent.");
            case ["reset-members", var name]:
                return await ChangeAsync(Cluster(name), new Message { Kind = args[0] }, "reset-members signal sent to local agent.");
            case ["stop-cluster", var name]:
                return await ChangeAsync(Cluster(name), new Message { Kind = args[0] }, "Stop cluster command sent to local agent.");
            case ["promote", var name, .. var options]: return await PromoteAsync(Cluster(name), options);
            case ["upgrade-conf", var name, .. var options]: return UpgradeConf.Run(Cluster(name), options);
            case ["create-standby", ..]: return Fail($"{args[0]}: the stand-in does not have this command.");
            default:
                await Console.Error.WriteLineAsync(Usage);
                return 1;
        }
    }

    static string Cluster(string nameOrPath) => StandIn.ClusterName(nameOrPath);

    static int Encrypt(string cluster, bool fromEnvironment)
    {
        if (fromEnvironment)
        {
            var given = Environment.GetEnvironmentVariable("EFMPASS");
            if (string.IsNullOrEmpty(given)) return Refuse("EFMPASS password not found.");
            Console.WriteLine(PasswordCipher.Encrypt(cluster, given));
            return 0;
        }
        Console.WriteLine("This utility will generate an encrypted password for you to place in");
        Console.WriteLine(" your Failover Manager cluster property file:");
        Console.WriteLine(StandIn.PropertiesFile(cluster));
        if (!File.Exists(StandIn.PropertiesFile(cluster))) Console.WriteLine("(The properties file does not exist yet.)");
        Console.WriteLine("Please enter the password and hit enter:");
        var password = ReadSecret();
        Console.WriteLine("Please enter the password again to confirm:");
        if (password.Length == 0 || ReadSecret() != password) return Refuse("The passwords do not match.");
        var encrypted = PasswordCipher.Encrypt(cluster, password);
        // The blank lines, the file's name and the blanks before the setting are EFM's. [R3]
        Console.WriteLine($"\nThe encrypted password is: {encrypted}\n");
        Console.WriteLine($"Please paste this into your {cluster}.properties file");
        Console.WriteLine($"    db.password.encrypted={encrypted}");
        return 0;
    }

    static string ReadSecret()
    {
        if (Console.IsInputRedirected) return Console.ReadLine() ?? "";
        var text = "";
        for (var key = Console.ReadKey(true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(true))
            text = key.Key == ConsoleKey.Backspace ? text[..Math.Max(0, text.Length - 1)] : text + key.KeyChar;
        return text;
    }

    static async Task<int> StatusAsync(string cluster, Func<StatusData, string> show)
    {
        var reply = await AskAsync(cluster, new Message { Kind = "status" }, needsToken: false);
        if (reply?.Status is not { } status) return Fail(reply?.Error);
        Console.Write(show(status));
        return StatusReport.ExitCode(status);
    }

    static async Task<int> NodeStatusAsync(string cluster)
    {
        var reply = await AskAsync(cluster, new Message { Kind = "nodestatus" }, needsToken: false);
        if (reply?.Node is not { } node) return Fail(reply?.Error);
        Console.Write(StatusReport.NodeJson(node));
        return StatusReport.NodeExitCode(node);
    }

    static async Task<int> ChangeAsync(string cluster, Message message, string done)
    {
        var reply = await AskAsync(cluster, message, needsToken: true);
        if (reply is not { Ok: true }) return Fail(reply?.Error);
        Console.WriteLine(done);
        return 0;
    }

    static async Task<int> PromoteAsync(string cluster, string[] options)
    {
        var message = new Message { Kind = "promote" };
        for (var i = 0; i < options.Length; i++)
        {
            switch (options[i])
            {
                case "-switchover": message = message with { Switchover = true }; break;
                case "-quiet": message = message with { Quiet = true }; break;
                case "-noscripts": message = message with { NoScripts = true }; break;
                case "-sourcenode" when i + 1 < options.Length: message = message with { Address = options[++i] }; break;
                default: return Fail($"Invalid option: {options[i]}");
            }
        }
        var reply = await AskAsync(cluster, new Message { Kind = "status" }, needsToken: true);
        if (reply?.Status is not { } status) return Fail(reply?.Error);
        if (StatusReport.Problem(status) is { } problem)
        {
            // A switchover needs everything in sync; a promotion is allowed always, after asking.
            if (message.Switchover) return Fail(problem);
            Console.WriteLine(problem);
            if (!Confirm("Would you like to attempt to promote the standby anyway [y/N]: ")
                || !Confirm("Forcing this promotion may result in data loss - are you sure you want to continue? "
                    + "This is the last prompt. [y/N]: "))
            {
                return Fail("Promotion was not attempted.");
            }
        }
        return await ChangeAsync(cluster, message, message.Switchover
            ? "Promote/switchover command accepted by local agent. Proceeding with promotion and will reconfigure original primary. "
                + "Run the 'cluster-status' command for information about the new cluster state."
            : "Promote command accepted by local agent. Proceeding with promotion. "
                + "Run the 'cluster-status' command for information about the new cluster state.");
    }

    static bool Confirm(string question)
    {
        Console.Write(question);
        return Console.ReadLine()?.Trim() is "y" or "Y";
    }

    static async Task<Reply?> AskAsync(string cluster, Message message, bool needsToken)
    {
        if (!File.Exists(StandIn.TokenFile(cluster))) return Reply.No(NoAgent);
        if (needsToken)
        {
            try
            {
                message = message with { Token = await File.ReadAllTextAsync(StandIn.TokenFile(cluster)) };
            }
            catch (UnauthorizedAccessException)
            {
                return Reply.No($"Not authorized to run this command. User '{Environment.UserName}' is not a member of the `efm` group.");
            }
        }
        try
        {
            var agent = new IPEndPoint(IPAddress.Loopback, AdminPort(cluster));
            return await new Wire(cluster, encrypt: false).AskAsync(agent, null, message, TimeSpan.FromMinutes(2));
        }
        catch (IOException e)
        {
            return Reply.No($"Error contacting local agent: {e.Message}");
        }
    }

    /// <summary>From the file of the running agent: the properties may be readable by their owner only.</summary>
    static int AdminPort(string cluster)
    {
        try
        {
            var values = EfmProperties.Read(File.ReadAllText(StandIn.PropertiesFile(cluster)));
            return int.TryParse(values.GetValueOrDefault("admin.port"), out var port) ? port : 7809;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 7809;
        }
    }

    /// <summary>This command reports its failures on standard output. [G44, B6]</summary>
    static int Refuse(string message)
    {
        Console.WriteLine(message);
        return 1;
    }

    static int Fail(string? message)
    {
        Console.Error.WriteLine(message ?? "The local agent gave no answer.");
        return 1;
    }
}
