using PemHa.Engine.Efm;
using PemHa.Engine.Procedure;

namespace PemHa.Tests.Procedure;

/// <summary>What is said to be wrong with a cluster.</summary>
[Spec("P21", "F1", "F2")]
public class StatusJudgeTests
{
    static EfmStatus Healthy => new()
    {
        Nodes = new Dictionary<string, EfmNode>
        {
            ["10.1.0.11"] = new("Primary", "UP", "10.1.0.20", true, "0/9000000", "0/9000000", null),
            ["10.1.0.12"] = new("Standby", "UP", "10.1.0.20", false, "0/9000000", "0/8FFFFF0", null),
            ["10.1.0.14"] = new("Witness", "N/A", "10.1.0.20", false, null, null, null),
        },
        AllowedNodes = ["10.1.0.11", "10.1.0.12", "10.1.0.14"],
        Coordinator = "10.1.0.14",
        FailoverPriority = ["10.1.0.12"],
    };

    [Fact]
    public void A_healthy_report_becomes_a_status_without_findings()
    {
        var nodes = StatusJudge.Of(Healthy, "efm");
        Assert.All(nodes, n => Assert.Empty(n.Finding));
        Assert.All(nodes, n => Assert.Equal("efm", n.Cluster));
        Assert.Equal(["Primary", "Standby", "Witness"], nodes.Select(n => n.Role));
        Assert.Equal(["UP", "UP", "N/A"], nodes.Select(n => n.Database));
        Assert.Equal([true, false, false], nodes.Select(n => n.VirtualIp));
        Assert.Equal([false, false, true], nodes.Select(n => n.Coordinator));
        Assert.Equal([null, 1, null], nodes.Select(n => n.Priority));
        Assert.Equal(("0/9000000", (string?)null, (long?)null), (nodes[0].Lsn, nodes[0].ReplayLsn, nodes[0].LagBytes));
        Assert.Equal(("0/9000000", "0/8FFFFF0", 16L), (nodes[1].Lsn, nodes[1].ReplayLsn, nodes[1].LagBytes));
        // EFM reports nothing of these.
        Assert.All(nodes, n => Assert.True(n is { Replication: null, Agent: null }));
    }

    [Theory]
    [InlineData("10.1.0.11", "Idle", "UNKNOWN", "Unknown", "Warning: its EFM agent is idle: refused")]
    [InlineData("10.1.0.11", "Idle", "DOWN", "Stopped", "Critical: its database does not run")]
    [InlineData("10.1.0.12", "Idle", "UP", "Unknown", "Warning: its EFM agent is idle")]
    [InlineData("10.1.0.12", "DOWN", "N/A", "Unreachable", "Critical: its EFM agent is down")]
    [InlineData("10.1.0.12", "Promoting", "UP", "Standby", "Warning: it is being promoted")]
    [InlineData("10.1.0.12", "Standby", "UNKNOWN", "Standby", "Warning: EFM could not ask its database: refused")]
    [InlineData("10.1.0.11", "Standby", "UP", "Standby", "Critical: no node takes writes")]
    [InlineData("10.1.0.12", "Primary", "UP", "Primary", "Critical: 10.1.0.11 and 10.1.0.12 both take writes")]
    public void A_node_in_another_state_is_found(string address, string type, string database, string role, string finding)
    {
        var nodes = StatusJudge.Of(Healthy with
        {
            Nodes = Healthy.Nodes.ToDictionary(n => n.Key, n => n.Key == address
                ? n.Value with { Type = type, Database = database, Lsn = null, Info = "refused" } : n.Value),
        }, "efm");
        Assert.Equal(role, nodes.Single(n => n.Address == address).Role);
        Assert.Contains(nodes.SelectMany(n => n.Finding), f => f.ToString().StartsWith(finding, StringComparison.Ordinal));
    }

    [Fact]
    [Spec("P24")]
    public void Certificates_that_end_soon_or_have_ended_are_found()
    {
        PemNodeStatus Of(string file, DateTime? end) => StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes = [new NodeView(StatusJudge.Of(Healthy, "efm")[0]) { Ending = [(file, end)] }],
            Efm = Healthy,
        })[0];
        Assert.Equal(["Warning: its certificate server.crt ends on 2099-01-02"], Of("server.crt", new(2099, 1, 2, 3, 4, 5, DateTimeKind.Utc)).Finding.Select(f => f.ToString()));
        Assert.Equal(["Critical: its certificate agent1.crt ended on 2020-01-02"], Of("agent1.crt", new(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc)).Finding.Select(f => f.ToString()));
        Assert.Equal(["Critical: its certificate root.crt cannot be read"], Of("root.crt", null).Finding.Select(f => f.ToString()));
    }

    [Fact]
    public void What_the_agents_say_of_the_whole_cluster_is_with_its_first_node()
    {
        var nodes = StatusJudge.Of(Healthy with
        {
            AllowedNodes = ["10.1.0.11", "10.1.0.12", "10.1.0.77"],
            FailoverPriority = [],
            MinimumStandbys = 1,
            MissingNodes = ["10.1.0.88"],
            Messages = ["One or more standby databases are not in sync with the primary database.", "something else"],
        }, null);
        string[] said =
        [
            "Warning: EFM says: One or more standby databases are not in sync with the primary database.",
            "Warning: EFM says: something else",
            "Warning: no standby may be promoted: the failover order is empty",
            "Warning: no standby may be promoted: 1 are there, and minimum.standbys is 1",
            "Warning: 10.1.0.77 is allowed to join, but has not",
        ];
        Assert.Equal(said, nodes[0].Finding.Select(f => f.ToString()));
        Assert.Equal(["Warning: it is not in the list of nodes that may join"], nodes[2].Finding.Select(f => f.ToString()));
        Assert.Equal(("10.1.0.88", "Unreachable", "DOWN"), (nodes[3].Name, nodes[3].Role, nodes[3].Efm));
        Assert.All(nodes.SelectMany(n => n.Finding), f => Assert.NotEmpty(f.Remedy));
    }

    [Fact]
    [Spec("F3")]
    public void That_positions_differ_is_said_only_where_replication_could_not_be_asked_for()
    {
        StatusView View(bool asked) => new()
        {
            Cluster = "efm",
            Nodes = [.. StatusJudge.Of(Healthy, "efm").Select(n => new NodeView(n))],
            Efm = Healthy with { Messages = ["One or more standby databases are not in sync with the primary database."] },
            DatabasesAsked = asked,
        };
        Assert.All(StatusJudge.Judge(View(true)), n => Assert.Empty(n.Finding));
        Assert.Contains("pg_stat_replication", Assert.Single(StatusJudge.Judge(View(false))[0].Finding).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("T11")]
    public void The_virtual_IP_must_be_on_the_primary_where_there_is_one_at_all()
    {
        EfmStatus With(string vip, string holder) => Healthy with
        {
            Nodes = Healthy.Nodes.ToDictionary(n => n.Key, n => n.Value with { VirtualIp = vip, VirtualIpActive = n.Key == holder }),
        };
        Assert.All(StatusJudge.Of(With("", ""), null), n => Assert.Empty(n.Finding));
        Assert.Contains("no node holds the virtual IP 10.1.0.20",
            StatusJudge.Of(With("10.1.0.20", ""), null)[0].Finding.Select(f => f.Message));
        Assert.Contains("it holds the virtual IP, but 10.1.0.11 is the primary",
            StatusJudge.Of(With("10.1.0.20", "10.1.0.12"), null)[1].Finding.Select(f => f.Message));
    }
}
