namespace PemHa.Lab;

/// <summary>Who owns a lab, whether it lives, and how everything of it is removed by its name alone.</summary>
static class LabLife
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    /// <summary>Makes this process the owner of a lab's name until it disposes the lock or dies; null when another one is.</summary>
    static FileLock? TryOwn(string name) => FileLock.TryTake(LockOf(name));

    public static FileLock Own(string name) =>
        TryOwn(name) ?? throw new LabException($"The lab '{name}' belongs to another process, which is still running.");

    /// <summary>Whether a lab that nobody owns is still meant to be there.</summary>
    public static bool IsAlive(LabState? state) =>
        state is { Kept: true } && state.BootId == LabState.CurrentBoot && File.Exists(Namespaces.Handle(Namespaces.Switch(state.Name)));

    /// <summary>Every name that has left something, in the kernel or on disk.</summary>
    public static IReadOnlyList<string> Names()
    {
        var locks = !Directory.Exists(LabPaths.State) ? []
            : Directory.GetFiles(LabPaths.State, "*.lock").Select(f => Path.GetFileNameWithoutExtension(f));
        return [.. Namespaces.Labs().Concat(LabState.Names()).Concat(locks).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Removes all labs that have no owner and that nobody kept; gives their names, and those of the labs it left alone.</summary>
    public static async Task<(IReadOnlyList<string> Removed, IReadOnlyList<string> Left)> CleanAsync()
    {
        var (removed, left) = (new List<string>(), new List<string>());
        foreach (var name in Names())
        {
            if (IsAlive(LabState.Read(name)) || TryOwn(name) is not { } owner)
            {
                left.Add(name);
                continue;
            }
            await using (owner)
                await RemoveAsync(name, owner);
            removed.Add(name);
        }
        await LayerCache.CleanAsync();
        return (removed, left);
    }

    /// <summary>Kills and removes everything that carries the lab's name. Works on halves of a lab just as well.</summary>
    public static async Task RemoveAsync(string name, FileLock? owner = null)
    {
        var group = Namespaces.Cgroup(name);
        await group.KillAsync(CancellationToken.None);
        group.Remove();
        foreach (var netns in Namespaces.OfLab(name).ToArray())
        {
            await KillInsideAsync(netns);
            await Command.RunAsync(["ip", "netns", "del", netns], CancellationToken.None);
        }
        var folder = LabPaths.StateOf(name);
        if (Directory.Exists(folder))
            (await Command.RunAsync(["rm", "-rf", "--one-file-system", folder], CancellationToken.None)).Check($"Removing {folder}");
        owner?.Delete();
        await Namespaces.ReleaseAsync();
    }

    /// <summary>Programs that were entered into the lab would keep its network alive without a name.</summary>
    static async Task KillInsideAsync(string netns)
    {
        var listed = await Command.RunAsync(["ip", "netns", "pids", netns], CancellationToken.None);
        int[] pids = [.. listed.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        Signals.Send(pids, Signals.Kill);
        await Wait.UntilAsync(() => pids.All(IsGone), Deadline, CancellationToken.None);
    }

    static bool IsGone(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    static string LockOf(string name) => Path.Combine(LabPaths.State, name + ".lock");
}
