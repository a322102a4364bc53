using System.Collections;
using System.Globalization;
using System.IO.Compression;
using System.Xml.Linq;

namespace PemHa.Package;

/// <summary>The module as a package of the PowerShell Gallery; the same files give the same bytes, whenever it is made.</summary>
static class Nupkg
{
    /// <summary>ZIP's own beginning of time.</summary>
    static readonly DateTimeOffset Always = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>rw-r--r--, where a ZIP entry keeps it.</summary>
    static readonly int Mode = Convert.ToInt32("100644", 8) << 16;

    /// <summary>Writes ID.VERSION.nupkg into a folder and gives its path.</summary>
    public static string Write(ModuleFolder module, string folder)
    {
        var (id, version) = ("PemHa", (string)module.Manifest["ModuleVersion"]!);
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{id}.{version}.nupkg");
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        // Tools look for these at the beginning.
        Add(zip, "_rels/.rels", Relations(id));
        Add(zip, id + ".nuspec", Specification(id, version, module.Manifest));
        foreach (var file in module.Files)
        {
            using var from = File.OpenRead(Path.Combine(module.Folder, file));
            // Names are URIs in a package; ours need no escaping.
            using var to = Entry(zip, file);
            from.CopyTo(to);
        }
        Add(zip, "[Content_Types].xml", ContentTypes(module.Files));
        return path;
    }

    static XDocument Specification(string id, string version, Hashtable manifest)
    {
        XNamespace ns = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd";
        var data = (Hashtable)((Hashtable)manifest["PrivateData"]!)["PSData"]!;
        var commands = Texts(manifest["CmdletsToExport"]);
        // What the Gallery looks for a module and its commands by.
        var tags = Texts(data["Tags"]).Concat(["PSModule", "PSIncludes_Cmdlet"])
            .Concat(commands.Select(c => "PSCmdlet_" + c)).Concat(commands.Select(c => "PSCommand_" + c));
        return new XDocument(new XElement(ns + "package", new XElement(ns + "metadata",
            new XElement(ns + "id", id),
            new XElement(ns + "version", version),
            new XElement(ns + "authors", manifest["Author"]),
            new XElement(ns + "owners", manifest["CompanyName"]),
            new XElement(ns + "requireLicenseAcceptance", "false"),
            new XElement(ns + "license", new XAttribute("type", "file"), "LICENSE"),
            new XElement(ns + "icon", "PemHa.png"),
            new XElement(ns + "readme", "README.md"),
            new XElement(ns + "description", manifest["Description"]),
            new XElement(ns + "releaseNotes", data["ReleaseNotes"]),
            new XElement(ns + "copyright", manifest["Copyright"]),
            new XElement(ns + "tags", string.Join(' ', tags)))));
    }

    static XDocument Relations(string id)
    {
        XNamespace ns = "http://schemas.openxmlformats.org/package/2006/relationships";
        return new XDocument(new XElement(ns + "Relationships", new XElement(ns + "Relationship",
            new XAttribute("Type", "http://schemas.microsoft.com/packaging/2010/07/manifest"),
            new XAttribute("Target", $"/{id}.nuspec"), new XAttribute("Id", "R1"))));
    }

    static XDocument ContentTypes(IEnumerable<string> files)
    {
        XNamespace ns = "http://schemas.openxmlformats.org/package/2006/content-types";
        const string Bytes = "application/octet-stream";
        var endings = files.Select(f => Path.GetExtension(f).TrimStart('.').ToLower(CultureInfo.InvariantCulture)).Where(e => e.Length > 0)
            .Append("nuspec").Distinct().Order(StringComparer.Ordinal);
        return new XDocument(new XElement(ns + "Types",
            new XElement(ns + "Default", new XAttribute("Extension", "rels"),
                new XAttribute("ContentType", "application/vnd.openxmlformats-package.relationships+xml")),
            endings.Select(e => new XElement(ns + "Default", new XAttribute("Extension", e), new XAttribute("ContentType", Bytes))),
            files.Where(f => Path.GetExtension(f).Length == 0)
                .Select(f => new XElement(ns + "Override", new XAttribute("PartName", "/" + f), new XAttribute("ContentType", Bytes)))));
    }

    static void Add(ZipArchive zip, string name, XDocument text)
    {
        using var to = new StreamWriter(Entry(zip, name));
        to.Write("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + text.ToString().ReplaceLineEndings("\n") + "\n");
    }

    static Stream Entry(ZipArchive zip, string name)
    {
        var entry = zip.CreateEntry(name, CompressionLevel.SmallestSize);
        (entry.LastWriteTime, entry.ExternalAttributes) = (Always, Mode);
        return entry.Open();
    }

    static string[] Texts(object? value) => [.. ((object[])value!).Cast<string>()];
}
