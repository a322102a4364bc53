using System.Diagnostics;
using PemHa.Lab.Mutating;

namespace PemHa.Lab;

/// <summary>A lab that is up. The one who made it with <see cref="UpAsync"/> takes it down by disposing it.</summary>
sealed class Lab : IAsyncDisposable
{
    LabState _state;
    readonly LabSwitch _switch;
    FileLock? _owner;

    Lab(LabState state, FileLock? owner)
    {
        (_state, _owner) = (state, owner);
        _switch = new LabSwitch(state.Name, state.Networks);
        Hosts = HostsOf(state);
    }

    LabHost[] HostsOf(LabState state) => [.. state.Hosts.Select(h => new LabHost(state, h, _switch))];

    public string Name => _state.Name;

    public IReadOnlyList<LabHost> Hosts { get; private set; }

    /// <summary>The private key that root and admin of every host accept.</summary>
    public string KeyPath => Path.Combine(LabPaths.StateOf(Name), "key");

    /// <summary>The hosts' true keys.</summary>
    public string KnownHostsPath => Path.Combine(LabPaths.StateOf(Name), "known_hosts");

    /// <summary>The names of all hosts, for the controller's place.</summary>
    string HostsPath => Path.Combine(LabPaths.StateOf(Name), "hosts.txt");

