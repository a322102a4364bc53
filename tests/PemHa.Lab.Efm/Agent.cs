using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace PemHa.Lab.Efm;

/// <summary>One agent: its state and its life. What it does about the others, its database and failover is in the other parts.</summary>
sealed partial class Agent : IDisposable
{
    readonly EfmProperties properties;
    readonly AgentLog log;
    readonly HostCommands host;
    readonly Database database;
    readonly VirtualIp vip;
    readonly Wire wire;
    readonly Wire adminWire;
    readonly string token = Guid.NewGuid().ToString("N");
    readonly CancellationTokenSource stop = new();

    /// <summary>Guards the four fields below it.</summary>
    readonly Lock gate = new();
    readonly Dictionary<string, NodeInfo> nodes = [];
    readonly Dictionary<string, long> seen = [];
    ClusterView view = new();
    NodeInfo self;

    /// <summary>The members stay as they are in the .nodes file when the whole cluster is stopped.</summary>
    bool keepNodesFile;

    /// <summary>Notifications are logged only, as asked with a promotion.</summary>
    volatile bool quiet;
    bool joined;

    internal Agent(EfmProperties properties, string password, AgentLog log)
    {
        this.properties = properties;
        this.log = log;
        host = new HostCommands(properties, log);
        var script = new DatabasePassword(properties, host);
        database = new Database(properties, password, script.IsScripted ? script.AskAsync : null);
        vip = new VirtualIp(properties, host, log);
        wire = new Wire(properties.Cluster, properties.Flag("encrypt.agent.messages"));
        adminWire = new Wire(properties.Cluster, encrypt: false);
        self = new NodeInfo
        {
            Address = properties.Address,
            Port = properties.BindAddress.Port,
            Type = properties.IsWitness ? AgentType.Witness : AgentType.Idle,
            Db = properties.IsWitness ? "N/A" : "UNKNOWN",
            Vip = properties.VirtualIp,
            Promotable = properties.Flag("promotable"),
        };
    }

    string Me => properties.Address;

    TimeSpan RemoteTimeout => properties.Seconds("remote.timeout");

