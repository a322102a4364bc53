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

/// <summary>An item that is missing from a bundle or incomplete, and why.</summary>
sealed record BundleMiss(string Item, string Why);

/// <summary>The entry of one host in the manifest.</summary>
/// <param name="Name">Its name in the description.</param>
/// <param name="Folder">Its folder in the bundle.</param>
/// <param name="DnsName">The name that the connection was made to; null for an address.</param>
sealed record BundleHost(
    string Name,
    string Folder,
    string? DnsName,
    IReadOnlyList<string> Files,
    IReadOnlyList<BundleMiss> Misses);

/// <summary>The manifest of a bundle.</summary>
sealed record BundleManifest
{
    public int Format { get; init; }

    /// <summary>When the bundle was saved, in UTC.</summary>
    public DateTime Saved { get; init; }

    public string Cluster { get; init; } = "";

    /// <summary>The versions of the module, PowerShell, the runtime and the system that saved it.</summary>
    public IReadOnlyDictionary<string, string> SavedBy { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<BundleHost> Hosts { get; init; } = [];

    /// <summary>The missing items that belong to no host.</summary>
    public IReadOnlyList<BundleMiss> Misses { get; init; } = [];
}

/// <summary>The contents of a bundle.</summary>
/// <param name="Topology">The description of the cluster, as a topology file.</param>
/// <param name="Hosts">The recorded answers of each host, by the host's name.</param>
sealed record BundleContent(BundleManifest Manifest, string Topology, IReadOnlyDictionary<string, RecordedHost> Hosts);

/// <summary>
/// One zip file with the information about a cluster that support needs: files, statuses, versions and logs of each
/// host, and the hosts' answers to the probes of Get-PemClusterStatus and Test-PemPrerequisite, so that both commands
/// work on the bundle elsewhere. Read-only, best effort, and without secrets.
/// </summary>
static class SupportBundle
{
    /// <summary>The version of the layout; a reader accepts versions up to its own.</summary>
    const int Format = 1;

    const string ManifestFile = "manifest.json";

    const string TopologyFile = "topology.psd1";

    const string AnswersFile = "answers.json";

    const string Step = "Save-PemSupportBundle";

    /// <summary>What a reader accepts: the size of the file and of an entry, and the number of entries.</summary>
    const long MostFile = 256 << 20, MostEntry = 32 << 20;

    const int MostEntries = 10_000, MostJournal = 2 << 20;

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        // The file is for people to read and is never embedded in a web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Collects from all hosts in parallel and writes the bundle.</summary>
    /// <param name="topology">The description of the cluster, as a topology file.</param>
    /// <param name="savedBy">The versions that <see cref="BundleManifest.SavedBy"/> lists.</param>
    /// <returns>The manifest, which lists what is missing.</returns>
    public static async Task<BundleManifest> SaveAsync(
        PemCluster cluster,
        string topology,
        IReadOnlyDictionary<string, string> savedBy,
        Stream file,
        IReporter reporter,
        int throttleLimit,
        CancellationToken ct)
    {
        var saved = EvenSecond(DateTime.UtcNow);
        var hosts = await reporter.QueryAllAsync(
            cluster, Step, "collecting", throttleLimit,
            (host, index) => CollectAsync(host, FolderOf(host, index), reporter, ct), ct);
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
        var ofCluster = misses.Select(m => $"{m.Item}: {m.Why}\n");
        var ofHosts = hosts.SelectMany(h => h.Host.Misses.Select(m => $"{h.Host.Name}: {m.Item}: {m.Why}\n"));
        entries.Insert(0, (ManifestFile, Text(manifest)));
        entries.Insert(1, ("misses.txt", string.Concat(ofCluster.Concat(ofHosts))));
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

    /// <summary>Rounds down to an even second, as a zip file stores only those.</summary>
    static DateTime EvenSecond(DateTime time) =>
        new(time.Year, time.Month, time.Day, time.Hour, time.Minute, time.Second / 2 * 2, DateTimeKind.Utc);

    static string FolderOf(PemHost host, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"hosts/{index + 1:00}-{Plain(host.Name)}");

    static string Text<T>(T value) =>
        JsonSerializer.Serialize(value, Json).Replace("\r\n", "\n", StringComparison.Ordinal) + "\n";

    static string Plain(string name) =>
        string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_'));

    static Func<string, string> Masking(IEnumerable<Redactor> redactors)
    {
        var all = redactors.ToList();
        return text => BundleMask.Common(all.Aggregate(text, (t, r) => r.Redact(t)));
    }

    static async Task<(BundleHost Host, IReadOnlyList<(string Name, string Text)> Entries)> CollectAsync(
        PemHost host,
        string folder,
        IReporter reporter,
        CancellationToken ct)
    {
        var (entries, misses) = (new List<(string Name, string Text)>(), new List<BundleMiss>());
        RecordingSession? recording = null;
        IProbeSession Record(PemHost of) =>
            recording ??= new RecordingSession(SshSession.Of(of), Masking([SshSession.Of(of).Redactor]));
        var status = await StatusReader.LookAsync(host, efm: true, ct, Record);
        var checks = await PrerequisiteReader.LookAsync(
            host, PrerequisiteReader.Checks(host.Cluster), reporter, ct, Record);
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
            misses.Add(new BundleMiss(
                "everything else", $"it did not answer within {Patience.TotalMinutes:0} minutes"));
        }
        string[] files = [.. entries.Select(e => e.Name[(folder.Length + 1)..])];
        return (new BundleHost(host.Name, folder, host.DnsName, files, misses), entries);
    }

