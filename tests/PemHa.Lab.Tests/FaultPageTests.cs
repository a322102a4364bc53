using PemHa.Lab.Faults;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>docs/faults.md says what the table and the outcomes say, and no cell is forgotten.</summary>
public sealed class FaultPageTests
{
    [Fact]
    public void The_page_is_what_the_table_and_the_outcomes_say() =>
        Assert.True(File.ReadAllText(FaultPage.File) == FaultPage.Text(), "docs/faults.md is out of date: dotnet run --project tests/PemHa.Lab -- faults");

    [Fact]
    public void Every_cell_is_struck_or_says_why_not()
    {
        Assert.Equal(FaultTable.Steps.Count * Enum.GetValues<Fault>().Length, FaultTable.Cells.Count);
        var struck = FaultTable.Struck.Select(c => (c.Step.Name, c.Fault)).ToHashSet();
        foreach (var cell in FaultTable.Cells.Where(c => c.Reason is not null))
        {
            var words = cell.Reason!.Split(": ", 2);
            Assert.True(words[0] == "cannot happen" || struck.Contains((words[0]["same as ".Length..], cell.Fault)), $"{cell}: {cell.Reason}");
            Assert.True(words[1].Length > 20, $"{cell}: {cell.Reason}");
        }
    }

    [Fact]
    public void Every_cell_that_is_struck_has_an_outcome()
    {
        var recorded = FaultOutcome.Read().Select(o => (o.Step, o.Fault)).ToHashSet();
        Assert.Equal([], FaultTable.Struck.Where(c => !recorded.Contains((c.Step.Name, c.Fault))).Select(c => c.ToString()));
    }
}
