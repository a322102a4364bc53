using CsCheck;
using PemHa.Engine;
using PemHa.Engine.Efm;
using PemHa.Lab.Efm;

namespace PemHa.Tests.Efm;

/// <summary>Reports of EFM as people paste them.</summary>
[Spec("F1")]
public class EfmReportTests
{
    const string Five = """
        Cluster Status: pem

        	Agent Type  Address              DB       VIP
        	----------------------------------------------------------------
        	Primary     10.1.0.11            UP       10.1.0.20*
        	Standby     10.1.0.12            UP       10.1.0.20
        	Standby     10.1.0.13            UP       10.1.0.20
        	Witness     10.1.0.14            N/A      10.1.0.20
        	DOWN        10.1.0.15            N/A

        Allowed node host list:
        	10.1.0.11 10.1.0.12 10.1.0.13 10.1.0.14 10.1.0.15

        Membership coordinator: 10.1.0.14

        Standby priority host list:
        	10.1.0.13 10.1.0.12

        Promote Status:

        	DB Type     Address              WAL Received LSN   WAL Replayed LSN   Info
        	---------------------------------------------------------------------------
        	Primary     10.1.0.11                               0/F7A3808
        	Standby     10.1.0.12            0/F7A3808          0/F7A3700
        	UNKNOWN     10.1.0.13            UNKNOWN            UNKNOWN            Connection to 10.1.0.13:5444 refused. Check that the port is right and that somebody listens there.

        	One or more standby databases are not in sync with the primary database.

        """;

    [Fact]
    public void Every_section_of_the_text_is_read()
    {
        var status = One(Five);
        Assert.Equal("pem", status.Cluster);
        Assert.Equal(["10.1.0.11", "10.1.0.12", "10.1.0.13", "10.1.0.14", "10.1.0.15"], status.Nodes.Keys);
        Assert.Equal(new EfmNode("Primary", "UP", "10.1.0.20", true, null, "0/F7A3808", null), status.Nodes["10.1.0.11"]);
        Assert.Equal(new EfmNode("Standby", "UP", "10.1.0.20", false, "0/F7A3808", "0/F7A3700", null), status.Nodes["10.1.0.12"]);
        Assert.Equal(
            new EfmNode("Standby", "UP", "10.1.0.20", false, null, null,
                "Connection to 10.1.0.13:5444 refused. Check that the port is right and that somebody listens there."),
            status.Nodes["10.1.0.13"]);
        Assert.Equal(new EfmNode("Witness", "N/A", "10.1.0.20", false, null, null, null), status.Nodes["10.1.0.14"]);
        Assert.Equal(new EfmNode("DOWN", "N/A", "", false, null, null, null), status.Nodes["10.1.0.15"]);
        Assert.Equal(status.Nodes.Keys, status.AllowedNodes);
        Assert.Equal("10.1.0.14", status.Coordinator);
        Assert.Equal(["10.1.0.13", "10.1.0.12"], status.FailoverPriority);
        Assert.Equal(["10.1.0.15"], status.MissingNodes);
        Assert.Equal(["One or more standby databases are not in sync with the primary database."], status.Messages);
    }

    [Fact]
    public void The_agent_column_of_early_EFM_4_is_no_database()
    {
        var status = One("""
            Agent Type  Address               Agent   DB        VIP
            -----------------------------------------------------------------------
            Standby     10.2.0.2               UP     UP        10.2.0.9
            Primary     10.2.0.3               UP     UP        10.2.0.9*
            Standby     10.2.0.4               DOWN   UNKNOWN   10.2.0.9


            Allowed node host list:
            10.2.0.2 10.2.0.3


            Membership coordinator: 10.2.0.3


            Standby priority host list:
            (List is empty.)

            Promote Status:

            DB Type  Address    WAL Received LSN   WAL Replayed LSN   Info
            --------------------------------------------------------------------
            Primary  10.2.0.3                      0/4000638
            Standby  10.2.0.2   0/4000638          0/4000638


            Standby database(s) in sync with primary. It is safe to promote.
            """);
        Assert.Null(status.Cluster);
        Assert.Equal(("Primary", "UP", true), Of(status, "10.2.0.3"));
        Assert.Equal(("Standby", "UP", false), Of(status, "10.2.0.2"));
        Assert.Equal(("DOWN", "UNKNOWN", false), Of(status, "10.2.0.4"));
        Assert.Equal(["10.2.0.2", "10.2.0.3"], status.AllowedNodes);
        Assert.Empty(status.FailoverPriority);
        Assert.Empty(status.Messages);

        static (string, string, bool) Of(EfmStatus status, string address) =>
            (status.Nodes[address].Type, status.Nodes[address].Database, status.Nodes[address].VirtualIpActive);
    }

