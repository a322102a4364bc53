using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>docs/coverage.md says what the tests say, and no statement of the procedure is forgotten.</summary>
public sealed class CoverageTests
{
    [Fact]
    public void The_page_is_what_the_tests_say() =>
        Assert.True(File.ReadAllText(Coverage.File) == Coverage.Text(),
            "docs/coverage.md is out of date: dotnet run --project tests/PemHa.Lab -- coverage");

    [Fact]
    public void Every_statement_has_a_test_on_real_hosts_or_a_reason_and_not_both()
    {
        var proven = Coverage.Proofs.Where(p => p.OnHosts).SelectMany(p => p.Numbers).ToHashSet();
        Assert.Equal([], Coverage.Statements.Where(s => proven.Contains(s.Number) == s.Reason.Length > 0).Select(s => s.Number));
    }

    [Fact]
    public void Every_tag_quotes_a_statement()
    {
        var proofs = Coverage.Proofs;
        Assert.True(proofs.Count > 100);
        Assert.Empty(proofs.SelectMany(p => p.Numbers).Except(Coverage.Statements.Select(s => s.Number)));
    }
}
