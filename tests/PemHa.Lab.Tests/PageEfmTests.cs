using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Section C of the page, followed to the letter: in its place, and again once TLS makes it possible.</summary>
[Collection(PageTests.Name)]
public sealed class PageEfmTests(PageCluster cluster)
{
    [Fact]
    [Spec("T6")]
    public async Task The_page_copies_hba_lines_to_nobody_T6()
    {
        var seen = await cluster.EfmAsync();
        Assert.Equal(["4", "0", "0"], seen.Rules);
        Assert.Equal((0, "efm"), (seen.Logins[0].ExitCode, seen.Logins[0].Stdout.Trim()));
        Assert.All(seen.Logins[1..], login =>
        {
            Assert.NotEqual(0, login.ExitCode);
            Assert.Contains("no pg_hba.conf entry for host \"172.16.161.200\", user \"efm\"", login.Stderr, StringComparison.Ordinal);
        });
    }

    [Fact]
    [Spec("T6", "F5")]
    public async Task The_page_starts_agents_on_standbys_that_do_not_let_them_in_T6()
    {
        var seen = await cluster.AgentsAsync();
        Assert.NotEqual(0, seen.Alone.ExitCode);
        Assert.Contains("Unable to connect to DB on 172.16.161.201", seen.AloneLog, StringComparison.Ordinal);
        Assert.Contains("no pg_hba.conf entry", seen.AloneLog, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T7")]
    public async Task The_page_tells_the_witness_of_nobody_and_it_makes_a_cluster_of_its_own_T7()
    {
        var seen = await cluster.AgentsAsync();
        Assert.Equal(0, seen.Lonely.ExitCode);
        Assert.DoesNotContain("Witness", seen.Apart[0], StringComparison.Ordinal);
        Assert.Matches(@"Witness +172\.16\.161\.203", seen.Apart[1]);
        Assert.DoesNotMatch("Primary |Standby  ", seen.Apart[1]);
        Assert.Contains("Membership coordinator: 172.16.161.203", seen.Apart[1], StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T8")]
    public async Task The_page_lets_everybody_read_the_password_in_a_form_that_can_be_decrypted_T8()
    {
        var read = (await cluster.EfmAsync()).Read;
        Assert.Equal((0, PageCluster.Password), (read.ExitCode, read.Stdout.Trim()));
    }

    [Fact]
    [Spec("T9")]
    public async Task The_page_has_EFM_ask_for_TLS_before_there_is_any_and_its_status_cannot_be_reached_T9()
    {
        var seen = await cluster.EfmAsync();
        Assert.NotEqual(0, seen.Start.ExitCode);
        Assert.Matches("Unable to connect to DB on 172.16.161.200: .*SSL", seen.Log);
        foreach (var command in new[] { seen.Allow, seen.Status })
        {
            Assert.NotEqual(0, command.ExitCode);
            Assert.Contains("Authorization file not found. Is the local agent running?", command.Stderr, StringComparison.Ordinal);
        }
        // The page's own picture of it comes only after TLS, Java and the rest.
        var reached = (await cluster.AgentsAsync()).Reached;
        Assert.Matches(@"Primary +172\.16\.161\.200 +UP +172\.16\.161\.245\*\n", reached);
        Assert.Equal(2, Regex.Count(reached, @"\tStandby +172\.16\.161\.20[12] +UP +172\.16\.161\.245\n"));
        Assert.Matches(@"Witness +172\.16\.161\.203 +N/A", reached);
    }

    [Fact]
    [Spec("T10", "F6")]
    public async Task The_page_pings_a_server_of_the_internet_and_no_agent_starts_without_one_T10()
    {
        var seen = await cluster.AgentsAsync();
        Assert.NotEqual(0, seen.Silent.ExitCode);
        Assert.Contains("ping.server.ip 8.8.8.8", seen.SilentLog, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T11", "F5")]
    public async Task The_page_names_an_interface_of_its_own_and_no_node_gets_the_virtual_IP_T11()
    {
        var seen = (await cluster.AgentsAsync()).Nowhere;
        // The service runs, the status knows a primary, and only the missing star tells.
        Assert.Equal(0, seen.Start.ExitCode);
        Assert.Matches(@"Primary +172\.16\.161\.200 +UP +172\.16\.161\.245\n", seen.Status.Stdout);
        Assert.Equal("", seen.Holders);
    }

    [Fact]
    [Spec("T11", "F5")]
    public async Task The_page_never_asks_whether_the_virtual_IP_is_free_T11()
    {
        var seen = (await cluster.AgentsAsync()).Taken;
        Assert.Equal(0, seen.Start.ExitCode);
        Assert.Matches(@"Primary +172\.16\.161\.200 +UP +172\.16\.161\.245\n", seen.Status.Stdout);
        Assert.Equal("", seen.Holders);
    }
}
