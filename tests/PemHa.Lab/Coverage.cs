using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PemHa.Lab;

/// <summary>Which tests quote which statement of the procedure, read from the tests' <c>[Spec]</c> attributes; written to docs/coverage.md.</summary>
static partial class Coverage
{
    /// <summary>A statement of the procedure.</summary>
    /// <param name="Number">Such as <c>P14</c>.</param>
    /// <param name="Reason">Why no test on real hosts quotes it; empty when one does.</param>
    public sealed record Statement(string Number, string Title, string Reason);

    /// <summary>A test that quotes statements.</summary>
    /// <param name="OnHosts">Whether it runs on the lab.</param>
    public sealed record Proof(string Test, bool OnHosts, IReadOnlyList<string> Numbers);

    public static string File => Path.Combine(LabPaths.Checkout, "docs", "coverage.md");

    /// <summary>The statements, as tests/spec.tsv lists them.</summary>
    public static IReadOnlyList<Statement> Statements =>
        [.. System.IO.File.ReadAllLines(Path.Combine(LabPaths.Checkout, "tests", "spec.tsv")).Skip(1).Select(l => l.Split('\t')).Select(f => new Statement(f[0], f[1], f[2]))];

    /// <summary>The tests, as their source has them.</summary>
    public static IReadOnlyList<Proof> Proofs =>
    [
        .. from project in new[] { "PemHa.Lab.Tests", "PemHa.Tests" }
           from file in Directory.GetFiles(Path.Combine(LabPaths.Checkout, "tests", project), "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
           where !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)
           from Match match in Tagged().Matches(System.IO.File.ReadAllText(file))
           select new Proof($"{Path.GetFileNameWithoutExtension(file)}.{match.Groups["name"].Value}", project == "PemHa.Lab.Tests",
               [.. Number().Matches(match.Groups["numbers"].Value).Select(n => n.Groups[1].Value)]),
    ];

    /// <summary>The page.</summary>
    public static string Text()
    {
        var proofs = Proofs;
        var text = new StringBuilder("""
            # Which test proves which statement

            Generated from the tests by `dotnet run --project tests/PemHa.Lab -- coverage`; a test fails when it is out of date. P is a statement of the vendor's
            procedure, T a trap in it, F a fact about the products. A tag claims that the test proves at least part of the statement.

            | | statement | on real hosts | without hosts |
            |---|---|---|---|

            """);
        foreach (var statement in Statements)
        {
            string Names(bool onHosts) => string.Join("<br>", proofs.Where(p => p.OnHosts == onHosts && p.Numbers.Contains(statement.Number)).Select(p => p.Test).Distinct());
            var hosts = Names(true);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {statement.Number} | {statement.Title} | {(hosts.Length > 0 ? hosts : $"*{statement.Reason}*")} | {Names(false)} |");
        }
        return text.ToString();
    }

    [GeneratedRegex("""\[Spec\((?<numbers>[^)]*)\)\]\s*(?:\[[^\]]*\]\s*)*(?:public|internal)\s+(?:sealed\s+|static\s+|async\s+|partial\s+)*(?:[\w<>]+)\s+(?<name>\w+)""")]
    private static partial Regex Tagged();

    [GeneratedRegex("\"([PTF][0-9]+)\"")]
    private static partial Regex Number();
}
