using System.Diagnostics;
using System.Globalization;

namespace PemHa.Lab.Efm;

/// <summary>
/// <c>efm upgrade-conf</c>: the properties and nodes files of an earlier version, rewritten as files of this version.
/// Without -source it uses the newest earlier version, needs root, and makes efm the owner of the files. An existing
/// file is kept, with the time appended to its name [O40, O42, O44].
/// </summary>
static class UpgradeConf
{
    internal static int Run(string cluster, string[] options)
    {
        var source = options is ["-source", var given] ? given : null;
        if (options.Length > 0 && source is null) return Fail($"Invalid option: {options[0]}");
        var ours = source is null || source.StartsWith("/etc/edb/efm-", StringComparison.Ordinal);
        if (ours && Environment.UserName != "root") return Fail("This command must be run as root.");
        source ??= Earlier(cluster);
        if (source is null || !File.Exists(Path.Combine(source, cluster + ".properties")))
            return Fail($"No files of an earlier version were found for cluster {cluster}.");
        // The files of any other directory are written to the current directory.
        var target = ours ? StandIn.ConfigDirectory : Directory.GetCurrentDirectory();
        var old = EfmProperties.Read(File.ReadAllText(Path.Combine(source, cluster + ".properties")));
        var sample = File.ReadAllText(Path.Combine(StandIn.ConfigDirectory, "efm.properties.in"));
        Write(Path.Combine(target, cluster + ".properties"), Filled(sample, old), ours);
        var nodes = cluster + ".nodes";
        Write(Path.Combine(target, nodes), File.ReadAllText(Path.Combine(source, nodes)), ours);
        var added = EfmProperties.Read(sample).Keys.Except(old.Keys).ToList();
        Console.WriteLine($"Processing {cluster}.properties and {cluster}.nodes of {source}.");
        if (added.Count > 0) Console.WriteLine($"The following properties were added: {string.Join(' ', added)}");
        Console.WriteLine($"Upgrade of files is finished. The new files are in {target}.");
        return 0;
    }

    /// <summary>
    /// The configuration directory of the newest earlier version that has the cluster's properties file.
    /// </summary>
    static string? Earlier(string cluster) => Directory.GetDirectories("/etc/edb", "efm-*")
        .Select(d => (Directory: d, Version: VersionOf(d)))
        .Where(d => d.Version < Version.Parse(StandIn.Version))
        .Where(d => File.Exists(Path.Combine(d.Directory, cluster + ".properties")))
        .OrderByDescending(d => d.Version)
        .FirstOrDefault().Directory;

    static Version? VersionOf(string directory) =>
        Version.TryParse(Path.GetFileName(directory)["efm-".Length..], out var version) ? version : null;

    static string Filled(string sample, Dictionary<string, string> old)
    {
        return string.Join('\n', sample.Split('\n').Select(Line));

        string Line(string line) =>
            line.Split('=') is [var name, _, ..] && !line.StartsWith('#') && old.TryGetValue(name, out var value)
                ? $"{name}={value}"
                : line;
    }

    static void Write(string path, string text, bool toEfm)
    {
        var time = DateTime.UtcNow.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);
        if (File.Exists(path)) File.Move(path, $"{path}.{time}");
        File.WriteAllText(path, text);
        if (!toEfm) return;
        using var chown = Process.Start("chown", ["efm:efm", path]);
        chown.WaitForExit();
    }

    static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 1;
    }
}
