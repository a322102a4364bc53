namespace PemHa.Lab;

/// <summary>A group of processes in the kernel's cgroup2 tree: what is killed, frozen and counted together.</summary>
sealed class Cgroup(string path)
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public string Path { get; } = path;

    public bool Exists => Directory.Exists(Path);

    /// <summary>Whether any process lives in it or below.</summary>
    public bool Populated => Event("populated");

    public bool Frozen => Event("frozen");

    /// <summary>All processes in it and below, as the machine numbers them.</summary>
    public IEnumerable<int> Processes =>
        Exists ? Directory.EnumerateFiles(Path, "cgroup.procs", SearchOption.AllDirectories).SelectMany(ReadLines).Select(int.Parse) : [];

    public Cgroup Child(string name) => new(System.IO.Path.Combine(Path, name));

    public Cgroup Create()
    {
        Directory.CreateDirectory(Path);
        return this;
    }

    /// <summary>
    /// Makes it and hands the controllers that there are on to its children, so that the hosts' units can be limited. No process can
    /// live in it itself then, only in its children.
    /// </summary>
    public Cgroup CreateParent()
    {
        Create();
        var controllers = ReadLines(System.IO.Path.Combine(Path, "cgroup.controllers"));
        foreach (var controller in controllers.SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            TryWrite("cgroup.subtree_control", "+" + controller);
        return this;
    }

    public async Task FreezeAsync(bool freeze, CancellationToken cancellation)
    {
        TryWrite("cgroup.freeze", freeze ? "1" : "0");
        if (!await Wait.UntilAsync(() => Frozen == freeze, Deadline, cancellation))
            throw new LabException($"The processes in {Path} cannot be {(freeze ? "frozen" : "thawed")}.");
    }

    /// <summary>kill -9 for every process in it, frozen ones too; returns when none is left.</summary>
    public async Task KillAsync(CancellationToken cancellation)
    {
        if (!Exists)
            return;
        var atOnce = File.Exists(System.IO.Path.Combine(Path, "cgroup.kill"));
        if (atOnce)
            TryWrite("cgroup.kill", "1");
        var gone = await Wait.UntilAsync(
            () =>
            {
                // Kernels before 5.14: a process that forks meanwhile is met in the next round.
                if (!atOnce)
                    Signals.Send(Processes, Signals.Kill);
                return !Populated;
            },
            Deadline,
            cancellation);
        if (!gone)
            throw new LabException($"Processes in {Path} do not die.");
    }

    /// <summary>Removes it and what is below; nobody may live in it any more.</summary>
    public void Remove()
    {
        if (!Exists)
            return;
        foreach (var child in Directory.GetDirectories(Path))
            new Cgroup(child).Remove();
        Directory.Delete(Path);
    }

    static IEnumerable<string> ReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (IOException)
        {
            // The group went away between listing and reading.
            return [];
        }
    }

    bool Event(string name) => Exists && ReadLines(System.IO.Path.Combine(Path, "cgroup.events")).Contains(name + " 1");

    void TryWrite(string file, string text)
    {
        try
        {
            File.WriteAllText(System.IO.Path.Combine(Path, file), text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not on this kernel, or gone meanwhile: the caller looks at what became of it.
        }
    }
}
