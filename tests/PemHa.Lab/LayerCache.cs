using System.Security.Cryptography;
using System.Text;

namespace PemHa.Lab;

/// <summary>The read-only layers under every host's disk, kept between runs under a hash of all that made them.</summary>
sealed class LayerCache(StepLog log)
{
    const int KeptPerKind = 3;

    static readonly string[] NetworkTrouble =
    [
        "Temporary failure", "Could not resolve", "Could not connect", "Unable to connect", "Network is unreachable",
        "Connection timed out", "Connection failed",
    ];

    /// <summary>The layers of a host, uppermost first, built where they are missing.</summary>
    public async Task<IReadOnlyList<string>> EnsureAsync(CancellationToken cancellation)
    {
        var baseKey = Key(["make-base.sh", "base-manners.sh"], []);
        var root = await EnsureAsync("base", baseKey, target => MakeBaseAsync(target, cancellation), cancellation);
        var packages = await EnsureAsync(
            "packages",
            Key(["make-packages.sh", "packages"], [LabPaths.Efm], baseKey),
            target => MakePackagesAsync(root, target, cancellation),
            cancellation);
        return [packages, root];
    }

    async Task MakeBaseAsync(string target, CancellationToken cancellation)
    {
        await Preflight.RequireBuildToolsAsync(log, cancellation);
        await log.StepAsync("base: Debian trixie (first time only)", async note =>
        {
            var result = await Command.RunAsync(
                [.. Apart, Asset("make-base.sh"), Path.Combine(target, "root")], cancellation, onLine: line => NoteStep(line, note));
            if (NetworkTrouble.Any(t => result.Stderr.Contains(t, StringComparison.Ordinal)) && result.ExitCode != 0)
                throw new LabException("The first build of the lab's base needs the network: deb.debian.org cannot be reached.");
            result.Check("Building the lab's base");
        });
    }

    Task MakePackagesAsync(string root, string target, CancellationToken cancellation) =>
        log.StepAsync("packages: stand-ins and repositories", async _ =>
        {
            var result = await Command.RunAsync(
                [.. Apart, Asset("make-packages.sh"), root, Asset("packages"), LabPaths.Efm, target], cancellation);
            result.Check("Building the stand-in packages");
        });

    static async Task<string> EnsureAsync(string kind, string key, Func<string, Task> build, CancellationToken cancellation)
    {
        var folder = Path.Combine(LabPaths.Cache, kind);
        var layer = Path.Combine(folder, key);
        var root = Path.Combine(layer, "root");
        if (!Directory.Exists(layer))
        {
            Directory.CreateDirectory(folder);
            await using var taken = await FileLock.WaitAsync(Path.Combine(LabPaths.Cache, kind + ".lock"), cancellation);
            if (Directory.Exists(layer))
                return root;
            // We hold the lock, so what looks half-built belongs to somebody who died.
            foreach (var dead in Directory.GetDirectories(folder, "*.tmp"))
                await DeleteAsync(dead);
            var target = layer + ".tmp";
            Directory.CreateDirectory(target);
            try
            {
                await build(target);
                Directory.Move(target, layer);
            }
            catch
            {
                await DeleteAsync(target);
                taken.Delete();
                DeleteEmpty(folder);
                DeleteEmpty(LabPaths.Cache);
                throw;
            }
            await PruneAsync(folder);
        }
        Directory.SetLastWriteTimeUtc(layer, DateTime.UtcNow);
        return root;
    }

    /// <summary>What died builders left.</summary>
    public static async Task CleanAsync()
    {
        foreach (var kind in new[] { "base", "packages" })
        {
            var folder = Path.Combine(LabPaths.Cache, kind);
            if (!Directory.Exists(folder) || FileLock.TryTake(Path.Combine(LabPaths.Cache, kind + ".lock")) is not { } taken)
                continue;
            await using (taken)
            {
                foreach (var dead in Directory.GetDirectories(folder, "*.tmp"))
                    await DeleteAsync(dead);
            }
        }
    }

    /// <summary>Every build runs in namespaces of its own, so that a kill leaves neither process nor mount.</summary>
    static string[] Apart => ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"];

    static string Asset(string name) => Path.Combine(LabPaths.Assets, name);

    static void NoteStep(string line, Action<string> note)
    {
        if (line.StartsWith("I: ", StringComparison.Ordinal))
            note(line[3..]);
    }

    static async Task PruneAsync(string folder)
    {
        var used = LabState.All().SelectMany(s => s.Layers).Select(Path.GetDirectoryName).ToHashSet();
        foreach (var old in Directory.GetDirectories(folder).OrderByDescending(Directory.GetLastWriteTimeUtc).Skip(KeptPerKind))
        {
            if (!used.Contains(old))
                await DeleteAsync(old);
        }
    }

    static void DeleteEmpty(string folder)
    {
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }

    static Task DeleteAsync(string folder) => Command.RunAsync(["rm", "-rf", "--one-file-system", folder], CancellationToken.None);

    static string Key(string[] assets, string[] folders, string salt = "")
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(salt));
        foreach (var path in assets.Select(Asset).Concat(folders))
        {
            string[] files = Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories) : [path];
            foreach (var file in files.Order(StringComparer.Ordinal))
            {
                var head = $"{Path.GetRelativePath(path, file)}\n{File.GetUnixFileMode(file)}\n";
                hash.AppendData(Encoding.UTF8.GetBytes(head));
                hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