    static async Task ItemsAsync(
        PemHost host,
        string folder,
        List<(string Name, string Text)> entries,
        List<BundleMiss> misses,
        IReporter reporter,
        CancellationToken ct)
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
            var (_, output, error) = results[i];
            if (WhyMissing(item, results[i], Clean(error)) is { } why) misses.Add(new BundleMiss(item.Name, why));
            // Keep the output of a failed item as well: it may contain the reason.
            if (!string.IsNullOrWhiteSpace(output)) entries.Add(($"{folder}/{item.Name}", Clean(output)));
        }
    }

    /// <summary>Why an item is missing, or not complete; null when it is complete.</summary>
    static string? WhyMissing(SupportItem item, FragmentResult result, string error)
    {
        const StringSplitOptions Split = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

        // Test the size before the exit status: a program whose output is cut off fails.
        if (Encoding.UTF8.GetByteCount(result.Output) >= item.Most) return $"all but the first {item.Most >> 10} kB";
        var why = error.Split('\n', Split).LastOrDefault();
        if (result.ExitCode != 0)
            return why ?? string.Create(CultureInfo.InvariantCulture, $"it ended with status {result.ExitCode}");
        return string.IsNullOrWhiteSpace(result.Output) ? why ?? "there is nothing" : null;
    }

    /// <summary>The last part of the journal on this machine.</summary>
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
    /// Reads a bundle. Nothing is unpacked, so the names of its entries are harmless, and reading stops at an entry
    /// that is too large.
    /// </summary>
    /// <param name="name">The name of the bundle in error messages.</param>
    /// <exception cref="PemException">The file is not a bundle, or its format is newer than this version of PemHa
    /// supports.</exception>
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
                if (path.StartsWith('/') || path.AsSpan().ContainsAny('\\', ':') || path.Split('/').Contains(".."))
                    throw Unusable($"it holds a file outside of it: {path}");
                if (!entries.TryAdd(path, entry)) throw Unusable($"it holds {path} twice");
            }
            var manifest = Parse<BundleManifest>(ManifestFile);
            if (manifest.Format < 1) throw Unusable("its manifest.json names no format");
            if (manifest.Format > Format)
            {
                throw Unusable(string.Create(CultureInfo.InvariantCulture,
                    $"its format is {manifest.Format}, and this version of PemHa reads up to {Format}"));
            }
            if (manifest.Hosts is null || manifest.Hosts.Any(h => h?.Name is null || h.Folder is null))
                throw Unusable("its manifest.json names no hosts");
            if (manifest.Hosts.DistinctBy(h => h.Name).Count() != manifest.Hosts.Count)
                throw Unusable("its manifest.json names a host twice");
            var hosts = manifest.Hosts.ToDictionary(
                h => h.Name,
                h => Parse<RecordedHost>($"{h.Folder}/{AnswersFile}"),
                StringComparer.Ordinal);
            if (!hosts.Values.All(IsComplete)) throw Unusable("it holds answers that are none");
            return new BundleContent(manifest, Text(TopologyFile), hosts);

            T Parse<T>(string path) =>
                JsonSerializer.Deserialize<T>(Text(path), Json) ?? throw Unusable($"its {path} is empty");

            string Text(string path)
            {
                if (!entries.TryGetValue(path, out var entry)) throw Unusable($"it holds no {path}");
                // The sizes in the zip's directory cannot be trusted.
                using var content = entry.Open();
                using var memory = new MemoryStream();
                var buffer = new byte[81920];
                for (int read; (read = content.Read(buffer)) > 0;)
                {
                    if (memory.Length + read > MostEntry)
                        throw Unusable($"its {path} is larger than {MostEntry >> 20} MB");
                    memory.Write(buffer, 0, read);
                }
                return Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length);
            }
        }
        catch (JsonException e)
        {
            throw Unusable($"a file in it is not valid JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or EndOfStreamException
            or ArgumentException or InvalidOperationException)
        {
            throw Unusable($"it is damaged, or not a zip: {e.Message}", e);
        }

        PemException Unusable(string why, Exception? inner = null) => new("BundleUnusable", Trouble.InvalidArgument,
            $"{name} is not a bundle that can be read: {why}.",
            "Give a file that Save-PemSupportBundle wrote, as it was sent.", inner);
    }

    /// <summary>Whether no part is null, as JSON from elsewhere may have it.</summary>
    static bool IsComplete(RecordedHost host) =>
        host.Answers is not null
        && host.Answers.Values.All(a => a?.Facts is not null && a.Facts.All(f => f?.Name is not null));
}
