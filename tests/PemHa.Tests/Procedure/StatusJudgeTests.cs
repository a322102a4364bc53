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

    [Fact]
    [Spec("P23")]
    public void An_authority_that_one_node_alone_has_is_told_of()
    {
        IReadOnlyList<PemNodeStatus> Judge(params string[] authorities) => StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes = [.. StatusJudge.Of(Healthy, "efm").Zip(authorities, (n, a) => new NodeView(n) { Authorities = a })],
            Efm = Healthy,
        });
        const string word = "authorities";
        Assert.All(
            Judge("a", "a", ""),
            n => Assert.DoesNotContain(n.Finding, f => f.Message.Contains(word, StringComparison.Ordinal)));
        var finding = Assert.Single(
            Judge("a", "b", "a")[0].Finding, f => f.Message.Contains(word, StringComparison.Ordinal));
        Assert.Contains("10.1.0.12 differs", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PEMs_services_that_do_not_get_over_a_failover_are_told_of()
    {
        var nodes = StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes = [new NodeView(StatusJudge.Of(Healthy, "efm")[0]) { Outlived = ["edb-uwsgi", "pemagent"] }],
            Efm = Healthy,
        });
        var finding = Assert.Single(
            nodes[0].Finding,
            f => f.Message.Contains("edb-uwsgi and pemagent of PEM before 10.5", StringComparison.Ordinal));
        Assert.StartsWith("systemctl restart edb-uwsgi pemagent;", finding.Remedy, StringComparison.Ordinal);
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
            Nodes =
            [
                .. StatusJudge.Of(Healthy, "efm")
                    .Select((n, i) => new NodeView(n) { Ending = i == 0 ? [(file, end)] : [] }),
            ],
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

    const string Split = "DB is not in recovery.";

    static EfmStatus WithNode(string address, EfmNode node) => Healthy with
    {
        Nodes = Healthy.Nodes.ToDictionary(n => n.Key, n => n.Key == address ? node : n.Value),
    };

    /// <summary>
    /// The old primary of a failover, which was started by hand (R1, B3), as each source of information shows it.
    /// </summary>
    [Theory]
    [InlineData("report")]
    [InlineData("databases")]
    [InlineData("unreachable")]
    [InlineData("databases without EFM's text")]
    [Spec("P22")]
    public void A_split_brain_is_critical_whatever_it_is_read_from(string way)
    {
        var info = way.EndsWith("text", StringComparison.Ordinal) ? null : Split;
        var efm = WithNode("10.1.0.12", new("Idle", "UNKNOWN", "10.1.0.20", false, null, "0/D0001F8", info));
        var seen = StatusJudge.Of(efm, "efm");
        var nodes = way == "report" ? seen : StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes = [.. seen.Select(n => n.Address != "10.1.0.12" ? new NodeView(n)
                : way == "unreachable" ? new NodeView(n with { Role = "Unreachable" }) { Trouble = "no route" }
                : new NodeView(n with { Role = "Primary" }))],
            Efm = efm,
            VirtualIp = "10.1.0.20",
            DatabasesAsked = true,
        });
        var cluster = nodes[0].Finding.Single(f => f.Message == "10.1.0.11 and 10.1.0.12 both take writes");
        Assert.Equal("Critical", cluster.Severity);
        Assert.Contains(
            "Stop edb-as-NN on 10.1.0.12 at once; 10.1.0.11 is the primary", cluster.Remedy, StringComparison.Ordinal);
        var node = nodes[1].Finding.Single(
            f => f.Message.StartsWith("its database takes writes beside the primary", StringComparison.Ordinal));
        Assert.Equal("Critical", node.Severity);
        Assert.All(
            nodes.SelectMany(n => n.Finding),
            f => Assert.DoesNotContain("efm resume", f.Remedy, StringComparison.Ordinal));
        // EFM's message is shown whenever there is one.
        if (efm.Nodes["10.1.0.12"].Info is not null) Assert.EndsWith(Split, node.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_standby_that_was_promoted_without_EFM_is_found_by_the_type_of_its_row()
    {
        var promoted = new EfmNode("Standby", "UP", "", false, "0/1", "0/1", null) { RowType = "Primary" };
        var nodes = StatusJudge.Of(WithNode("10.1.0.12", promoted), "efm");
        Assert.Contains(
            "Critical: 10.1.0.11 and 10.1.0.12 both take writes", nodes[0].Finding.Select(f => f.ToString()));
        Assert.Equal("Primary", nodes[1].Role);
    }

    [Theory]
    [InlineData("Standby", "streaming", null, true, true)]
    [InlineData("Standby", "none", null, true, false)]
    [InlineData("Primary", null, Split, false, true)]
    [InlineData("Primary", null, Split, true, false)]
    [InlineData("Stopped", null, "Connection to 10.1.0.12:5444 refused.", true, false)]
    [Spec("P22", "T13")]
    public void Resume_is_the_first_thing_to_do_only_where_the_database_is_well(
        string role, string? replication, string? info, bool beside, bool resumed)
    {
        var efm = WithNode("10.1.0.12", new("Idle", "UP", "", false, null, "0/1", info));
        if (!beside) efm = efm with { Nodes = efm.Nodes.Where(n => n.Key != "10.1.0.11").ToDictionary() };
        var seen = StatusJudge.Of(efm, "efm").Single(n => n.Address == "10.1.0.12") with
        {
            Role = role,
            Replication = replication,
            Database = role == "Stopped" ? "DOWN" : "UP",
        };
        var other = StatusJudge.Of(Healthy, "efm")[0];
        var nodes = StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes = beside
                ? [new NodeView(other), new NodeView(seen) { StartsAsPrimary = role == "Stopped" }]
                : [new NodeView(seen)],
            Efm = efm,
            DatabasesAsked = true,
        });
        var findings = nodes.Single(n => n.Address == "10.1.0.12").Finding;
        Assert.Equal(
            resumed, findings.Any(f => f.Remedy.StartsWith("`efm resume efm` there", StringComparison.Ordinal)));
        // A stopped database that would start as a second primary must never be started.
        if (role == "Stopped")
        {
            Assert.Contains(
                findings, f => f.Remedy.StartsWith("Do not start edb-as-NN there", StringComparison.Ordinal));
        }
        if (info is not null) Assert.Contains(findings, f => f.Message.EndsWith(info, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(
        "Connection to 10.1.0.12:5444 refused. Check that the hostname and port are correct and that the postmaster "
            + "is accepting TCP/IP connections.",
        "No server listens there")]
    [InlineData(
        "FATAL: no pg_hba.conf entry for host \"10.1.0.11\", user \"efm\", database \"edb\", SSL encryption",
        "pg_hba.conf there has no rule")]
    [InlineData("FATAL: password authentication failed for user \"efm\"", "db.password.encrypted")]
    [InlineData(
        "The server requested SCRAM-based authentication, but no password was provided.",
        "db.password.encrypted")]
    [InlineData("FATAL: role \"efm\" does not exist", "-DatabaseOnly")]
    [InlineData("ERROR: permission denied for function pg_current_wal_lsn", "-DatabaseOnly")]
    [InlineData("The connection attempt failed.", "The host did not answer")]
    [InlineData("The connection attempt to 10.1.0.12:5444 timed out.", "The host did not answer")]
    [InlineData("java.net.NoRouteToHostException: No route to host", "The host did not answer")]
    [InlineData("FATAL: the database system is starting up", "look again in a minute")]
    [InlineData("FATAL: sorry, too many clients already", "no connection left")]
    [InlineData("The server does not support SSL.", "disagree on TLS")]
    [InlineData("something new", "See the EFM log")]
    public void What_to_do_fits_the_reason_that_EFM_gives(string info, string remedy)
    {
        var efm = WithNode("10.1.0.12", new("Standby", "UP", "", false, null, null, info));
        var finding = Assert.Single(StatusJudge.Of(efm, "efm")[1].Finding);
        Assert.Equal($"EFM could not ask its database: {info}", finding.Message);
        Assert.Contains(remedy, finding.Remedy, StringComparison.Ordinal);
        // It is not hidden when there is a position, either.
        efm = WithNode("10.1.0.12", new("Standby", "UP", "", false, "0/9000000", "0/9000000", info));
        finding = Assert.Single(StatusJudge.Of(efm, "efm")[1].Finding);
        Assert.EndsWith(info, finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Authorization file not found. Is the local agent running?", false, "Start edb-efm-N.N")]
    [InlineData(
        "Authorization file not found. Is the local agent running?", true, "runs, but its agent does not answer")]
    [InlineData("Unable to find JRE in path.", true, "finds no Java")]
    [InlineData(
        "Not authorized to run this command. User 'a' is not a member of the `efm` group.", true, "Connect as root")]
    [InlineData("", false, "Start edb-efm-N.N")]
    public void No_answer_of_EFM_is_told_with_its_words_and_what_helps(string said, bool runs, string remedy)
    {
        var finding = StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes =
            [
                .. StatusJudge.Of(Healthy, "efm")
                    .Select(n => new NodeView(n with { Efm = "" }) { AgentRuns = runs }),
            ],
            Efm = null,
            EfmTrouble = said,
            DatabasesAsked = true,
        })[0].Finding.Single(f => f.Message.StartsWith("no EFM agent answers", StringComparison.Ordinal));
        Assert.EndsWith(said, finding.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_primary_that_is_out_of_reach_of_SSH_is_still_the_primary()
    {
        var seen = StatusJudge.Of(Healthy, "efm");
        var nodes = StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes =
            [
                new NodeView(seen[0] with { Role = "Unreachable" }) { Trouble = "no route" },
                new NodeView(seen[1]),
                new NodeView(seen[2]),
            ],
            Efm = Healthy,
            VirtualIp = "10.1.0.20",
            DatabasesAsked = true,
        });
        // That is not a reason to promote a second primary by hand.
        Assert.Equal(["Critical: no route"], nodes.SelectMany(n => n.Finding).Select(f => f.ToString()));
    }

    [Fact]
    public void A_node_that_EFM_knows_and_nobody_described_is_found()
    {
        var seen = StatusJudge.Of(Healthy, "efm");
        var stranger = new EfmNode("Primary", "UP", "", false, null, "0/1", null);
        var efm = Healthy with { Nodes = Healthy.Nodes.Append(new("10.1.0.66", stranger)).ToDictionary() };
        var nodes = StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes = [.. seen.Select(n => new NodeView(n))],
            Efm = efm,
            DatabasesAsked = true,
        });
        string[] told = [.. nodes.SelectMany(n => n.Finding).Select(f => f.ToString())];
        Assert.Contains("Warning: EFM knows a node 10.1.0.66 (Primary) that is not described", told);
        Assert.Contains("Critical: 10.1.0.11 and 10.1.0.66 both take writes", told);
    }
}
