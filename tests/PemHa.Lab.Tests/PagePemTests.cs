using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Section E of the page, followed to the letter.</summary>
[Collection(PageTests.Name)]
public sealed class PagePemTests(PageCluster cluster)
{
    [Fact]
    [Spec("T12", "F8")]
    public async Task The_page_lets_pemsuper_in_from_the_nodes_and_it_comes_from_the_virtual_IP_T12()
    {
        var seen = (await cluster.PemAsync()).Superuser;
        Assert.Contains("no pg_hba.conf entry for host \"172.16.161.245\", user \"pemsuper\"", seen.Stdout, StringComparison.Ordinal);
        Assert.Contains("CRITICAL ERROR", seen.Stdout, StringComparison.Ordinal);
        Assert.Equal(0, seen.ExitCode);
    }

    [Fact]
    [Spec("T15", "F8")]
    public async Task The_page_lets_the_common_agent_user_in_from_127_0_0_1_where_it_never_comes_from_T15()
    {
        var seen = (await cluster.PemAsync()).Common;
        Assert.Matches("no pg_hba.conf entry for host \"172.16.161.200\", user \"common_agent_user\", database \"pem\", SSL", seen.Stdout);
        Assert.Contains("CRITICAL ERROR", seen.Stdout, StringComparison.Ordinal);
        Assert.Equal(0, seen.ExitCode);
    }

    [Fact]
    [Spec("T18", "F8")]
    public async Task The_page_says_option_3_which_makes_no_web_server_and_is_remembered_T18()
    {
        var seen = await cluster.PemAsync();
        Assert.Contains("PEM server can be accessed at", seen.Primary.Stdout, StringComparison.Ordinal);
        Assert.Contains("Agent registered successfully", seen.Third.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain("PEM server can be accessed at", seen.Third.Stdout, StringComparison.Ordinal);
        // Its commands' option 1 comes too late: the script answers itself from the first run.
        Assert.Contains("running in upgrade mode", seen.Again.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain("PEM server can be accessed at", seen.Again.Stdout, StringComparison.Ordinal);
        Assert.Equal([true, false], seen.Answers);
    }

    [Fact]
    [Spec("P36", "T19")]
    public async Task The_page_grants_from_PUBLIC_forgets_rule_and_owner_and_writes_a_URI_that_nobody_reads_T19()
    {
        var seen = await cluster.SettingsAsync();
        Assert.Contains("syntax error at or near \"FROM\"", seen.Statements.Stderr, StringComparison.Ordinal);
        // With the page's URI nobody has a web application any more.
        Assert.NotEqual(0, seen.Scheme.ExitCode);
        Assert.Contains("Can't load plugin: sqlalchemy.dialects:postgres", seen.Log, StringComparison.Ordinal);
        Assert.Equal("502", seen.Login);
        // With another one the next troubles come: no line of the page's lets its user in, and nothing lets it make its tables.
        Assert.Matches("no pg_hba.conf entry for host \"172.16.161.(200|245)\", user \"pem_user_settings\", database \"pem_user_settings\", SSL", seen.Rules);
        Assert.Contains("permission denied for schema public", seen.Owner, StringComparison.Ordinal);
        Assert.Equal("t", seen.Anybody);
    }
}