    /// <summary>What a program in the controller's place is told about the lab.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["PEMHA_LAB_KEY"] = KeyPath,
        ["PEMHA_LAB_KNOWN_HOSTS"] = KnownHostsPath,
        ["PEMHA_LAB_HOSTS"] = string.Join(',', Hosts.Select(h => $"{h.Name}={h.Address}")),
        ["PEMHA_LAB_HOSTS6"] = string.Join(',', Hosts.Select(h => $"{h.Name}={h.Address6}")),
        [LabOptions.NameVariable] = Name,
        // .NET compiles again what is called often; a process that lives for seconds pays for that and gains nothing.
        ["DOTNET_TC_CallCounting"] = "0",
    };

    public LabHost this[string host] =>
        Hosts.FirstOrDefault(h => h.Name == host)
        ?? throw new LabException($"The lab '{Name}' has no host '{host}'; it has {string.Join(", ", Hosts.Select(h => h.Name))}.");

    /// <summary>Makes a lab and returns when every host runs. Whatever a died run of the same name left goes first.</summary>
    public static async Task<Lab> UpAsync(LabOptions options, StepLog? log = null, CancellationToken cancellation = default)
    {
        options.Validate();
        log ??= StepLog.Silent;
        await Preflight.RequireAsync(log, cancellation);
        var owner = LabLife.Own(options.Name);
        if (LabLife.IsAlive(LabState.Read(options.Name)))
        {
            await owner.DisposeAsync();
            throw new LabException($"A lab '{options.Name}' is up already; `down` takes it down.");
        }
        try
        {
            await LabLife.RemoveAsync(options.Name);
            var lab = new Lab(await StateAsync(options, log, cancellation), owner);
            await Namespaces.PrepareAsync(cancellation);
            await log.StepAsync($"boot {lab.Hosts.Count} hosts", note => lab.BootAsync(options, note, cancellation));
            return lab;
        }
        catch
        {
            await LabLife.RemoveAsync(options.Name, owner);
            await owner.DisposeAsync();
            throw;
        }
    }

    static async Task<LabState> StateAsync(LabOptions options, StepLog log, CancellationToken cancellation)
    {
        Directory.CreateDirectory(LabPaths.StateOf(options.Name));
        if (options.Disks is { } disks)
            return disks.Unfold(options.Name);
        var layers = await new LayerCache(log).EnsureAsync(cancellation);
        var hosts = options.HostNames.Select((name, i) =>
            new LabState.Host(name, LabSwitch.FirstHost + i, options.Nics.GetValueOrDefault(name, "eth0"), Disks: []));
        return new LabState(options.Name, [.. hosts], layers, LabState.CurrentBoot, Kept: false, options.Networks);
    }

    /// <summary>A lab that somebody else brought up.</summary>
    public static Lab Open(string name)
    {
        Preflight.Check();
        return LabState.Read(name) is { } state && state.BootId == LabState.CurrentBoot
            ? new Lab(state, owner: null)
            : throw new LabException($"No lab '{name}' is up.");
    }

    /// <summary>Lets the lab outlive this process.</summary>
    public async Task KeepAsync()
    {
        (_state with { Kept = true }).Write();
        if (_owner is { } owner)
            await owner.DisposeAsync();
        _owner = null;
    }

    /// <summary>Runs a command on a host as root, or as the user in "user@host".</summary>
    public Task<CommandResult> SshAsync(string host, string command, string? stdin = null, CancellationToken cancellation = default) =>
        Command.RunAsync(SshCommand(host, "-o", "BatchMode=yes", "--", command), cancellation, stdin);

    /// <summary>The command line of an ssh client to a host, from the controller's place.</summary>
    public IReadOnlyList<string> SshCommand(string host, params IReadOnlyList<string> rest)
    {
        var at = host.IndexOf('@', StringComparison.Ordinal);
        var user = at < 0 ? "root" : host[..at];
        var options = rest.TakeWhile(a => a != "--").ToArray();
        return _switch.Inside(
        [
            "ssh", "-F", "none", "-i", KeyPath, "-o", "IdentitiesOnly=yes",
            "-o", "UserKnownHostsFile=" + KnownHostsPath, "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes",
            "-o", "UpdateHostKeys=no", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR",
            // Of its many calls each would spend a tenth of a second on the exchange of keys that is safe from quantum computers, ssh's first choice.
            "-o", "KexAlgorithms=curve25519-sha256",
            .. options, $"{user}@{this[host[(at + 1)..]].Address}", .. rest.Skip(options.Length + 1),
        ]);
    }

    /// <summary>A command line that runs in the controller's place, where the hosts have names as well.</summary>
    public IReadOnlyList<string> Inside(IReadOnlyList<string> argv) =>
    [
        .. _switch.Inside(["unshare", "--mount", "--propagation", "slave"]),
        "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"", HostsPath, .. argv,
    ];

    /// <summary>Runs a command in the controller's place, with the lab's environment.</summary>
    public Task<CommandResult> EnterAsync(
        IReadOnlyList<string> argv,
        IReadOnlyDictionary<string, string>? environment = null,
        string? stdin = null,
        CancellationToken cancellation = default) =>
        Command.RunAsync(Inside(argv), cancellation, stdin, Merge(environment));

    /// <summary>Starts a command in the controller's place; the caller may kill it.</summary>
    public RunningCommand Start(
        IReadOnlyList<string> argv, IReadOnlyDictionary<string, string>? environment = null, Action<string>? onLine = null) =>
        Command.Start(Inside(argv), environment: Merge(environment), onLine: onLine);

    /// <summary>Runs a PowerShell script in the controller's place, in a hosted engine with PemHa imported.</summary>
    public Task<CommandResult> RunScriptAsync(string path, IReadOnlyList<string> args, CancellationToken cancellation = default) =>
        EnterAsync(ScriptCommand(path, args), cancellation: cancellation);

    /// <summary>Starts a PowerShell script; the caller may kill it.</summary>
    public RunningCommand StartScript(string path, IReadOnlyList<string> args, Action<string>? onLine = null) =>
        Start(ScriptCommand(path, args), onLine: onLine);

    /// <summary>The command line that runs a script in a hosted engine of its own process.</summary>
    public static IReadOnlyList<string> ScriptCommand(string path, IReadOnlyList<string> args) =>
        [Path.Combine(LabPaths.DotnetRoot, "dotnet"), typeof(Lab).Assembly.Location, "run-inside", Path.GetFullPath(path), .. args];

    public Task PowerOnAsync(string host, CancellationToken cancellation = default) => this[host].PowerOnAsync(cancellation);

    public Task PowerOffAsync(string host, CancellationToken cancellation = default) => this[host].PowerOffAsync(cancellation);

    public Task PowerCutAsync(string host, CancellationToken cancellation = default) => this[host].PowerCutAsync(cancellation);

    public async Task LinkAsync(string host, bool up, CancellationToken cancellation = default)
    {
        await this[host].LinkAsync(up, cancellation);
        if (!up) return;
        // Whoever has asked for the host meanwhile would take it for gone a little longer.
        foreach (var netns in Hosts.Select(h => Namespaces.Host(Name, h.Name)).Append(_switch.Netns))
            await Command.RunAsync(["ip", "-n", netns, "neigh", "flush", "all"], cancellation);
    }

    public Task FreezeAsync(string host, CancellationToken cancellation = default) => this[host].FreezeAsync(true, cancellation);

    public Task ThawAsync(string host, CancellationToken cancellation = default) => this[host].FreezeAsync(false, cancellation);

    /// <summary>Waits until systemd on a host has started all it wants to, and says in which state that ended.</summary>
    public async Task<string> WaitRunningAsync(string host, CancellationToken cancellation = default)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var said = await SshAsync(host, "systemctl is-system-running --wait", cancellation: cancellation);
            // 255: whoever was switched on without a cable may have no sshd yet when it gets one.
            if (said.ExitCode != 255 || watch.Elapsed > TimeSpan.FromMinutes(1)) return said.Stdout.Trim();
            await Task.Delay(100, cancellation);
        }
    }

    /// <summary>
    /// Applies mutations to the stand-ins of the hosts; where a package is not installed yet, as soon as it is.
    /// </summary>
    public async Task MutateAsync(IReadOnlyCollection<Mutation> mutations, CancellationToken cancellation = default)
    {
        foreach (var host in Hosts)
        {
            Mutation[] own = [.. mutations.Where(m => m.IsOn(host))];
            if (own.Length == 0) continue;
            var files = string.Concat(own.Append(null).Select(m => $"""
                base64 -d > /etc/pemha-lab/{(m is null ? "mutate" : $"wanted/{m.Id}")} <<'FILE'
                {Convert.ToBase64String(File.ReadAllBytes(m?.Path ?? Mutation.Program))}
                FILE

                """));
            var script = $"mkdir -p /etc/pemha-lab/wanted\n{files}"
                + "chmod 755 /etc/pemha-lab/mutate\n/etc/pemha-lab/mutate\n";
            (await SshAsync(host.Name, "bash -es", script, cancellation)).Check($"Mutating {host.Name}");
        }
    }

    /// <summary>Restores the stand-ins of every host to their state before <see cref="MutateAsync"/>.</summary>
    public Task UnmutateAsync(CancellationToken cancellation = default) => Task.WhenAll(Hosts.Select(async host =>
    {
        const string undo = "[ ! -x /etc/pemha-lab/mutate ] || /etc/pemha-lab/mutate --undo";
        var result = await SshAsync(host.Name, undo, cancellation: cancellation);
        result.Check($"Undoing the mutations of {host.Name}");
    }));

    /// <summary>Takes the lab down; nothing of it is left.</summary>
    public async Task DownAsync()
    {
        await using var owner = _owner ?? LabLife.Own(Name);
        _owner = null;
        await LabLife.RemoveAsync(Name, owner);
    }

    /// <summary>Takes the lab down if this process made it and did not keep it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_owner is not null)
            await DownAsync();
    }

    /// <summary>
    /// Shuts all hosts down and keeps their disks as they are then, for other labs to begin from; this lab stays off, and can go on.
    /// </summary>
    /// <param name="title">What the moment is called: a file name, new in this lab.</param>
    public async Task<LabDisks> KeepDisksAsync(string title, CancellationToken cancellation = default)
    {
        await Task.WhenAll(Hosts.Select(h => h.PowerOffAsync(cancellation)));
        var disks = LabDisks.Keep(_state, title);
        _state = disks.State;
        _state.Write();
        Hosts = HostsOf(_state);
        return disks;
    }

    /// <summary>Switches every host on that is off; says in which state systemd is once it has started all that it wants to.</summary>
    public async Task<IReadOnlyDictionary<string, string>> PowerOnAsync(CancellationToken cancellation = default)
    {
        await Task.WhenAll(Hosts.Where(h => !h.IsOn).Select(h => h.PowerOnAsync(cancellation)));
        var states = await Task.WhenAll(Hosts.Select(async h => (h.Name, State: await WaitRunningAsync(h.Name, cancellation))));
        return states.ToDictionary(s => s.Name, s => s.State);
    }

    async Task BootAsync(LabOptions options, Action<string> note, CancellationToken cancellation)
    {
        _state.Write();
        note("switch, keys");
        await _switch.CreateAsync(cancellation);
        Namespaces.Cgroup(Name).CreateParent();
        if (options.Disks is null)
            await PrepareAsync(options.Zone, cancellation);
        note("waiting for systemd");
        foreach (var (host, state) in await PowerOnAsync(cancellation))
        {
            // What was done to kept disks may well leave a unit that fails at boot.
            if (state != "running" && options.Disks is null)
                throw new LabException($"{host} has booted but is '{state}', not 'running'.");
        }
    }

    /// <summary>Makes the keys and the names, and writes them to the hosts' disks.</summary>
    async Task PrepareAsync(string zone, CancellationToken cancellation)
    {
        string[] keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "pemha-lab", "-f", KeyPath];
        (await Command.RunAsync(keygen, cancellation)).Check("Making the lab's key");
        var publicKey = await File.ReadAllTextAsync(KeyPath + ".pub", cancellation);
        string[] others =
        [
            "127.0.0.1 localhost localhost.localdomain", "::1 localhost localhost.localdomain",
            $"{LabSwitch.Controller} controller controller.lab", $"{LabSwitch.Controller6} controller.v6.lab",
            $"{LabSwitch.Network}245 pem.lab pem.dual.lab", $"{LabSwitch.Network6}245 pem.v6.lab pem.dual.lab",
        ];
        var hostsFile = string.Concat(others.Concat(Hosts.SelectMany(h => h.HostsLines)).Select(l => l + "\n"));
        await File.WriteAllTextAsync(HostsPath, hostsFile, cancellation);
        var hostKeys = await Task.WhenAll(Hosts.Select(h => h.PrepareAsync(hostsFile, publicKey, zone, cancellation)));
        await File.WriteAllLinesAsync(
            KnownHostsPath,
            Hosts.Zip(hostKeys, (h, key) => $"{string.Join(',', h.KnownAs)} {string.Join(' ', key.Split(' ').Take(2))}"),
            cancellation);
    }

    Dictionary<string, string> Merge(IReadOnlyDictionary<string, string>? more)
    {
        var all = new Dictionary<string, string>(Environment);
        foreach (var (name, value) in more ?? new Dictionary<string, string>())
            all[name] = value;
        return all;
    }
}
