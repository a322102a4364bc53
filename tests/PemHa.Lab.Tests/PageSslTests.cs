using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Section D of the page, followed to the letter.</summary>
[Collection(PageTests.Name)]
public sealed class PageSslTests(PageCluster cluster)
{
    [Fact]
    [Spec("T16")]
    public async Task The_page_turns_lines_to_hostssl_before_TLS_is_proven_and_locks_the_standbys_out_T16()
    {
        var seen = await cluster.SslAsync();
        // The server read the setting, and not the key.
        Assert.Equal("on", seen.Ssl);
        Assert.NotEqual(0, seen.Locked.ExitCode);
        Assert.Contains("no pg_hba.conf entry for replication connection from host \"172.16.161.201\", user \"repl\", no encryption",
            seen.Locked.Stderr, StringComparison.Ordinal);
        // And its restart ends a server that was only reloaded so far.
        Assert.NotEqual(0, seen.Restart.ExitCode);
        Assert.Equal("failed", seen.State);
    }

    [Fact]
    [Spec("T17")]
    public async Task The_page_restarts_the_primary_although_a_standby_has_not_come_back_T17()
    {
        var seen = await cluster.SslAsync();
        Assert.Equal("failed", seen.Lost);
        Assert.NotEqual(seen.Before[0], seen.After[0]);
        Assert.NotEqual(seen.Before[1], seen.After[1]);
    }

    [Fact]
    [Spec("T14")]
    public async Task The_page_replaces_a_standby_with_the_primarys_key_and_certificate_T14()
    {
        var seen = await cluster.SslAsync();
        Assert.Equal(seen.Keys[0], seen.Keys[2]);
        Assert.NotEqual(seen.Keys[0], seen.Keys[1]);
        Assert.Matches("subject=CN ?= ?node1\n", seen.Shown);
        Assert.Contains("Verify return code: 62", seen.Shown, StringComparison.Ordinal);
    }
}
