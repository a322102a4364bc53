using System.Globalization;

namespace PemHa.Lab;

/// <summary>One host: its disk (an overlay over the read-only layers), its power, its cable.</summary>
sealed class LabHost
{
    static readonly TimeSpan BootDeadline = TimeSpan.FromSeconds(60);
    static readonly TimeSpan OffDeadline = TimeSpan.FromSeconds(30);
    static readonly TimeSpan CutDeadline = TimeSpan.FromSeconds(20);

    readonly string _lab;
    readonly LabSwitch _switch;
    readonly IReadOnlyList<string> _layers;
    readonly Cgroup _all;
    readonly Cgroup _inside;
    readonly int _number;
    readonly int _networks;

    public LabHost(LabState state, LabState.Host host, LabSwitch labSwitch)
    {
        (_lab, _switch, _layers) = (state.Name, labSwitch, [.. host.Disks, .. state.Layers]);
        (Name, Nic, _number, _networks) = (host.Name, host.Nic, host.Number, state.Networks);
        Folder = FolderOf(_lab, Name);
        _all = Namespaces.Cgroup(_lab).Child(Name);
        _inside = _all.Child("host");
    }

    public string Name { get; }

    public string Address => LabSwitch.Network + _number;

    public string Address6 => LabSwitch.Network6 + _number;

    /// <summary>What its first network card is called.</summary>
    public string Nic { get; }

    /// <summary>
    /// Lines of a hosts file: the bare name and name.lab are IPv4, name.v6.lab is IPv6, name.dual.lab is both; the names on the second
    /// network have a 2.
    /// </summary>
    public IEnumerable<string> HostsLines =>
    [
        $"{Address} {Name} {Name}.lab {Name}.dual.lab",
        $"{Address6} {Name}.v6.lab {Name}.dual.lab",
        .. _networks < 2 ? Array.Empty<string>()
            : [$"{LabSwitch.SecondNetwork}{_number} {Name}.2.lab", $"{LabSwitch.SecondNetwork6}{_number} {Name}.v6.2.lab"],
    ];

    /// <summary>Everything that the host may be called by a client that looks its key up.</summary>
    public IEnumerable<string> KnownAs =>
        HostsLines.Select(l => l.Split(' ')).SelectMany(w => w).Prepend(Name).Prepend(Address).Distinct();

    public bool IsWitness => Name.StartsWith("witness", StringComparison.Ordinal);

    /// <summary>The part of the disk that the host has written itself.</summary>
    public string Disk => DiskOf(_lab, Name);

    /// <summary>What its init said, over all boots.</summary>
    public string ConsoleLog => Path.Combine(Folder, "console.log");

    public bool IsOn => _all.Populated;

    public bool IsFrozen => _inside.Frozen;

    public bool IsLinkUp => !File.Exists(UnpluggedMark);

    string Folder { get; }

    /// <summary>The supervisor leaves the port of a host with this mark down at boot.</summary>
    string UnpluggedMark => Path.Combine(Folder, "unplugged");

    /// <summary>Where a host's own disk is.</summary>
    public static string DiskOf(string lab, string host) => Path.Combine(FolderOf(lab, host), "upper");

    static string FolderOf(string lab, string host) => Path.Combine(LabPaths.StateOf(lab), "hosts", host);

    /// <summary>Makes an empty disk.</summary>
    public static void MakeDisk(string lab, string host)
    {
        foreach (var folder in new[] { "work", "root", "upper" })
            Directory.CreateDirectory(Path.Combine(FolderOf(lab, host), folder));
        OpenToAll(DiskOf(lab, host));
    }

