using System.Text.Json;

namespace PemHa.Lab;

/// <summary>What a lab that is up tells other processes about itself: lab.json in its state folder.</summary>
/// <param name="Name">The lab's name.</param>
/// <param name="Hosts">Names and addresses of its hosts.</param>
/// <param name="Layers">The read-only layers under the hosts' disks, uppermost first.</param>
/// <param name="BootId">The machine's boot that it belongs to: no lab outlives it.</param>
/// <param name="Kept">Whether it stays up though the process that made it has ended.</param>
/// <param name="Networks">How many networks, and cards in each host, there are.</param>
sealed record LabState(
    string Name, IReadOnlyList<LabState.Host> Hosts, IReadOnlyList<string> Layers, string BootId, bool Kept, int Networks)
{
    static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>
    /// A host's name, the last part of its addresses, what its first network card is called, and the read-only disks of its own between
    /// the one that it writes and the layers, uppermost first.
    /// </summary>
    public sealed record Host(string Name, int Number, string Nic, IReadOnlyList<string> Disks);

    public static string CurrentBoot => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    public static LabState? Read(string name)
    {
        try
        {
            return JsonSerializer.Deserialize<LabState>(File.ReadAllText(FileOf(name)));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>All labs that have a folder and can be read.</summary>
    public static IEnumerable<LabState> All() => Names().Select(Read).OfType<LabState>();

    /// <summary>All names that have a folder.</summary>
    public static IEnumerable<string> Names() =>
        Directory.Exists(LabPaths.State)
            ? Directory.GetDirectories(LabPaths.State).Select(d => Path.GetFileName(d)).Where(n => !n.StartsWith('.'))
            : [];

    public void Write()
    {
        var file = FileOf(Name);
        File.WriteAllText(file + ".new", JsonSerializer.Serialize(this, Json));
        File.Move(file + ".new", file, overwrite: true);
    }

    static string FileOf(string name) => Path.Combine(LabPaths.StateOf(name), "lab.json");
}
