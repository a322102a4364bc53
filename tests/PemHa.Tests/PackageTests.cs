using System.IO.Compression;
using System.Management.Automation.Language;
using System.Security.Cryptography;
using System.Xml.Linq;
using PemHa.Tests.Hosted;

namespace PemHa.Tests;

/// <summary>The package, made as build.ps1 makes it of two copies of the sources, each in a folder of its own.</summary>
public sealed class PackageTests(Packed packed) : IClassFixture<Packed>, IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Two_packs_are_equal_byte_for_byte()
    {
        var packages = await packed.PackagesAsync();
        Assert.Equal(2, packages.Distinct().Count());
        var (one, other) = (Entries(packages[0]), Entries(packages[1]));
        Assert.Equal(one, other);
        Assert.Equal(await File.ReadAllBytesAsync(packages[0], TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(packages[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task It_holds_what_users_need_and_nothing_of_how_it_is_built()
    {
        var names = Entries((await packed.PackagesAsync())[0]).Select(e => e.Split(' ')[1]).ToList();
        string[] wanted = ["PemHa.psd1", "PemHa.psm1", "PemHa.Format.ps1xml", "PemHa.Types.ps1xml", "PemHa.png", "LICENSE",
            "THIRD-PARTY-NOTICES.md", "README.md", "CHANGELOG.md", "PemHa.nuspec", "[Content_Types].xml", "_rels/.rels",
            "bin/PemHa.dll", "bin/PemHa.Commands.dll",
            "bin/PemHa.Engine.dll", "bin/Renci.SshNet.dll", "docs/security.md", "docs/examples/C1.psd1"];
        Assert.Empty(wanted.Except(names));
        // Everything of the module's folder, help included, and every example.
        foreach (var folder in new[] { "src/Module", "docs/examples", "en-US" })
        {
            var from = Path.Combine(ModuleAssemblies.Root, folder);
            var files = Packed.FilesIn(folder).Select(f => Path.GetRelativePath(from, f))
                .Where(f => !f.StartsWith("bin", StringComparison.Ordinal));
            Assert.Empty(files.Select(f => folder == "src/Module" ? f : $"{folder}/{f}").Except(names));
        }
        Assert.All(names, n => Assert.DoesNotMatch(@"\.(pdb|cs|csproj|deps\.json)$|^(src|tests)/|coverage", n));
        var notices = await ReadAsync(Path.Combine(ModuleAssemblies.Root, "THIRD-PARTY-NOTICES.md"));
        foreach (var other in names.Where(n => n.StartsWith("bin/", StringComparison.Ordinal)).Select(n => n["bin/".Length..]))
            Assert.True(other.StartsWith("PemHa.", StringComparison.Ordinal)
                || notices.Contains($"| {other} |", StringComparison.Ordinal), other);
    }

    [Fact]
    public async Task Its_specification_and_its_manifest_say_the_same()
    {
        ZipFile.ExtractToDirectory((await packed.PackagesAsync())[0], _folder.Path);
        var manifest = Manifest(_folder["PemHa.psd1"]);
        var data = (System.Collections.Hashtable)((System.Collections.Hashtable)manifest["PrivateData"]!)["PSData"]!;
        var metadata = XDocument.Load(_folder["PemHa.nuspec"]).Root!.Elements().Single();
        string Of(string name) => metadata.Elements().Single(e => e.Name.LocalName == name).Value;
        Assert.Equal("PemHa", Of("id"));
        Assert.Equal(manifest["ModuleVersion"], Of("version"));
        Assert.Equal(manifest["Description"], Of("description"));
        Assert.Equal(manifest["Author"], Of("authors"));
        Assert.Equal(manifest["Copyright"], Of("copyright"));
        Assert.True(File.Exists(_folder[Of("license")]) && File.Exists(_folder[Of("icon")]) && File.Exists(_folder[Of("readme")]));
        var icon = await File.ReadAllBytesAsync(_folder[Of("icon")], TestContext.Current.CancellationToken);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], icon[..4]);
        Assert.Equal(("7.4", "Core"), (manifest["PowerShellVersion"], Assert.Single((object[])manifest["CompatiblePSEditions"]!)));
        // The notes of this version, and they are told in both places.
        Assert.Equal(data["ReleaseNotes"], Of("releaseNotes"));
        var log = await ReadAsync(Path.Combine(ModuleAssemblies.Root, "CHANGELOG.md"));
        var notes = ((string)data["ReleaseNotes"]!)[..200];
        Assert.StartsWith($"# Changelog\n\n## {manifest["ModuleVersion"]}\n\n{notes}", log, StringComparison.Ordinal);
        var tags = Of("tags").Split(' ');
        Assert.Equal(tags.Distinct().Count(), tags.Length);
        Assert.Subset(tags.ToHashSet(), ((object[])data["Tags"]!).Cast<string>().ToHashSet());
        Assert.Equal(Cmdlets.Types.Select(t => "PSCmdlet_" + Cmdlets.Name(t)).Order(StringComparer.Ordinal),
            tags.Where(t => t.StartsWith("PSCmdlet_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        // The assemblies bear the version that the manifest promises.
        var assembly = System.Reflection.AssemblyName.GetAssemblyName(_folder["bin/PemHa.dll"]);
        Assert.Equal(manifest["ModuleVersion"], assembly.Version!.ToString(3));
    }

    [Fact]
    public async Task Unpacked_where_modules_are_looked_for_it_is_found_by_its_name_and_works()
    {
        ZipFile.ExtractToDirectory((await packed.PackagesAsync())[0], _folder["PemHa/0.1.0"]);
        var lines = await FreshSession.RunAsync("""
            param($modules)
            $env:PSModulePath = $modules
            Test-ModuleManifest "$modules/PemHa/0.1.0/PemHa.psd1" -ErrorAction Stop | ForEach-Object { "$($_.Name) $($_.Version)" }
            Import-Module PemHa -ErrorAction Stop
            "commands $(@(Get-Command -Module PemHa).Count)"
            Import-PemTopology "$modules/PemHa/0.1.0/docs/examples/C1.psd1" | ForEach-Object { "$_ $($_.Role)" }
            [PemHa.ModuleLoader].Assembly.Location
            """, _folder.Path);
        Assert.Equal(["PemHa 0.1.0", $"commands {Cmdlets.Types.Count}", "node1 Primary", "node2 Standby", "node3 Standby",
            "witness1 Witness", _folder["PemHa/0.1.0/bin/PemHa.dll"]], lines);
    }

    [Fact]
    public async Task Another_build_in_the_same_session_is_refused_with_what_to_do()
    {
        ZipFile.ExtractToDirectory((await packed.PackagesAsync())[0], _folder.Path);
        var lines = await FreshSession.RunAsync("""
            param($first, $second)
            Import-Module $first -ErrorAction Stop
            Remove-Module PemHa
            try { Import-Module $second -ErrorAction Stop } catch {
                "$($_.FullyQualifiedErrorId.Split(',')[0]): $_"
                "$($_.ErrorDetails.RecommendedAction)"
            }
            Import-Module $first -ErrorAction Stop
            (New-PemCluster still -VirtualIp 10.0.0.9 -PingServer 10.0.0.1).Name
            """, ModuleAssemblies.Manifest, _folder["PemHa.psd1"]);
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("OtherBuildLoaded: Another build of PemHa, from ", lines[0], StringComparison.Ordinal);
        Assert.Contains(Path.Combine(ModuleAssemblies.Root, "src", "Module", "bin"), lines[0], StringComparison.Ordinal);
        Assert.Equal(["Start a new session.", "still"], lines[1..]);
    }

    public void Dispose() => _folder.Dispose();

    static Task<string> ReadAsync(string file) => File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);

    static System.Collections.Hashtable Manifest(string file) =>
        (System.Collections.Hashtable)Parser.ParseFile(file, out _, out _).Find(a => a is HashtableAst, false)!.SafeGetValue();

    /// <summary>"hash name" of every entry, in the package's order.</summary>
    static string[] Entries(string package)
    {
        using var zip = ZipFile.OpenRead(package);
        return [.. zip.Entries.Select(e => $"{Hash(e)} {e.FullName}")];

        static string Hash(ZipArchiveEntry entry)
        {
            using var stream = entry.Open();
            return Convert.ToHexString(SHA256.HashData(stream));
        }
    }
}

/// <summary>Two copies of what a package is made of, packed when a test first asks for them.</summary>
public sealed class Packed : IDisposable
{
    readonly TemporaryFolder _folder = new();
    Task<string[]>? _packages;

    /// <summary>The packages of both.</summary>
    internal Task<string[]> PackagesAsync() => _packages ??= PackAsync();

    public void Dispose() => _folder.Dispose();

    async Task<string[]> PackAsync()
    {
        string[] folders = [_folder["one"], _folder["another/folder, deeper"]];
        // Both of the same reading, whoever edits meanwhile; the copies' times are their own, as a clone's would be.
        foreach (var file in Sources())
        {
            var bytes = await File.ReadAllBytesAsync(file);
            foreach (var to in folders.Select(f => Path.Combine(f, Path.GetRelativePath(ModuleAssemblies.Root, file))))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                await File.WriteAllBytesAsync(to, bytes);
            }
        }
        return
        [
            await PackAsync(folders[0], [("TZ", "Pacific/Auckland"), ("DOTNET_CLI_UI_LANGUAGE", "de")]),
            await PackAsync(folders[1], []),
        ];
    }

    static async Task<string> PackAsync(string folder, (string, string)[] environment)
    {
        // No server of the build's outlives the test.
        var (code, text) = await FreshSession.ProgramAsync(folder, [("MSBUILDDISABLENODEREUSE", "1"), .. environment],
            "dotnet", "run", "-c", "Release", "--project", "src/PemHa.Package");
        Assert.True(code == 0, text);
        return Directory.GetFiles(Path.Combine(folder, "out"), "*.nupkg").Single();
    }

    /// <summary>Every file below a folder of the checkout.</summary>
    internal static string[] FilesIn(string folder)
    {
        var path = Path.Combine(ModuleAssemblies.Root, folder);
        return Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories) : [];
    }

    /// <summary>All that a clone would have, without what is built and without the tests.</summary>
    static IEnumerable<string> Sources() => Directory.GetFiles(ModuleAssemblies.Root)
        .Concat(new[] { "src", "docs", "en-US" }.SelectMany(FilesIn))
        .Where(f => !Path.GetRelativePath(ModuleAssemblies.Root, f).Split(Path.DirectorySeparatorChar).Any(p => p is "bin" or "obj"));
}
