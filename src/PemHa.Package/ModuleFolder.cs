using System.Collections;
using System.Management.Automation.Language;

namespace PemHa.Package;

/// <summary>The module as it is installed: one folder with everything beside the manifest.</summary>
/// <param name="Folder">Where it is.</param>
/// <param name="Manifest">What the manifest in it says.</param>
sealed record ModuleFolder(string Folder, Hashtable Manifest)
{
    /// <summary>What a user of the module has no use for.</summary>
    static readonly string[] NotShipped = ["docs/en-US/", "docs/coverage.md"];

    /// <summary>Every file, by its path in the folder with forward slashes, in the order of the characters' numbers.</summary>
    public IReadOnlyList<string> Files => FilesIn(Folder);

    /// <summary>Makes it anew out of a checkout and the assemblies that were built there.</summary>
    public static ModuleFolder Make(string checkout, string assemblies, string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        foreach (var dll in Directory.GetFiles(assemblies, "*.dll")) Copy(dll, Path.Combine(folder, "bin", Path.GetFileName(dll)));
        foreach (var file in new[] { "LICENSE", "README.md", "CHANGELOG.md", "THIRD-PARTY-NOTICES.md" })
            Copy(Path.Combine(checkout, file), Path.Combine(folder, file));
        var module = Path.Combine(checkout, "src", "Module");
        foreach (var file in FilesIn(module).Where(f => !f.StartsWith("bin/", StringComparison.Ordinal)))
            Copy(Path.Combine(module, file), Path.Combine(folder, file));
        foreach (var file in new[] { "docs", "en-US" }.SelectMany(f => FilesIn(Path.Combine(checkout, f)).Select(n => $"{f}/{n}"))
            .Where(f => !NotShipped.Any(n => f.StartsWith(n, StringComparison.Ordinal))))
            Copy(Path.Combine(checkout, file), Path.Combine(folder, file));
        var manifest = Path.Combine(folder, "PemHa.psd1");
        File.WriteAllText(manifest, File.ReadAllText(Path.Combine(checkout, "PemHa.psd1"))
            .Replace("src/Module/", "", StringComparison.Ordinal)
            .Replace("'See CHANGELOG.md.'", $"@'\n{Newest(Path.Combine(checkout, "CHANGELOG.md"))}\n'@", StringComparison.Ordinal));
        return Open(folder);
    }

    /// <summary>One that is there.</summary>
    public static ModuleFolder Open(string folder)
    {
        var ast = Parser.ParseFile(Path.Combine(folder, "PemHa.psd1"), out _, out var errors);
        if (errors.Length > 0) throw new InvalidDataException($"PemHa.psd1: {errors[0].Message}");
        return new ModuleFolder(folder, (Hashtable)ast.Find(a => a is HashtableAst, false)!.SafeGetValue());
    }

    /// <summary>The first section of a change log: the release notes of the version that is packed.</summary>
    static string Newest(string changeLog) => string.Join('\n', File.ReadAllLines(changeLog)
        .SkipWhile(l => !l.StartsWith("## ", StringComparison.Ordinal)).Skip(1)
        .TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal))).Trim();

    static string[] FilesIn(string folder) => !Directory.Exists(folder) ? [] : [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }
}
