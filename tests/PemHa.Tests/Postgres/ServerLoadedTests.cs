using PemHa.Engine;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Postgres;

/// <summary>Reload, restart, or neither.</summary>
[Spec("P10", "T2")]
public class ServerLoadedTests
{
    static readonly PemHost Host = new Example().Primary;
    static readonly ServerLoaded Loaded = new(Host) { Settings = new Dictionary<string, string> { ["wal_level"] = "replica" } };
    static readonly ServerLoaded ReloadOnly = new(Host) { ReloadOnly = true };
    static readonly (string, string)[] Well = [("up", "1"), ("stale", "false"), ("setting.wal_level", "replica")];

    [Fact]
    public void A_server_that_has_read_its_files_is_left_alone() => Assert.Null(Loaded.Compare(Facts.Of(Well), false));

    [Fact]
    public void An_edit_leads_to_a_reload_that_restarts_only_what_the_server_says_is_pending()
    {
        var change = Loaded.Compare(Facts.Of(Well), true)!;
        Assert.Equal(("reload", "systemctl reload edb-as-17"), (change.Action, change.Difference));
        Assert.Contains("WHERE pending_restart", change.Apply, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_newer_than_the_servers_reading_of_them_lead_to_a_reload() =>
        Assert.Equal("reload", Loaded.Compare(Facts.Of([.. Well, ("stale", "true")]), false)!.Action);

    [Fact]
    public void A_pending_restart_leads_to_a_restart_unless_EFM_runs()
    {
        var change = Loaded.Compare(Facts.Of([.. Well, ("pending", "wal_level, port")]), false)!;
        Assert.Equal(("restart", "systemctl restart edb-as-17  # for wal_level, port"), (change.Action, change.Difference));
        Assert.Contains("run Invoke-PemRollingRestart", change.Apply, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P15", "P25")]
    public void Where_a_reload_is_enough_no_restart_is_ever_planned()
    {
        Assert.Null(ReloadOnly.Compare(Facts.Of(("up", "1"), ("pending", "wal_level")), false));
        Assert.DoesNotContain("restart", ReloadOnly.Compare(Facts.Of(("up", "1")), true)!.Apply, StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_overridden_elsewhere_is_named_with_its_place()
    {
        var error = Assert.Throws<PemException>(() => Loaded.Compare(
            Facts.Of([.. Well, ("setting.wal_level", "minimal"), ("source.wal_level", "/data/postgresql.auto.conf line 3")]), false));
        Assert.Equal("SettingOverridden", error.Id);
        Assert.Contains("wal_level is minimal on node1, not replica: set by /data/postgresql.auto.conf line 3", error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/data/postgresql.auto.conf line 3", "ALTER SYSTEM RESET wal_level; in the database of node1")]
    [InlineData("command line", "Take it out of the server's command line")]
    [InlineData("/data/postgresql.conf line 3", null)]
    public void What_wins_over_the_file_is_told_before_the_file_is_written(string source, string? remedy)
    {
        var facts = Facts.Of([.. Well, ("setting.wal_level", "minimal"), ("source.wal_level", source),
            .. source.Contains("auto", StringComparison.Ordinal) ? new[] { ("auto.wal_level", source) } : []]);
        if (remedy is null) Assert.NotNull(Loaded.Compare(facts, true));
        else Assert.StartsWith(remedy, Assert.Throws<PemException>(() => Loaded.Compare(facts, true)).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stopped_server_is_an_error() =>
        Assert.Equal("DatabaseMissing", Assert.Throws<PemException>(() => Loaded.Compare(Facts.Of(), true)).Id);

    [Theory]
    [InlineData(true, "1", 2, null)]
    [InlineData(true, "2", 2, "restart")]
    [InlineData(false, "", 0, null)]
    [Spec("P29", "T17")]
    public void A_rolling_restart_waits_for_health(bool primary, string streaming, int standbys, string? action)
    {
        var facts = Facts.Of(("up", "1"), ("agent", "1"), ("pending", "wal_level"), ("streaming", streaming),
            ("receiver", primary ? "" : "stopped"));
        var restarted = new ServerRestarted(Host, standbys, primary, false);
        if (action is null) Assert.Equal("ClusterUnhealthy", Assert.Throws<PemException>(() => restarted.Compare(facts, false)).Id);
        else Assert.Equal(action, restarted.Compare(facts, false)!.Action);
    }

    [Fact]
    [Spec("P29", "T17")]
    public void A_restart_takes_the_agent_out_of_the_way_and_is_not_made_without_a_reason()
    {
        var facts = new[] { ("up", "1"), ("agent", "1"), ("receiver", "streaming 172.16.161.200") };
        Assert.Null(new ServerRestarted(Host, 0, false, false).Compare(Facts.Of(facts), false));
        var difference = new ServerRestarted(Host, 0, false, true).Compare(Facts.Of(facts), false)!.Difference;
        Assert.Equal("systemctl stop edb-efm-5.2\nsystemctl restart edb-as-17\nsystemctl start edb-efm-5.2", difference);
    }

    [Fact]
    [Spec("P29", "T17")]
    public void Standbys_are_restarted_one_by_one_and_the_primary_last()
    {
        var c1 = new Example();
        var phase = SectionD.RollingRestart(c1.Cluster, c1.Cluster.Hosts, c1.Standby, false).Phases.Single();
        Assert.True(phase.OneByOne);
        Assert.Equal(["node1", "node3", "node2"], phase.Hosts.Select(h => h.Name));
    }
}
