using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PemHa.Engine.Checks;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Support;

/// <summary>A thing that a bundle could not bring, and why.</summary>
sealed record BundleMiss(string Item, string Why);

/// <summary>What the bundle says of one host.</summary>
/// <param name="Name">Its name in the description.</param>
/// <param name="Folder">Its folder in the bundle.</param>
/// <param name="DnsName">The name that the connection was made to; null for an address.</param>
sealed record BundleHost(string Name, string Folder, string? DnsName, IReadOnlyList<string> Files, IReadOnlyList<BundleMiss> Misses);

/// <summary>What a bundle says of itself.</summary>
sealed record BundleManifest
{
    public int Format { get; init; }

    /// <summary>When it was saved, UTC.</summary>
    public DateTime Saved { get; init; }

    public string Cluster { get; init; } = "";

    /// <summary>Versions of what saved it: module, PowerShell, runtime, system.</summary>
    public IReadOnlyDictionary<string, string> SavedBy { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<BundleHost> Hosts { get; init; } = [];

    /// <summary>What is missing of the bundle as a whole.</summary>
    public IReadOnlyList<BundleMiss> Misses { get; init; } = [];
}

/// <summary>A bundle that was read.</summary>
/// <param name="Topology">The description of the cluster.</param>
/// <param name="Hosts">What each host answered, by its name.</param>
sealed record BundleContent(BundleManifest Manifest, string Topology, IReadOnlyDictionary<string, RecordedHost> Hosts);

/// <summary>
/// One zip with what support has to know of a cluster: files, statuses, versions and logs of each host, and what the
/// hosts answered to the probes of Get-PemClusterStatus and Test-PemPrerequisite, so that both work on it elsewhere.
/// Read-only, best effort, and without secrets.
/// </summary>
static class SupportBundle
{
    /// <summary>The version of the layout; a reader knows those up to its own.</summary>
    const int Format = 1;

    const string ManifestFile = "manifest.json", TopologyFile = "topology.psd1", AnswersFile = "answers.json", Step = "Save-PemSupportBundle";

    /// <summary>What a reader accepts: of the file, of one entry that it reads, and how many there are.</summary>
    const long MostFile = 256 << 20, MostEntry = 32 << 20;

    const int MostEntries = 10_000, MostJournal = 2 << 20;

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        // For people to read, and never a part of a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Collects from all hosts at once and writes the bundle.</summary>
    /// <param name="topology">The description of the cluster, as a topology file.</param>
    /// <param name="savedBy">Versions of what saves it.</param>
    /// <returns>What could not be brought.</returns>
    public static async Task<BundleManifest> SaveAsync(PemCluster cluster, string topology, IReadOnlyDictionary<string, string> savedBy, Stream file,
        IReporter reporter, int throttleLimit, CancellationToken ct)
    {
        var saved = DateTime.UtcNow;
        // A zip knows even seconds only.
        saved = new DateTime(saved.Year, saved.Month, saved.Day, saved.Hour, saved.Minute, saved.Second / 2 * 2, DateTimeKind.Utc);
        using var slots = new SemaphoreSlim(throttleLimit);
        var hosts = await Task.WhenAll(cluster.Hosts.Select(async (host, i) =>
        {
            await slots.WaitAsync(ct);
            try
            {
                reporter.Progress(host, Step, "collecting", -1);
                return await CollectAsync(host, string.Create(CultureInfo.InvariantCulture, $"hosts/{i + 1:00}-{Plain(host.Name)}"), reporter, ct);
            }
            finally
            {
                reporter.Progress(host, Step, "", null);
                slots.Release();
            }
        }));
        var mask = Masking(cluster.Hosts.Select(h => h.Session).OfType<IProbeSession>().Select(s => s.Redactor));
        var misses = new List<BundleMiss>();
        var entries = new List<(string Name, string Text)> { (TopologyFile, BundleMask.Topology(topology)) };
        if (Journal(cluster, misses) is { } journal) entries.Add(("journal.jsonl", mask(journal)));
        var manifest = new BundleManifest
        {
            Format = Format,
            Saved = saved,
            Cluster = cluster.Name,
            SavedBy = savedBy,
            Hosts = [.. hosts.Select(h => h.Host)],
            Misses = misses,
        };
        entries.Insert(0, (ManifestFile, Text(manifest)));
        entries.Insert(1, ("misses.txt", string.Concat(misses.Select(m => $"{m.Item}: {m.Why}\n")
            .Concat(hosts.SelectMany(h => h.Host.Misses.Select(m => $"{h.Host.Name}: {m.Item}: {m.Why}\n"))))));
        entries.AddRange(hosts.SelectMany(h => h.Entries));
        using var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (name, text) in entries)
        {
            var entry = zip.CreateEntry(name, CompressionLevel.SmallestSize);
            entry.LastWriteTime = new DateTimeOffset(saved);
            using var writer = new StreamWriter(entry.Open(), new UTF8Encoding(false));
            writer.Write(text);
        }
        return manifest;
    }

