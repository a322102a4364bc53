using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PemHa.Lab;

/// <summary>The errors that PemHa may give, read from the one table in its source; written to docs/error-ids.md.</summary>
static partial class ErrorIds
{
    /// <summary>A row of the table.</summary>
    public sealed record Row(string Id, string Category, string Meaning, string Remedy);

    public static string Page => Path.Combine(LabPaths.Checkout, "docs", "error-ids.md");

    /// <summary>The table's file, which alone names an error without giving it.</summary>
    public static string Table => Path.Combine(LabPaths.Checkout, "src", "PemHa.Engine", "ErrorTable.cs");

    public static IReadOnlyList<Row> Rows =>
    [
        .. from Match m in RowOf().Matches(File.ReadAllText(Table))
           select new Row(m.Groups[1].Value, m.Groups[2].Value, Joined(m.Groups[3].Value), Joined(m.Groups[4].Value)),
    ];

    /// <summary>A text that the source has in several pieces.</summary>
    static string Joined(string pieces) => Seam().Replace(pieces, "");

    /// <summary>Every error that the source gives, with its category and its place.</summary>
    public static IReadOnlyList<(string Id, string Category, string Place)> Given =>
    [
        .. from file in Sources("src", Table)
           from Match match in GivenAt().Matches(File.ReadAllText(file))
           select (match.Groups["id"].Value, match.Groups["category"].Success ? match.Groups["category"].Value : "InvalidArgument", Path.GetFileName(file)),
    ];

    /// <summary>The names of errors that tests speak of.</summary>
    public static IReadOnlySet<string> Tested =>
        Sources("tests", "").SelectMany(f => Name().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).ToHashSet(StringComparer.Ordinal);

    public static string Text()
    {
        var text = new StringBuilder("""
            # Errors

            Generated from `src/PemHa.Engine/ErrorTable.cs` by `dotnet run --project tests/PemHa.Lab -- errors`; a test fails when it is out of date.

            Every error of PemHa's has one of these names at the beginning of its `FullyQualifiedErrorId`, a category, and a remedy for the case at
            hand in `ErrorDetails.RecommendedAction`. Its target is the host, or what was given where it is about no single host. An error of one host
            lets the others go on; wrong input and what would endanger the cluster end the command. What PowerShell itself finds wrong with a
            parameter has PowerShell's names.

            ```powershell
            $hosts | Set-PemSsl -ErrorVariable failed -ErrorAction SilentlyContinue
            $failed | ForEach-Object { $_.FullyQualifiedErrorId.Split(',')[0], "$($_.TargetObject)", $_.ErrorDetails.RecommendedAction -join ': ' }
            ```

            | name | category | what it means | what to do |
            |---|---|---|---|

            """);
        foreach (var row in Rows) text.Append(CultureInfo.InvariantCulture, $"| `{row.Id}` | {row.Category} | {row.Meaning} | {row.Remedy} |\n");
        return text.ToString();
    }

    static IEnumerable<string> Sources(string folder, string except) => Directory.GetFiles(Path.Combine(LabPaths.Checkout, folder), "*.cs", SearchOption.AllDirectories)
        .Where(f => f != except && !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    [GeneratedRegex("""new\("(\w+)",\s*Trouble\.(\w+),\s*"((?:[^"]|"\s*\+\s*")+)",\s*"((?:[^"]|"\s*\+\s*")+)"\)""")]
    private static partial Regex RowOf();

    [GeneratedRegex("""
        "\s*\+\s*"
        """)]
    private static partial Regex Seam();

    [GeneratedRegex("""(?:PemException\(|new\()\s*"(?<id>\w+)",\s*Trouble\.(?<category>\w+)|(?:Errors\.Input|Refuse)\(\s*"(?<id>\w+)""")]
    private static partial Regex GivenAt();

    [GeneratedRegex("""["(]([A-Z][A-Za-z]+)[",]""")]
    private static partial Regex Name();
}
