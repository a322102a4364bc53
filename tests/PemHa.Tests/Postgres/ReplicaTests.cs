using PemHa.Engine;
using PemHa.Engine.Postgres;
using PemHa.Engine.State;

namespace PemHa.Tests.Postgres;

/// <summary>What may become a standby, and what may not be touched.</summary>
[Spec("P12", "T4")]
public class ReplicaTests
{
    const string Ours = "7001", Foreign = "8002";
    static readonly (string, string)[] Standby =
        [("there", "cluster"), ("data.sysid", Ours), ("standby", "1"), ("enabled", "enabled"), ("up", "1"), ("recovery", "true"),
            ("receiver", "streaming 172.16.161.200")];
    static readonly (string, string)[] Fresh =
        [("there", "cluster"), ("data.sysid", Foreign), ("enabled", "enabled"), ("up", "1"), ("recovery", "false"),
            ("own", "\n"), ("objects.postgres", "0 \n"), ("objects.edb", "0"), ("objects.template1", "0")];

    readonly Example _c1 = new();

    [Fact]
    public void An_empty_host_gets_a_base_backup()
    {
        var change = Compare()!;
        Assert.Equal("create", change.Action);
        Assert.Contains("--checkpoint=fast", change.Apply, StringComparison.Ordinal);
        Assert.DoesNotContain("aside", change.Difference, StringComparison.Ordinal);
    }

    [Fact]
    public void A_healthy_standby_stays_even_with_force()
    {
        Assert.Null(Compare(Standby));
        Assert.Null(Compare(true, Standby));
    }

    [Fact]
    public void What_an_earlier_run_left_aside_is_tidied_once_the_standby_streams()
    {
        Assert.Equal("tidy", Compare([.. Standby, ("leftovers", "1")])!.Action);
        Assert.Equal("start", Compare([.. Standby, ("leftovers", "1"), ("receiver", "")])!.Action);
    }