    static string Text<T>(T value) => JsonSerializer.Serialize(value, Json).Replace("\r\n", "\n", StringComparison.Ordinal) + "\n";

    static string Plain(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_'));

    static Func<string, string> Masking(IEnumerable<Redactor> redactors)
    {
        var all = redactors.ToList();
        return text => BundleMask.Common(all.Aggregate(text, (t, r) => r.Redact(t)));
    }

    static async Task<(BundleHost Host, IReadOnlyList<(string Name, string Text)> Entries)> CollectAsync(PemHost host, string folder, IReporter reporter, CancellationToken ct)
    {
        var (entries, misses) = (new List<(string Name, string Text)>(), new List<BundleMiss>());
        RecordingSession? recording = null;
        IProbeSession Record(PemHost of) => recording ??= new RecordingSession(SshSession.Of(of), Masking([SshSession.Of(of).Redactor]));
        var status = await StatusReader.LookAsync(host, efm: true, ct, Record);
        var checks = await PrerequisiteReader.LookAsync(host, PrerequisiteReader.Checks(host.Cluster), reporter, ct, Record);
        var trouble = host.Session is null ? StatusReader.NotConnected : status.Trouble;
        var silent = checks.Connection.State != PemCheckState.Passed ? checks.Connection : null;
        var answers = new RecordedHost
        {
            Way = recording?.Way ?? "",
            Clock = recording?.Clock ?? "",
            StatusTrouble = trouble?.Message,
            StatusRemedy = trouble?.Remedy ?? "",
            CheckTrouble = silent?.Why,
            CheckRemedy = silent?.Remedy ?? "",
            Answers = recording?.Answers ?? new Dictionary<string, RecordedAnswer>(),
        };
        entries.Add(($"{folder}/{AnswersFile}", Text(answers)));
        try
        {
            await ItemsAsync(host, folder, entries, misses, reporter, ct);
        }
        catch (PemException e)
        {
            misses.Add(new BundleMiss("everything else", e.Message));
        }
        catch (TimeoutException)
        {
            misses.Add(new BundleMiss("everything else", $"it did not answer within {Patience.TotalMinutes:0} minutes"));
        }
        return (new BundleHost(host.Name, folder, host.DnsName, [.. entries.Select(e => e.Name[(folder.Length + 1)..])], misses), entries);
    }

    static async Task ItemsAsync(PemHost host, string folder, List<(string Name, string Text)> entries, List<BundleMiss> misses, IReporter reporter, CancellationToken ct)
    {
        var session = SshSession.Of(host);
        var script = new RemoteScript(Prelude.For(host.Cluster) + SupportItem.Functions, null);
        var items = SupportItem.All(host.Cluster);
        foreach (var item in items) script.Add(item.Fragment, stopsOnFailure: false);
        reporter.Command($"{host.Name}:\n{session.Redactor.Redact(script.Fragments)}");
        var results = await session.RunAsync(script, ct).WaitAsync(Patience, ct);
        foreach (var (item, i) in items.Select((item, i) => (item, i)))
        {
            string Clean(string text) => item.Redaction(session.Redactor.Redact(text));
            if (i >= results.Count)
            {
                misses.Add(new BundleMiss(item.Name, "the answer ended before it"));
                continue;
            }
            var (exit, output, error) = results[i];
            var why = Clean(error).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
            // What is cut off ends with an error of its own.
            if (Encoding.UTF8.GetByteCount(output) >= item.Most) misses.Add(new BundleMiss(item.Name, $"all but the first {item.Most >> 10} kB"));
            else if (exit != 0) misses.Add(new BundleMiss(item.Name, why ?? string.Create(CultureInfo.InvariantCulture, $"it ended with status {exit}")));
            else if (string.IsNullOrWhiteSpace(output)) misses.Add(new BundleMiss(item.Name, why ?? "there is nothing"));
            // What was printed before it failed may say why.
            if (!string.IsNullOrWhiteSpace(output)) entries.Add(($"{folder}/{item.Name}", Clean(output)));
        }
    }

    /// <summary>The end of the journal on this machine.</summary>
    static string? Journal(PemCluster cluster, List<BundleMiss> misses)
    {
        if (cluster.JournalPath is not { } path)
        {
            misses.Add(new BundleMiss("journal.jsonl", "the cluster is described without a journal"));
            return null;
        }
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Seek(-Math.Min(file.Length, MostJournal), SeekOrigin.End);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            misses.Add(new BundleMiss("journal.jsonl", e.Message));
            return null;
        }
    }

