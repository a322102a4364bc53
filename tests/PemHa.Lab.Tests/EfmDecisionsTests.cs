using PemHa.Lab.Efm;
using Xunit;

namespace PemHa.Lab.Tests;

public class EfmDecisionsTests
{
    static readonly string[] Order = ["b", "c"];

    [Theory]
    [InlineData(3, 4, "Majority")]
    [InlineData(2, 3, "Majority")]
    [InlineData(2, 4, "Half")]
    [InlineData(1, 2, "Half")]
    [InlineData(1, 3, "Minority")]
    [InlineData(1, 4, "Minority")]
    [Spec("F6")]
    public void Only_more_than_half_may_promote_and_only_less_than_half_is_isolated(int visible, int known, string sight) =>
        Assert.Equal(sight, Decisions.See(visible, known).ToString());

    [Theory]
    [InlineData("0/200", "0/100", "0/100", "0/100", true, "b")]
    [InlineData("0/100", "0/100", "0/200", "0/100", true, "c")]
    [InlineData("0/200", "0/100", "0/200", "0/200", true, "c")]
    [InlineData("0/200", "0/100", "0/200", "0/200", false, "b")]
    [InlineData("0/200", "0/200", "0/200", "0/200", true, "b")]
    [InlineData("", "0/200", "0/100", "0/100", true, "b")]
    [InlineData("1/0", "0/0", "0/FFFFFFFF", "0/FFFFFFFF", true, "b")]
    [Spec("F6")]
    public void The_most_advanced_standby_is_chosen_then_the_order_decides(
        string receivedB, string replayedB, string receivedC, string replayedC, bool tiebreaker, string chosen) =>
        Assert.Equal(chosen, Decisions.ChooseStandby(
            [
                new Candidate("c", Lsn.Parse(receivedC), Lsn.Parse(replayedC)),
                new Candidate("b", Lsn.Parse(receivedB), Lsn.Parse(replayedB)),
            ],
            Order, tiebreaker));

    [Fact]
    [Spec("F6", "F7")]
    public void A_standby_outside_the_order_is_not_promoted()
    {
        Assert.Null(Decisions.ChooseStandby([new Candidate("d", new Lsn(9), new Lsn(9))], Order, true));
        Assert.Null(Decisions.ChooseStandby([new Candidate("b", null, null)], Order, true));
    }

    [Fact]
    [Spec("F3", "F7")]
    public void In_sync_means_that_every_standby_has_replayed_what_the_primary_wrote()
    {
        Assert.True(Decisions.InSync(new Lsn(5), [new Lsn(5), new Lsn(5)]));
        Assert.False(Decisions.InSync(new Lsn(5), [new Lsn(5), new Lsn(4)]));
        Assert.False(Decisions.InSync(new Lsn(5), [null]));
        Assert.False(Decisions.InSync(null, []));
    }

    [Theory]
    [InlineData(2, 1, true)]
    [InlineData(1, 1, false)]
    [InlineData(1, 0, true)]
    [Spec("F6")]
    public void A_promotion_must_leave_the_minimum_of_standbys(int standbys, int minimum, bool enough) =>
        Assert.Equal(enough, Decisions.LeavesEnoughStandbys(standbys, minimum));

    [Fact]
    [Spec("F6")]
    public void Of_two_halves_the_smaller_gives_way_and_never_both()
    {
        var whole = ClusterView.Alone("a", 7800, []).Join("b", 7800).Join("c", 7800).Join("d", 7800);
        var minority = whole.Fail(["b", "c", "d"]);
        var majority = whole.Fail(["a"]);
        Assert.True(Decisions.Yields(minority, majority, "a"));
        Assert.False(Decisions.Yields(majority, minority, "b"));

        var left = whole.Fail(["c", "d"]);
        var right = whole.Fail(["a", "b"]);
        Assert.NotEqual(Decisions.Yields(left, right, "a"), Decisions.Yields(right, left, "c"));
    }

    [Fact]
    [Spec("F6")]
    public void A_node_that_hung_gives_way_to_the_majority_that_went_on_without_it()
    {
        var before = ClusterView.Alone("a", 7800, []).Join("b", 7800).Join("c", 7800).Join("d", 7800);
        Assert.True(Decisions.Yields(before, before.Fail(["a"]), "a"));
        Assert.False(Decisions.Yields(before, before.Join("e", 7800), "a"));
    }

    [Theory]
    [InlineData("0/F7A3808", 0xF7A3808UL)]
    [InlineData("2/0", 0x200000000UL)]
    public void A_wal_position_is_read_and_written(string text, ulong value)
    {
        Assert.Equal(value, Lsn.Parse(text)!.Value.Value);
        Assert.Equal(text, Lsn.Parse(text)!.Value.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("UNKNOWN")]
    [InlineData("0/")]
    [InlineData("0/1/2")]
    [InlineData(null)]
    public void What_is_no_wal_position_is_none(string? text) => Assert.Null(Lsn.Parse(text));
}