    [Fact]
    public void A_lone_primary_has_no_promote_status_and_an_idle_node_has_a_section_of_its_own()
    {
        Assert.Equal("Primary", Assert.Single(One("""
            Cluster Status: efm

            	Agent Type  Address              DB       VIP
            	----------------------------------------------------------------
            	Primary     10.1.0.11            UP       10.1.0.20*

            Allowed node host list:
            	10.1.0.11

            Membership coordinator: 10.1.0.11

            Standby priority host list:
            	(List is empty.)
            """).Nodes).Value.Type);
        var idle = One("""
            Cluster Status: efm
                Agent Type  Address      DB       VIP
                ------------------------------------
                Idle        10.1.0.11    UNKNOWN  10.1.0.20
                Primary     10.1.0.12    UP       10.1.0.20*

            Promote Status:

                DB Type     Address      WAL Received LSN   WAL Replayed LSN   Info
                -------------------------------------------------------------------
                Primary     10.1.0.12                       0/40B01C0

                No standby databases were found.

            Idle Node Status (idle nodes ignored in WAL LSN comparisons):

                Address      WAL Received LSN   WAL Replayed LSN   Info
                -------------------------------------------------------
                10.1.0.11    UNKNOWN            UNKNOWN            Connection to 10.1.0.11:5444 refused. Check
            that somebody listens there.
            """);
        Assert.Equal("Connection to 10.1.0.11:5444 refused. Check that somebody listens there.", idle.Nodes["10.1.0.11"].Info);
        Assert.Equal("0/40B01C0", idle.Nodes["10.1.0.12"].Lsn);
        Assert.Equal(["No standby databases were found."], idle.Messages);
    }