    [Theory]
    [InlineData("up", "")]
    [InlineData("receiver", "streaming 172.16.161.202")]
    [InlineData("receiver", "")]
    [InlineData("enabled", "disabled")]
    public void A_standby_of_ours_that_does_not_stream_is_started_not_replaced(string fact, string value)
    {
        var change = Compare([.. Standby, (fact, value)])!;
        Assert.Equal("start", change.Action);
        Assert.DoesNotContain("pg_basebackup", change.Apply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("node1.lab", null)]
    [InlineData("172.16.161.245", null)]
    [InlineData("node2", "start")]
    [InlineData("node3", "start")]
    public void A_standby_that_knows_its_primary_by_a_name_of_somebody_elses_is_as_good(string name, string? action) =>
        Assert.Equal(action, Compare([.. Standby, ("receiver", $"streaming {name}")])?.Action);

    [Theory]
    [InlineData("t", true)]
    [InlineData("f", false)]
    public void Where_every_name_counts_as_a_synchronous_standby_the_copying_reports_nothing(string anybody, bool without)
    {
        var identity = PrimaryIdentity.Of(_c1.Primary);
        identity.Requirement.Compare(Facts.Of(("up", "1"), ("recovery", "false"), ("sysid", Ours), ("anybody", anybody)), false);
        var change = new Replica(_c1.Standby, identity, "repl", false).Compare(new Facts(), false)!;
        Assert.Equal((without, without), (change.Apply.Contains(" --no-slot", StringComparison.Ordinal), change.Difference.Contains(" --no-slot", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("streamer", true)]
    [InlineData("repl", false)]
    [InlineData("", false)]
    public void That_a_standby_replicates_as_somebody_else_is_told(string user, bool told)
    {
        var identity = PrimaryIdentity.Of(_c1.Primary);
        identity.Requirement.Compare(Facts.Of(("up", "1"), ("recovery", "false"), ("sysid", Ours)), false);
        Assert.Equal(told, new Replica(_c1.Standby, identity, "repl", false).Remark(Facts.Of([.. Standby, ("user", user)])) is not null);
    }

    [Fact]
    public void A_standby_that_cannot_stream_is_rebuilt_with_force() =>
        Assert.Equal("create", Compare(true, [.. Standby, ("receiver", "")])!.Action);

    [Fact]
    public void A_fresh_cluster_of_its_own_is_replaced_and_kept_aside_meanwhile()
    {
        var change = Compare(Fresh)!;
        Assert.Equal("create", change.Action);
        Assert.Contains("mv /var/lib/edb/as17/data aside until the new standby streams", change.Difference, StringComparison.Ordinal);
        var apply = change.Apply;
        // Nothing of the old data goes before the new standby has proven itself.
        Assert.DoesNotMatch("rm -rf \"\\$PGDATA\"(\\s|$)", apply);
        Assert.DoesNotMatch("rm -rf \"\\$D\"(\\s|$)", apply);
        Assert.True(apply.IndexOf("mv -T \"$D\"", StringComparison.Ordinal) < apply.IndexOf("wait_for 60 streaming",
            StringComparison.Ordinal));
        Assert.True(apply.IndexOf("wait_for 60 streaming", StringComparison.Ordinal) < apply.IndexOf("rm -rf \"$d\"pemha-old-*",
            StringComparison.Ordinal));
        Assert.DoesNotContain("pemha-kept", apply[apply.IndexOf("wait_for 60 streaming", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("own", "database sales", "another database cluster with database sales")]
    [InlineData("own", "role app", "another database cluster with role app")]
    [InlineData(
        "objects.postgres",
        "3 public.a, public.b, large object 9",
        "tables of its own (3: public.a, public.b, large object 9 in postgres)")]
    [InlineData("objects.edb", "1", "tables of its own")]
    [InlineData("objects.template1", "1", "tables of its own")]
    [InlineData("up", "", "stopped")]
    [InlineData("recovery", "true", "a standby of another cluster")]
    // Whatever could not be asked is not proven to be nothing.
    [InlineData("recovery", "", "does not answer")]
    [InlineData("objects.postgres", "", "tables of its own")]
    [InlineData("objects.edb", "", "tables of its own (an unknown number in edb)")]
    [InlineData("data.sysid", Ours, "was a primary of this cluster")]
    [InlineData("there", "strange", "files, but no database")]
    public void A_cluster_that_may_hold_data_is_refused_and_replaced_by_force_only(string fact, string value, string reason)
    {
        var facts = Fresh.Append((fact, value)).ToArray();
        var error = Assert.Throws<PemException>(() => Compare(facts));
        Assert.Equal("DataNotDisposable", error.Id);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("-Force", error.Remedy, StringComparison.Ordinal);
        var forced = Compare(true, facts)!;
        Assert.Equal("create", forced.Action);
        Assert.Contains("mv /var/lib/edb/as17/data /var/lib/edb/as17/data.pemha-kept-TIME, where it stays", forced.Difference, StringComparison.Ordinal);
        Assert.Contains("K=pemha-kept-", forced.Apply, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_that_did_not_say_what_it_holds_is_refused()
    {
        var error = Assert.Throws<PemException>(() => Compare([.. Fresh.Where(f => f.Item1 != "own")]));
        Assert.Equal("DataNotDisposable", error.Id);
        Assert.Contains("does not answer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_thrown_away_is_asked_once_more_when_the_copy_is_made()
    {
        var apply = Compare(Fresh)!.Apply;
        int copied = apply.IndexOf("PGBIN/pg_basebackup\"", StringComparison.Ordinal), asked = apply.IndexOf("O=$(own)", StringComparison.Ordinal);
        Assert.True(copied > 0 && copied < asked && asked < apply.IndexOf("systemctl stop", StringComparison.Ordinal), apply);
        Assert.DoesNotContain("O=$(own)", Compare(true, [.. Fresh, ("own", "role app")])!.Apply, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F6")]
    public void A_primary_that_EFM_fenced_is_refused_although_it_looks_like_a_standby()
    {
        var error = Assert.Throws<PemException>(() => Compare([.. Standby, ("fenced", "1"), ("up", "")]));
        Assert.Contains("fenced", error.Message, StringComparison.Ordinal);
        Assert.Equal("create", Compare(true, [.. Standby, ("fenced", "1"), ("up", "")])!.Action);
    }

    [Fact]
    public void A_mount_point_cannot_be_renamed_aside_and_is_refused_even_with_force()
    {
        Assert.Equal("DataDirectoryNotMovable", Assert.Throws<PemException>(() => Compare(("mounted", "1"))).Id);
        Assert.Equal("DataDirectoryNotMovable", Assert.Throws<PemException>(() => Compare(true, [.. Fresh, ("mounted", "1")])).Id);
        Assert.Null(Compare([.. Standby, ("mounted", "1")]));
    }

    [Fact]
    public void What_force_replaced_is_told_of_as_long_as_it_is_there()
    {
        var replica = new Replica(_c1.Standby, PrimaryIdentity.Of(_c1.Primary), "repl", false);
        Assert.Null(replica.Remark(Facts.Of([.. Standby, ("kept", "")])));
        Assert.Contains("/data.pemha-kept-20260101T000000Z holds", replica.Remark(Facts.Of([.. Standby, ("kept", "/data.pemha-kept-20260101T000000Z ")])), StringComparison.Ordinal);
    }

    /// <summary>With that name the primary of a synchronous cluster would count rows as safe that are in half a copy only.</summary>
    [Fact]
    public void The_copying_itself_goes_by_no_standbys_name()
    {
        var line = Assert.Single(Compare()!.Apply.Split('\n'), l => l.Contains("/pg_basebackup\" -d", StringComparison.Ordinal));
        Assert.DoesNotContain("application_name", line, StringComparison.Ordinal);
    }

    Change? Compare(params (string, string)[] facts) => Compare(false, facts);

    Change? Compare(bool force, params (string, string)[] facts)
    {
        var identity = PrimaryIdentity.Of(_c1.Primary);
        identity.Requirement.Compare(Facts.Of(("up", "1"), ("recovery", "false"), ("sysid", Ours)), false);
        return new Replica(_c1.Standby, identity, "repl", force).Compare(Facts.Of(facts), false);
    }
}
