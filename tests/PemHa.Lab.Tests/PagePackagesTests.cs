using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Section A of the page, followed to the letter.</summary>
[Collection(PageTests.Name)]
public sealed class PagePackagesTests(PageCluster cluster)
{
    [Fact]
    [Spec("T1")]
    public async Task The_page_names_no_repository_and_changes_the_host_before_it_fails_for_want_of_one_T1()
    {
        var seen = await cluster.PackagesAsync();
        Assert.NotEqual(0, seen.Unsubscribed.ExitCode);
        Assert.Matches("No match for argument: .*edb-efm52|Unable to find a match: edb-efm52", seen.Unsubscribed.Stdout + seen.Unsubscribed.Stderr);
        Assert.Equal("[x]\nepel-release", seen.ChangedAllTheSame);
        Assert.All(seen.Installed, r => Assert.Equal(0, r.ExitCode));
    }

    [Fact]
    [Spec("T1")]
    public async Task The_page_installs_no_Java_and_EFM_can_neither_encrypt_nor_start_T1()
    {
        var seen = await cluster.PackagesAsync();
        // Not a password, although it is printed in place of one.
        Assert.Equal((1, "Unable to find JRE in path."), (seen.Encrypt.ExitCode, seen.Encrypt.Stdout.Trim()));
        Assert.NotEqual(0, seen.Start.ExitCode);
        Assert.Contains("java: command not found", seen.Log, StringComparison.Ordinal);
    }
}
