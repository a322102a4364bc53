namespace PemHa.Lab;

/// <summary>
/// The disks of a lab's hosts as they were at one moment, kept as read-only layers: any number of labs can begin from them at once, each
/// as if its hosts had been shut down then and switched on again. They lie in the folder of the lab that they came from, and go with it.
/// </summary>
/// <param name="Folder">Where they lie; whoever keeps more than disks puts it there too.</param>
/// <param name="State">What the lab was: hosts with their kept disks, layers, networks.</param>
sealed record LabDisks(string Folder, LabState State)
{
    static readonly string[] Identity = ["key", "key.pub", "known_hosts", "hosts.txt"];

    /// <summary>Keeps the disks of a lab whose hosts are off, and gives the hosts new ones above them.</summary>
    public static LabDisks Keep(LabState state, string title)
    {
        var folder = Path.Combine(LabPaths.StateOf(state.Name), "kept", title);
        Directory.CreateDirectory(folder);
        foreach (var file in Identity)
            File.Copy(Path.Combine(LabPaths.StateOf(state.Name), file), Path.Combine(folder, file));
        var hosts = state.Hosts.Select(host =>
        {
            var kept = Path.Combine(folder, host.Name);
            Directory.Move(LabHost.DiskOf(state.Name, host.Name), kept);
            LabHost.MakeDisk(state.Name, host.Name);
            return host with { Disks = [kept, .. host.Disks] };
        });
        return new LabDisks(folder, state with { Hosts = [.. hosts] });
    }

    /// <summary>Makes a new lab's folder of them: its hosts are the same hosts, with the same keys.</summary>
    public LabState Unfold(string name)
    {
        foreach (var file in Identity)
            File.Copy(Path.Combine(Folder, file), Path.Combine(LabPaths.StateOf(name), file));
        foreach (var host in State.Hosts)
            LabHost.MakeDisk(name, host.Name);
        return State with { Name = name, Kept = false };
    }
}