    /// <summary>Runs until told to stop.</summary>
    /// <param name="started">Called once the agent has joined and watches its database.</param>
    internal async Task<int> RunAsync(Action started)
    {
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        var pid = Path.Combine(properties["pid.dir"], properties.Cluster + ".pid");
        try
        {
            using var agents = Listen(properties.BindAddress);
            using var admin = Listen(new IPEndPoint(IPAddress.Loopback, properties.Number("admin.port")));
            var ping = host.PingAsync(properties["ping.server.ip"]);
            await FindRoleAsync();
            _ = ServeAsync(agents, wire, HandleAgentAsync);
            await JoinAsync();
            await CheckCredentialsAsync();
            if (!await ping)
            {
                throw new StartupException($"The ping.server.ip {properties["ping.server.ip"]} cannot be reached from this node; "
                    + "failover could not happen.");
            }
            await FenceIfReplacedAsync();
            await File.WriteAllTextAsync(pid, $"{Environment.ProcessId}\n");
            WriteToken();
            _ = ServeAsync(admin, adminWire, HandleAdminAsync);
            using var health = properties.HealthPort is { } port
                ? new HealthPort(properties.BindAddress.Address, port, () => Self.Type == AgentType.Primary, stop.Token)
                : null;
            await HoldVipAsync(starting: true);
            log.Startup(Self.Type == AgentType.Idle
                ? $"Idle agent running on node {Me} for cluster {properties.Cluster}."
                : $"{Self.Type} agent running on {Me} for cluster {properties.Cluster}.");
            if (Self.Type is AgentType.Primary or AgentType.Standby) log.Startup("Now monitoring database.");
            log.StartupDone();
            started();
            var loops = new[] { HeartbeatLoopAsync, MonitorLoopAsync, (Func<Task>)MergeLoopAsync };
            return (await Task.WhenAll(loops.Select(GuardAsync))).All(ended => ended) ? 0 : 1;
        }
        catch (StartupException e)
        {
            log.Startup(e.Message, "ERROR");
            return 1;
        }
        catch (SocketException e)
        {
            log.Startup($"Could not listen on {properties.BindAddress} or 127.0.0.1:{properties["admin.port"]}: {e.Message}", "ERROR");
            return 1;
        }
        finally
        {
            await LeaveAsync();
            File.Delete(StandIn.TokenFile(properties.Cluster));
            File.Delete(pid);
            log.Info($"Agent exited on {Me} for cluster {properties.Cluster}");
        }
    }

    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
        database.Dispose();
    }

    NodeInfo Self
    {
        get
        {
            lock (gate) return self;
        }
    }

    ClusterView View
    {
        get
        {
            lock (gate) return view;
        }
    }

    /// <summary>All members as last heard of, this one as it is. The caller holds the gate.</summary>
    IEnumerable<NodeInfo> Everybody => nodes.Values.Where(n => n.Address != Me).Append(self);

    /// <summary>Changes what this agent says of itself, and tells the others at once.</summary>
    async Task BecomeAsync(AgentType type, string db, bool failedPrimary = false)
    {
        lock (gate)
        {
            if (self.Type != type) log.Info($"Agent type changes from {self.Type} to {type}, database {db}.");
            self = self with { Type = type, Db = db, VipActive = vip.IsHere(), FailedPrimary = failedPrimary };
        }
        await AnnounceAsync();
    }

    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    /// <summary>An agent with a loop that died would look alive and do nothing: it ends with the loop.</summary>
    async Task<bool> GuardAsync(Func<Task> loop)
    {
        try
        {
            await loop();
            return true;
        }
        catch (Exception e)
        {
            Unexpected(e);
            await stop.CancelAsync();
            return false;
        }
    }

    /// <summary>Does what nobody waits for.</summary>
    void InBackground(Func<Task> work) => _ = Task.Run(async () =>
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            Unexpected(e);
        }
    });

    void Unexpected(Exception e)
    {
        if (stop.IsCancellationRequested) return;
        Notify("SEVERE", $"An unexpected error has occurred for cluster {properties.Cluster}", e.ToString());
    }

    static Socket Listen(IPEndPoint at)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(at);
        socket.Listen(64);
        return socket;
    }

    async Task ServeAsync(Socket listener, Wire form, Func<Message, Task<Reply>> handle)
    {
        while (!stop.IsCancellationRequested)
        {
            Socket connection;
            try
            {
                connection = await listener.AcceptAsync(stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            var peer = connection.RemoteEndPoint;
            InBackground(async () =>
            {
                try
                {
                    await form.ServeAsync(connection, handle, stop.Token);
                }
                catch (Exception e) when (e is IOException or InvalidDataException or OperationCanceledException or JsonException)
                {
                    if (!stop.IsCancellationRequested) log.Warn($"failed accepting connection from peer {peer}: {e.Message}");
                }
            });
        }
    }

    void WriteToken()
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException();
        var file = StandIn.TokenFile(properties.Cluster);
        File.Delete(file);
        using var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
        });
        stream.Write(System.Text.Encoding.ASCII.GetBytes(token));
    }

    async Task<Reply> AskAsync(string address, Message message, TimeSpan timeout)
    {
        var to = View.At(address);
        try
        {
            return await wire.AskAsync(to, properties.BindAddress.Address, message with { From = Me }, timeout);
        }
        catch (IOException e)
        {
            return Reply.No(e.Message);
        }
    }

    /// <summary>Asks every other member at once.</summary>
    async Task<Dictionary<string, Reply>> AskAllAsync(Message message, TimeSpan timeout)
    {
        var others = View.Members.Where(m => m != Me).ToList();
        var replies = await Task.WhenAll(others.Select(o => AskAsync(o, message, timeout)));
        return others.Zip(replies).ToDictionary(p => p.First, p => p.Second);
    }

    async Task PauseAsync(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Told to stop: the loops look at the token themselves.
        }
    }

    void Notify(string level, string subject, string body = "")
    {
        if (level == "INFO") log.Info($"[{level}] {subject} {body}".TrimEnd());
        else log.Warn($"[{level}] {subject} {body}".TrimEnd());
        if (quiet || Rank(level) < Rank(properties["notification.level"]) || properties["script.notification"].Length == 0) return;
        var text = $"{properties["notification.text.prefix"]}\nEFM node: {Me}\nCluster name: {properties.Cluster}\n"
            + $"Database name: {properties["db.database"]}\nVIP: {properties.VirtualIp}\n\n{body}\n\n{StandIn.Notice}";
        _ = host.RunAsync([properties["script.notification"], $"[{level}] EFM {subject}", text], null, TimeSpan.FromMinutes(1));
    }

    static int Rank(string level) => level switch { "SEVERE" => 2, "WARNING" => 1, _ => 0 };

    static TimeSpan Since(long ticks) => Stopwatch.GetElapsedTime(ticks);
}

/// <summary>An agent cannot start; the message says why.</summary>
sealed class StartupException(string message) : Exception(message);
