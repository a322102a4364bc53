using System.Text.RegularExpressions;

namespace PemHa.Lab;

/// <summary>The names of a lab's network namespaces and control groups, and the two mounts they live under.</summary>
static partial class Namespaces
{
    const string NetnsFolder = "/run/netns";
    static readonly string NetnsMark = Path.Combine(LabPaths.State, ".made-run-netns");
    static readonly string OwnCgroupMount = Path.Combine(LabPaths.State, ".cgroup2");

    /// <summary>The switch, and the controller's place: everything under test runs inside it.</summary>
    public static string Switch(string lab) => $"pemha-{lab}-sw";

    public static string Host(string lab, string host) => $"pemha-{lab}-{host}";

    public static string Handle(string netns) => Path.Combine(NetnsFolder, netns);

    public static Cgroup Cgroup(string lab) => new(Path.Combine(CgroupRoot() ?? OwnCgroupMount, $"pemha-{lab}"));

    /// <summary>All network namespaces of one lab that exist.</summary>
    public static IEnumerable<string> OfLab(string lab) => All().Where(n => LabOf(n) == lab);

    /// <summary>Every lab that has left a name in the kernel.</summary>
    public static IEnumerable<string> Labs()
    {
        var groups = CgroupRoot() is not { } root ? []
            : Directory.GetDirectories(root, "pemha-*").Select(d => Path.GetFileName(d)["pemha-".Length..]);
        return All().Select(LabOf).OfType<string>().Concat(groups).Distinct();
    }

    /// <summary>What must be there before the first lab; remembers what was not, to take it away again.</summary>
    public static async Task PrepareAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(LabPaths.State);
        if (!IsMountPoint(NetnsFolder))
            await File.WriteAllTextAsync(NetnsMark, LabState.CurrentBoot, cancellation);
        if (CgroupRoot() is null)
        {
            Directory.CreateDirectory(OwnCgroupMount);
            (await Command.RunAsync(["mount", "-t", "cgroup2", "cgroup2", OwnCgroupMount], cancellation)).Check("Mounting cgroup2");
        }
    }

    /// <summary>Takes away what <see cref="PrepareAsync"/> made, once no lab uses it.</summary>
    public static async Task ReleaseAsync()
    {
        if (IsMountPoint(OwnCgroupMount) && Directory.GetDirectories(OwnCgroupMount, "pemha-*").Length == 0)
            await Command.RunAsync(["umount", OwnCgroupMount], CancellationToken.None);
        if (Directory.Exists(OwnCgroupMount) && !IsMountPoint(OwnCgroupMount))
            Directory.Delete(OwnCgroupMount);
        if (File.Exists(NetnsMark) && !All().Any())
        {
            if (await File.ReadAllTextAsync(NetnsMark) == LabState.CurrentBoot)
                await Command.RunAsync(["umount", NetnsFolder], CancellationToken.None);
            File.Delete(NetnsMark);
        }
        if (Directory.Exists(LabPaths.State) && !Directory.EnumerateFileSystemEntries(LabPaths.State).Any())
            Directory.Delete(LabPaths.State);
    }

    static IEnumerable<string> All() =>
        Directory.Exists(NetnsFolder) ? Directory.GetFiles(NetnsFolder).Select(f => Path.GetFileName(f)) : [];

    static string? LabOf(string netns) => NetnsName().Match(netns) is { Success: true } match ? match.Groups["lab"].Value : null;

    static bool IsMountPoint(string folder) => Mounts().Any(m => m.Point == folder);

    static string? CgroupRoot() => Mounts().Where(m => m.Type == "cgroup2").Select(m => m.Point).FirstOrDefault();

    static IEnumerable<(string Point, string Type)> Mounts() =>
        File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')).Select(field => (field[1], field[2]));

    [GeneratedRegex("^pemha-(?<lab>.+)-(sw|(node|witness)[0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex NetnsName();
}
