using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Failures of the cluster that the page's example describes.</summary>
[Collection(PageTests.Name)]
public sealed class PageFailoverTests(PageCluster cluster)
{
    [Fact]
    [Spec("T20", "F6")]
    public async Task The_page_adds_a_fourth_agent_and_two_lost_of_four_leave_no_majority_T20() =>
        Assert.Equal(["t t"], (await cluster.FailoverAsync()).Half);

    [Fact]
    [Spec("T13", "F6")]
    public async Task The_page_lets_the_database_start_before_its_agent_and_a_lost_primary_comes_back_as_a_second_one_T13()
    {
        var seen = await cluster.FailoverAsync();
        Assert.DoesNotContain("efm", seen.Order, StringComparison.Ordinal);
        Assert.Contains("There is already a primary node in this cluster", seen.Log, StringComparison.Ordinal);
        Assert.True(seen.Same);
        Assert.Equal(["takes writes", "takes writes"], seen.Twins);
    }
}
