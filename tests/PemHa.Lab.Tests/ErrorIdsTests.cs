using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Every error that PemHa gives is in the one table, in docs/error-ids.md, and in a test.</summary>
public sealed class ErrorIdsTests
{
    [Fact]
    public void The_page_is_what_the_table_says() =>
        Assert.True(File.ReadAllText(ErrorIds.Page) == ErrorIds.Text(), "docs/error-ids.md is out of date: dotnet run --project tests/PemHa.Lab -- errors");

    [Fact]
    public void Every_error_that_is_given_is_in_the_table_with_its_one_category_and_none_is_there_in_vain()
    {
        var (rows, given) = (ErrorIds.Rows, ErrorIds.Given);
        Assert.True(rows.Count > 80);
        Assert.Equal(rows.Select(r => r.Id).Distinct().Order(StringComparer.Ordinal), rows.Select(r => r.Id));
        Assert.Equal([], given.Where(g => rows.FirstOrDefault(r => r.Id == g.Id) is not { } row || row.Category != g.Category)
            .Select(g => $"{g.Id} {g.Category} in {g.Place}"));
        Assert.Equal([], rows.Select(r => r.Id).Except(given.Select(g => g.Id)));
    }

    [Fact]
    public void A_test_provokes_every_error()
    {
        var tested = ErrorIds.Tested;
        Assert.Equal([], ErrorIds.Rows.Select(r => r.Id).Where(id => !tested.Contains(id)));
    }
}