    /// <summary>
    /// Reads a bundle. Nothing is unpacked, so no name in it can lead anywhere, and what is too large is not read to
    /// its end.
    /// </summary>
    /// <param name="name">What it is called in errors.</param>
    /// <exception cref="PemException">It is not a bundle, or not one that this version reads.</exception>
    public static BundleContent Read(Stream file, string name)
    {
        try
        {
            if (file.Length > MostFile) throw Unusable("it is larger than any bundle");
            using var zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            if (zip.Entries.Count > MostEntries) throw Unusable("it holds more files than any bundle");
            var entries = new Dictionary<string, ZipArchiveEntry>(StringComparer.Ordinal);
            foreach (var entry in zip.Entries)
            {
                var path = entry.FullName;
                if (path.StartsWith('/') || path.Contains('\\', StringComparison.Ordinal) || path.Contains(':', StringComparison.Ordinal) || path.Split('/').Contains(".."))
                    throw Unusable($"it holds a file outside of it: {path}");
                if (!entries.TryAdd(path, entry)) throw Unusable($"it holds {path} twice");
            }
            var manifest = Parse<BundleManifest>(ManifestFile);
            if (manifest.Format < 1) throw Unusable("its manifest.json names no format");
            if (manifest.Format > Format)
                throw Unusable(string.Create(CultureInfo.InvariantCulture, $"its format is {manifest.Format}, and this version of PemHa reads up to {Format}"));
            if (manifest.Hosts is null || manifest.Hosts.Any(h => h?.Name is null || h.Folder is null)) throw Unusable("its manifest.json names no hosts");
            if (manifest.Hosts.DistinctBy(h => h.Name).Count() != manifest.Hosts.Count) throw Unusable("its manifest.json names a host twice");
            var hosts = manifest.Hosts.ToDictionary(h => h.Name, h => Parse<RecordedHost>($"{h.Folder}/{AnswersFile}"), StringComparer.Ordinal);
            if (hosts.Values.Any(h => h.Answers is null || h.Answers.Values.Any(a => a?.Facts is null || a.Facts.Any(f => f?.Name is null))))
                throw Unusable("it holds answers that are none");
            return new BundleContent(manifest, Text(TopologyFile), hosts);

            T Parse<T>(string path) => JsonSerializer.Deserialize<T>(Text(path), Json) ?? throw Unusable($"its {path} is empty");

            string Text(string path)
            {
                if (!entries.TryGetValue(path, out var entry)) throw Unusable($"it holds no {path}");
                // What the directory says of sizes need not be true.
                using var content = entry.Open();
                using var memory = new MemoryStream();
                var buffer = new byte[81920];
                for (int read; (read = content.Read(buffer)) > 0;)
                {
                    if (memory.Length + read > MostEntry) throw Unusable($"its {path} is larger than {MostEntry >> 20} MB");
                    memory.Write(buffer, 0, read);
                }
                return Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length);
            }
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or NotSupportedException or EndOfStreamException or ArgumentException or InvalidOperationException)
        {
            throw Unusable(e is JsonException ? $"a file in it is not valid JSON: {e.Message}" : $"it is damaged, or not a zip: {e.Message}", e);
        }

        PemException Unusable(string why, Exception? inner = null) => new("BundleUnusable", Trouble.InvalidArgument, $"{name} is not a bundle that can be read: {why}.",
            "Give a file that Save-PemSupportBundle wrote, as it was sent.", inner);
    }
}