    [Fact]
    public void The_header_of_watch_a_prompt_colours_and_Windows_line_ends_do_no_harm()
    {
        const string watch = "Every 2.0s: /usr/edb/efm-4.10/bin/efm cluster-status pem      node1: Tue Feb 25 10:54:35 2025\n\n";
        const string prompt = "\e]0;root@node1: ~\a\e[1;31m[root@node1 ~]#\e[0m /usr/edb/efm-5.2/bin/efm cluster-status pem.properties\n";
        const string after = "[root@node1 ~]# echo $?\n0\n[root@node1 ~]# ";
        Same(watch + Five);
        Same("\ufeff" + prompt + Five + after);
        Same(Five.Replace("UP", "\e[32mUP\e[0m", StringComparison.Ordinal));
        Same(Five.Replace("\n", "\r\n", StringComparison.Ordinal));
        Same(Five.Replace("\t", "        ", StringComparison.Ordinal));
        Same(Five.Replace("\t", "", StringComparison.Ordinal).Replace(" ", "\u00a0", StringComparison.Ordinal));
        // Blank lines dropped, blanks squeezed, as forms and chats do.
        Same(string.Join('\n', Five.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => string.Join(' ', l.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)))));
        Assert.Equal("pem", One(prompt + Five.Replace("Cluster Status: pem", "", StringComparison.Ordinal)).Cluster);
    }

    [Fact]
    public void Lines_that_a_narrow_terminal_broke_are_joined()
    {
        Same(Broken(Five, 80));
        Same("Every 2.0s: efm cluster-status pem".PadRight(69) + "node1: 10:54:35" + "\n\n" + Broken(Five, 84));
    }

    /// <summary>As a terminal prints it: tabs become blanks, what does not fit goes on in the next line, blanks at ends are lost.</summary>
    static string Broken(string text, int width) => string.Join('\n', text.Split('\n').Select(line =>
    {
        var wide = line.Replace("\t", "        ", StringComparison.Ordinal);
        return wide.Length <= width ? wide : string.Join('\n', wide.Chunk(width).Select(c => new string(c)));
    }));

    [Fact]
    [Spec("F2")]
    public void JSON_is_found_between_prompts_and_several_reports_are_read_in_order()
    {
        const string json = """{ "nodes": { "10.3.0.1": { "type": "Primary", "db": "UP", "vip": "", "xlog": "0/1" } }, "minimumstandbys": 2 }""";
        var all = EfmReport.Read(
            $"é {{x}} $ efm cluster-status-json four\n{json}\n$ \n{Five}\n{Five}$ efm cluster-status-json /etc/edb/efm-4.9/other.properties\n{json}");
        Assert.Equal(["four", "pem", "pem", "other"], all.Select(s => s.Cluster));
        Assert.Equal("0/1", all[0].Nodes["10.3.0.1"].Lsn);
        Assert.Equal(2, all[3].MinimumStandbys);
        Assert.Equal(["10.3.0.1", "10.3.0.1"], EfmReport.Read($"[\n{json},\n{json}\n]\n").SelectMany(s => s.Nodes.Keys));
        // A prompt may hold a brace as well.
        Assert.Equal("0/1", Assert.Single(EfmReport.Read($"é {{x}} $ {json}")).Nodes["10.3.0.1"].Lsn);
    }

    [Theory]
    [InlineData("", 1, "it ends", "Cluster Status")]
    [InlineData("\n\n", 3, "it ends", "Cluster Status")]
    [InlineData("[root@a ~]# efm cluster-status efm\nAuthorization file not found. Is the local agent running?\n", 2,
        "Is the local agent running?", "Cluster Status")]
    [InlineData("Cluster Status: efm\n\n", 1, "it ends", "heading 'Agent Type")]
    [InlineData("Cluster Status: efm\n\n\tAgent Type  Address   DB   VIP\n\t------\n\nAllowed node host list:\n", 3, "Agent Type",
        "a line for each node")]
    [InlineData("Agent Type  Address   DB   VIP\n---\nPrimary 10.0.0.1 UP\nStandby 10.0.0.2\n", 4, "Standby 10.0.0.2", "database")]
    [InlineData("Agent Type  Address   Agent DB   VIP\n---\nPrimary 10.0.0.1 UP\n", 3, "Primary 10.0.0.1 UP", "agent, database")]
    [InlineData("Agent Type  Address   DB   VIP\nPrimary 10.0.0.1 10.0.0.9*\n", 2, "10.0.0.9*", "database")]
    [InlineData("$ efm cluster-status-json efm\n{\n\"nodes\": {\n\"10.0.0.1\": {\n\"type\": \"Primary\",\n\"vip_active : false\"\n\"lsn : 0/1\"\n", 7,
        "\"lsn : 0/1\"", "valid JSON, but")]
    [InlineData("{\n \"nodes\": {\n", 3, "it ends", "valid JSON, but")]
    [InlineData("{ \"type\":\"Standby\", \"address\":\"10.0.0.1\", \"db\":\"UP\" }", 1, "Standby", "node-status-json")]
    [InlineData("{ \"nodes\": [] }", 1, "nodes", "an object with \"nodes\"")]
    [InlineData("{ \"nodes\": {} }", 1, "nodes", "a node in it")]
    [InlineData("{ \"nodes\": {\n \"a\": { \"type\": \"Witness\", \"db\": \"N/A\" } } },\n \"b\": { \"type\": \"Witness\", \"db\": \"N/A\" } } }", 3, "\"b\"",
        "the end of the status")]
    [InlineData("$ efm cluster-status-json efm\n{ \"nodes\": { \"a\": { \"type\": \"Witness\", \"db\": \"N/A\" } } }\n\n}\n$ ", 4, "'}'", "the end of the status")]
    [InlineData("{ \"nodes\": {\n \"a\": { \"type\": \"Witness\", \"db\": \"N/A\" },\n \"b\": { \"type\": \"Witness\" } } }", 3, "\"b\"",
        "\"type\" and \"db\" of the node b")]
    [InlineData("[{\"nodes\":{\"a\":{\"type\":\"Witness\",\"db\":\"N/A\"}}}, {\"nodes\":{\"b\":{\"type\":\"Witness\",\"db\":\"N/A\"}}}]", 1, "nodes", "a line of its own")]
    [InlineData("{ \"\\ud800\": 1, \"nodes\": {} }", 1, "nodes", "an object with \"nodes\"")]
    [InlineData("{ \"nodes\": { \"a\": { \"type\": \"Witness\", \"db\": \"N/A\" } },\n \"\\ud800\": 1 }", 1, "nodes", "an object with \"nodes\"")]
    [InlineData("{ \"nodes\": { \"a\": { \"type\": \"\\ud800\" } } }", 1, "nodes", "an object with \"nodes\"")]
    public void What_cannot_be_read_is_an_error_that_says_where_and_what_was_expected(string text, int line, string found, string expected)
    {
        var error = Assert.Throws<PemException>(() => EfmReport.Read(text));
        Assert.Equal("EfmStatusUnreadable", error.Id);
        Assert.StartsWith($"Line {line} of EFM's status", error.Message, StringComparison.Ordinal);
        Assert.Contains(found, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message[error.Message.IndexOf("; expected", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Contains("efm cluster-status", error.Remedy, StringComparison.Ordinal);
    }

    static readonly Gen<string> Damaged = Gen.Select(
        Gen.OneOfConst(Five, StatusReport.Json(Sample), StatusReport.Text(Sample)), Gen.Int[0, 2000], Gen.Int[0, 200], Texts.Any,
        (text, at, length, noise) =>
        {
            at %= text.Length;
            return text[..at] + noise + text[Math.Min(text.Length, at + length)..];
        });

    [Fact]
    [Spec("F2")]
    public void Nothing_that_is_given_is_anything_but_a_status_or_the_one_error() => Gen.OneOf(Damaged, Texts.Any, Gen.String).Holds(
        text =>
        {
            try
            {
                Assert.All(EfmReport.Read(text), s => Assert.NotEmpty(s.Nodes));
            }
            catch (PemException e)
            {
                Assert.Equal("EfmStatusUnreadable", e.Id);
            }
        }, cases: 3000);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Spec("F2")]
    public void What_the_stand_in_prints_as_text_is_what_it_prints_as_JSON(bool asJava) => Clusters.Holds(
        data =>
        {
            var (text, json) = (One(StatusReport.Text(data, asJava)), One(StatusReport.Json(data, asJava)));
            Assert.Equal(data.Cluster, text.Cluster);
            Assert.Equal(json.Nodes.ToDictionary(n => n.Key, n => Comparable(n.Value)),
                text.Nodes.ToDictionary(n => n.Key, n => Comparable(n.Value)));
            // The text of a lone node ends at the coordinator (R3).
            var order = data.Nodes.Count > 1 ? json.FailoverPriority : [];
            Assert.Equal(
                (json.AllowedNodes, json.Coordinator, order),
                (text.AllowedNodes, text.Coordinator, text.FailoverPriority),
                Lists);
            Assert.Equal(data.Allowed, text.AllowedNodes);
            Assert.Equal(json.MissingNodes.Order(), text.MissingNodes.Order());
            if (data.Nodes.Count > 1) Assert.Equal(json.Messages, text.Messages);
        }, cases: 2000);

    // The JSON repeats a primary's position as received; the text leaves that empty.
    static EfmNode Comparable(EfmNode node) => node.Type is "Standby" or "Idle" ? node : node with { ReceivedLsn = null };

    static bool Lists((IReadOnlyList<string>, string?, IReadOnlyList<string>) a,
        (IReadOnlyList<string>, string?, IReadOnlyList<string>) b) =>
        a.Item1.SequenceEqual(b.Item1) && a.Item2 == b.Item2 && a.Item3.SequenceEqual(b.Item3);

    /// <summary>Clusters in any state, as the agents could see them.</summary>
    static readonly Gen<StatusData> Clusters = Gen.Select(
        Gen.Select(Gen.Enum<AgentType>(), Gen.OneOfConst("UP", "DOWN", "UNKNOWN"), Gen.UInt, Gen.Bool,
            Gen.OneOfConst("", "Connection refused.", "FATAL: no pg_hba.conf entry for host \"10.1.0.1\", user \"efm\"")).Array[1, 6],
        Gen.OneOfConst("efm", "pem-2", "a.b_c"), Gen.Bool, Gen.Bool, Gen.Int[0, 5], (nodes, name, six, vip, order) =>
        {
            string[] addresses = [.. nodes.Select((_, i) => six ? $"fd00:1::{i + 10:x}" : $"10.1.0.{i + 10}")];
            var infos = nodes.Select((n, i) => new NodeInfo
            {
                Address = addresses[i],
                Port = 7800,
                Type = n.Item1,
                Db = n.Item1 is AgentType.Witness or AgentType.DOWN ? "N/A" : n.Item2,
                Vip = vip && n.Item1 != AgentType.DOWN ? (six ? "fd00:1::1" : "10.1.0.9") : "",
                VipActive = vip && n.Item1 is not AgentType.DOWN && n.Item4,
            }).ToList();
            return new StatusData
            {
                Cluster = name,
                Nodes = infos,
                Allowed = [.. addresses],
                Coordinator = addresses[order % addresses.Length],
                Priority = [.. infos.Where(n => n.Type == AgentType.Standby).Select(n => n.Address).OrderBy(a => a.Length + order)],
                Missing = [.. infos.Where(n => n.Type == AgentType.DOWN).Select(n => n.Address)],
                Wal =
                [
                    .. nodes.Zip(infos).Where(p => p.Second.Type is AgentType.Primary or AgentType.Standby or AgentType.Idle).Select(p =>
                    {
                        var known = p.First.Item2 == "UP";
                        if (known && p.Second.Type == AgentType.Idle && p.First.Item4)
                        {
                            return new WalRow
                            {
                                Address = p.Second.Address,
                                DbType = "Primary",
                                Replayed = "0/D0001F8",
                                Info = "DB is not in recovery.",
                                Idle = true,
                            };
                        }
                        var lsn = known ? $"{p.First.Item3 % 3:X}/{p.First.Item3:X}" : "UNKNOWN";
                        return new WalRow
                        {
                            Address = p.Second.Address,
                            DbType = known ? p.Second.Type == AgentType.Primary ? "Primary" : "Standby" : "UNKNOWN",
                            Received = known && p.Second.Type == AgentType.Primary ? "" : lsn,
                            Replayed = lsn,
                            Info = known ? "" : p.First.Item5,
                            Idle = p.Second.Type == AgentType.Idle,
                        };
                    }).Where(_ => infos.Count > 1),
                ],
            };
        });

    static StatusData Sample => new()
    {
        Cluster = "efm",
        Nodes =
        [
            new NodeInfo { Address = "10.1.0.1", Port = 7800, Type = AgentType.Primary, Db = "UP", Vip = "10.1.0.9", VipActive = true },
            new NodeInfo { Address = "10.1.0.2", Port = 7800, Type = AgentType.Idle, Db = "UNKNOWN", Vip = "10.1.0.9" },
        ],
        Allowed = ["10.1.0.1", "10.1.0.2"],
        Coordinator = "10.1.0.1",
        Priority = [],
        Missing = [],
        Wal = [new WalRow { Address = "10.1.0.1", DbType = "Primary", Replayed = "0/1" }],
    };

    static EfmStatus One(string text) => Assert.Single(EfmReport.Read(text));

    /// <summary>The same as <see cref="Five"/>, however it was mangled on its way.</summary>
    static void Same(string text)
    {
        var (expected, actual) = (One(Five), One(text));
        Assert.Equal(expected.Cluster, actual.Cluster);
        Assert.Equal(expected.Nodes, actual.Nodes);
        Assert.Equal((expected.AllowedNodes, expected.Coordinator, expected.FailoverPriority),
            (actual.AllowedNodes, actual.Coordinator, actual.FailoverPriority), Lists);
        Assert.Equal(expected.MissingNodes, actual.MissingNodes);
        Assert.Equal(expected.Messages, actual.Messages);
    }
}
