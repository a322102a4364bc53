using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Section B of the page, followed to the letter.</summary>
[Collection(PageTests.Name)]
public sealed class PageReplicationTests(PageCluster cluster)
{
    [Fact]
    [Spec("T1")]
    public async Task The_page_leaves_the_primary_on_localhost_where_no_standby_reaches_it_T1()
    {
        var refused = (await cluster.ReplicationAsync()).Refused;
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("Connection refused", refused.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T2")]
    public async Task The_page_restarts_for_settings_that_a_reload_has_brought_and_cuts_every_session_T2()
    {
        var seen = await cluster.ReplicationAsync();
        Assert.Equal("max_replication_slots|10|f\nmax_wal_senders|10|f\nwal_keep_size|500|f\nwal_level|replica|f", seen.Pending);
        Assert.NotEqual(0, seen.Session.ExitCode);
        Assert.Contains("terminating connection due to administrator command", seen.Session.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T3")]
    public async Task The_page_writes_a_password_with_a_colon_so_that_another_one_is_read_T3()
    {
        var unknown = (await cluster.ReplicationAsync()).Unknown;
        Assert.NotEqual(0, unknown.ExitCode);
        Assert.Contains("password authentication failed for user \"repl\"", unknown.Stderr, StringComparison.Ordinal);
        Assert.Contains("password retrieved from file \"/var/lib/edb/.pgpass\"", unknown.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T4")]
    public async Task The_page_removes_a_database_unseen_before_it_knows_whether_there_will_be_another_T4()
    {
        var seen = await cluster.ReplicationAsync();
        Assert.NotEqual(0, seen.Refused.ExitCode);
        Assert.Equal("0", seen.Left);
        // Somebody's table, on a host that was taken for a standby.
        Assert.Equal(0, seen.Copy.ExitCode);
        Assert.Equal("gone", seen.Treasure);
    }

    [Fact]
    [Spec("T5")]
    public async Task The_page_waits_for_a_slow_checkpoint_and_its_copy_seems_to_hang_T5() =>
        Assert.Equal(["waiting for checkpoint to finish, 0 bytes"], (await cluster.ReplicationAsync()).Phases);
}