    // The upper layer's own mode hides the lower one's; a umask may have made it private.
    static void OpenToAll(string folder) => File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);

    /// <summary>Writes what makes this host itself: names, machine id, host key. Gives its public host key.</summary>
    public async Task<string> PrepareAsync(string hostsFile, string publicKey, string zone, CancellationToken cancellation)
    {
        MakeDisk(_lab, Name);
        Directory.CreateDirectory(Path.Combine(Disk, "etc", "ssh"));
        foreach (var folder in new[] { Path.Combine(Disk, "etc"), Path.Combine(Disk, "etc", "ssh") })
            OpenToAll(folder);
        Write("etc/hostname", Name + "\n");
        Write("etc/hosts", hostsFile);
        Write("etc/machine-id", Guid.NewGuid().ToString("N") + "\n");
        Write("etc/ssh/lab_authorized_keys", publicKey);
        if (zone != "public")
            PutIntoZone(zone);
        var key = Path.Combine(Disk, "etc", "ssh", "ssh_host_ed25519_key");
        string[] keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", Name, "-f", key];
        (await Command.RunAsync(keygen, cancellation)).Check("Making a host key");
        return (await File.ReadAllTextAsync(key + ".pub", cancellation)).Trim();

        // The base has put eth0 into the zone public.
        void PutIntoZone(string name)
        {
            var shipped = _layers.Select(l => Path.Combine(l, "usr/lib/firewalld/zones", name + ".xml")).FirstOrDefault(File.Exists)
                ?? throw new LabException($"firewalld has no zone '{name}'.");
            Directory.CreateDirectory(Path.Combine(Disk, "etc/firewalld/zones"));
            foreach (var folder in new[] { "etc/firewalld", "etc/firewalld/zones" })
                OpenToAll(Path.Combine(Disk, folder));
            Write($"etc/firewalld/zones/{name}.xml", File.ReadAllText(shipped)
                .Replace("</zone>", $"  <interface name=\"{Nic}\"/>\n</zone>", StringComparison.Ordinal));
            var usual = _layers.Select(l => Path.Combine(l, "usr/lib/firewalld/zones/public.xml")).First(File.Exists);
            Write("etc/firewalld/zones/public.xml", File.ReadAllText(usual));
        }

        void Write(string path, string text)
        {
            var file = Path.Combine(Disk, path);
            File.WriteAllText(file, text);
            File.SetUnixFileMode(file, (UnixFileMode)0b110_100_100);
        }
    }

    /// <summary>Powers the host on and returns when its sshd answers, or at once when its cable is out.</summary>
    public async Task PowerOnAsync(CancellationToken cancellation)
    {
        if (IsOn)
            throw new LabException($"{Name} is on already.");
        _all.Remove();
        _all.CreateParent();
        _inside.Create();
        var supervise = _all.Child("supervise").Create();
        var environment = new Dictionary<string, string>
        {
            ["HOST"] = Name,
            ["FIRST"] = $"{Name} {Nic} br0 {Mac("a1")} {Address} {Address6}",
            ["SECOND"] = _networks < 2 ? "" : string.Join(
                ' ', LabSwitch.SecondPort(Name), LabSwitch.SecondNic, "br1", Mac("a2"),
                LabSwitch.SecondNetwork + _number, LabSwitch.SecondNetwork6 + _number),
            ["DIR"] = Folder,
            ["LOWER"] = string.Join(':', _layers),
            ["DOTNET"] = LabPaths.DotnetRoot,
            ["SWITCH"] = _switch.Netns,
            ["NETNS"] = Namespaces.Host(_lab, Name),
            ["CGROUP"] = _inside.Path,
        };
        // The shell joins the group before it forks, so that there is no moment in which a supervisor runs outside of it.
        const string join = "echo $$ > \"$1/cgroup.procs\" && exec setsid --fork \"$2\"";
        string[] start = ["bash", "-c", join, "start", supervise.Path, Path.Combine(LabPaths.Assets, "supervise.sh")];
        (await Command.RunAsync(start, cancellation, environment: environment)).Check($"Powering {Name} on");
        if (IsLinkUp)
            await WaitForSshAsync(cancellation);
    }

    /// <summary>Presses the power button; who does not answer it is cut.</summary>
    public async Task PowerOffAsync(CancellationToken cancellation)
    {
        if (!IsOn)
            return;
        Signals.Send(Init(), Signals.PowerOff);
        if (IsFrozen || !await Wait.UntilAsync(() => !IsOn, OffDeadline, cancellation))
            await PowerCutAsync(cancellation);
        _all.Remove();
    }

    /// <summary>Pulls the plug. The cable goes first: the kernel answers ARP for a dead host's addresses as long as it has one.</summary>
    public async Task PowerCutAsync(CancellationToken cancellation)
    {
        await _switch.UnplugAsync(Name, cancellation);
        await _inside.KillAsync(cancellation);
        if (!await Wait.UntilAsync(() => !IsOn, CutDeadline, cancellation))
            throw new LabException($"{Name} does not go off; see {ConsoleLog}.");
        _all.Remove();
    }

    /// <summary>Puts the cable in or takes it out; a reboot does not change that.</summary>
    public async Task LinkAsync(bool up, CancellationToken cancellation)
    {
        if (up)
            File.Delete(UnpluggedMark);
        else
            await File.WriteAllTextAsync(UnpluggedMark, "", cancellation);
        if (IsOn)
            await _switch.LinkAsync(Name, Nic, up, cancellation);
    }

    /// <summary>Stops every process of the host where it stands; its kernel still answers ping.</summary>
    public Task FreezeAsync(bool freeze, CancellationToken cancellation) =>
        IsOn ? _inside.FreezeAsync(freeze, cancellation) : throw new LabException($"{Name} is off.");

    string Mac(string network) => $"02:00:ac:10:{network}:" + _number.ToString("x2", CultureInfo.InvariantCulture);

    async Task WaitForSshAsync(CancellationToken cancellation)
    {
        // Before the card is there, a connection attempt would only make the kernel wait for ARP.
        var started = await Wait.UntilAsync(() => _inside.Populated || !IsOn, BootDeadline, cancellation);
        if (!started || !IsOn)
            throw new LabException($"{Name} does not start; see {ConsoleLog}.");
        var knock = $"until {{ exec 3<>/dev/tcp/{Address}/22 && read -rt 2 -u 3; }} 2>/dev/null; do sleep 0.05; done";
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(BootDeadline);
        try
        {
            await Command.RunAsync(_switch.Inside(["bash", "-c", knock]), deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new LabException($"{Name} does not answer on port 22; see {ConsoleLog}.");
        }
    }

    /// <summary>The host's PID 1 as the machine numbers it.</summary>
    IEnumerable<int> Init() => _inside.Processes.Where(pid =>
    {
        try
        {
            var ids = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("NSpid:", StringComparison.Ordinal));
            return ids.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [_, _, .., "1"];
        }
        catch (IOException)
        {
            return false;
        }
    });
}
