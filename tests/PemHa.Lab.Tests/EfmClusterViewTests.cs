using PemHa.Lab.Efm;
using Xunit;

namespace PemHa.Lab.Tests;

public class EfmClusterViewTests
{
    static readonly ClusterView Four = ClusterView.Alone("a", 7800, ["x"]).Note(null, Node("a", AgentType.Primary))
        .Join("b", 7800).Note(null, Node("b", AgentType.Standby)).Join("c", 7801).Note(null, Node("c", AgentType.Standby)).Join("w", 7800);

    [Fact]
    [Spec("P20", "F1")]
    public void The_first_member_coordinates_and_standbys_are_ordered_as_they_join()
    {
        Assert.Equal("a", Four.Coordinator);
        Assert.Equal("a", Four.Primary);
        Assert.Equal(["b", "c"], Four.Priority);
        Assert.Equal(["x", "a"], Four.Allowed);
    }

    [Fact]
    [Spec("F6")]
    public void A_failed_node_still_counts_and_a_stopped_one_does_not()
    {
        Assert.Equal(4, Four.Fail(["a"]).Known);
        Assert.Equal(3, Four.Leave("b", wasPrimary: false).Known);
        Assert.Equal("b", Four.Fail(["a"]).Coordinator);
        Assert.Equal(["b", "c", "w", "a"], Four.Fail(["a"]).Join("a", 7800).Members);
        Assert.Empty(Four.Fail(["a"]).Join("a", 7800).Down);
        Assert.Equal(3, Four.Fail(["a"]).Reset().Known);
    }

    [Fact]
    [Spec("F6")]
    public void A_properly_stopped_primary_agent_is_remembered_until_a_primary_is_back()
    {
        var left = Four.Leave("a", wasPrimary: true);
        Assert.True(left.PrimaryLeft);
        Assert.False(left.Join("a", 7800).Note(null, Node("a", AgentType.Primary)).PrimaryLeft);
        Assert.Contains("a", left.Join("a", 7800).Members);
    }

    [Fact]
    [Spec("F7")]
    public void The_failover_order_can_be_set_and_survives_heartbeats()
    {
        Assert.Equal(["c", "b"], Four.SetPriority("c", 1).Priority);
        Assert.Equal(["b", "c"], Four.SetPriority("b", 9).SetPriority("c", 9).Priority);
        var without = Four.SetPriority("b", 0);
        Assert.Equal(["c"], without.Priority);
        Assert.Same(without, without.Note(AgentType.Standby, Node("b", AgentType.Standby)));
        Assert.Equal(["c", "b"], without.Note(AgentType.Idle, Node("b", AgentType.Standby)).Priority);
        Assert.Equal(["c"], Four.Note(AgentType.Standby, Node("b", AgentType.Idle)).Priority);
        Assert.Equal(["b", "c"], Four.Note(null, Node("d", AgentType.Standby) with { Promotable = false }).Priority);
    }

    [Fact]
    [Spec("F5", "P16")]
    public void The_nodes_file_lists_the_others_failed_ones_included()
    {
        Assert.EndsWith("\na:7800 c:7801 w:7800\n", NodesFile.Format(Four, "b"), StringComparison.Ordinal);
        Assert.EndsWith("\nb:7800 w:7800 c:7801\n", NodesFile.Format(Four.Fail(["c"]), "a"), StringComparison.Ordinal);
        const string text = "# a comment 1.2.3.4:1\n172.16.161.200:7800\t172.16.161.201:7801\n172.16.161.200:7800 nonsense\n";
        Assert.Equal("172.16.161.200:7800 172.16.161.201:7801", string.Join(' ', NodesFile.Parse(text)));
        Assert.Empty(NodesFile.Parse("# List\n"));
        var six = ClusterView.Alone("fd16:161::200", 7800, []).Join("fd16:161::201", 7801);
        Assert.EndsWith("\n[fd16:161::201]:7801\n", NodesFile.Format(six, "fd16:161::200"), StringComparison.Ordinal);
        Assert.Equal("[fd16:161::201]:7801", Assert.Single(NodesFile.Parse("[fd16:161:0:0::201]:7801")).ToString());
    }

    static NodeInfo Node(string address, AgentType type) => new() { Address = address, Port = 7800, Type = type, Db = "UP" };
}
