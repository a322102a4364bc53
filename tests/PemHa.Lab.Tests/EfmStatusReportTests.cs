using System.Text.Json;
using PemHa.Lab.Efm;
using Xunit;

namespace PemHa.Lab.Tests;

public class EfmStatusReportTests
{
    static readonly StatusData Healthy = new()
    {
        Cluster = "efm",
        Nodes =
        [
            Node("172.16.161.203", AgentType.Witness, "N/A"),
            Node("172.16.161.201", AgentType.Standby, "UP"),
            Node("172.16.161.200", AgentType.Primary, "UP") with { VipActive = true },
            Node("172.16.161.202", AgentType.Standby, "UP"),
        ],
        Allowed = ["172.16.161.200", "172.16.161.201", "172.16.161.202", "172.16.161.203"],
        Coordinator = "172.16.161.200",
        Priority = ["172.16.161.201", "172.16.161.202"],
        Missing = [],
        Wal =
        [
            new WalRow { Address = "172.16.161.201", DbType = "Standby", Received = "0/F7A3808", Replayed = "0/F7A3808" },
            new WalRow { Address = "172.16.161.200", DbType = "Primary", Replayed = "0/F7A3808" },
            new WalRow { Address = "172.16.161.202", DbType = "Standby", Received = "0/F7A3808", Replayed = "0/F7A3808" },
        ],
    };

    [Fact]
    [Spec("F1", "P21")]
    public void The_text_has_the_documented_sections_and_columns() => Assert.Equal("""
        Cluster Status: efm

        	Agent Type  Address              DB       VIP
        	----------------------------------------------------------------
        	Primary     172.16.161.200       UP       172.16.161.245*
        	Standby     172.16.161.201       UP       172.16.161.245
        	Standby     172.16.161.202       UP       172.16.161.245
        	Witness     172.16.161.203       N/A      172.16.161.245

        Allowed node host list:
        	172.16.161.200 172.16.161.201 172.16.161.202 172.16.161.203

        Membership coordinator: 172.16.161.200

        Standby priority host list:
        	172.16.161.201 172.16.161.202

        Promote Status:

        	DB Type     Address              WAL Received LSN   WAL Replayed LSN   Info
        	---------------------------------------------------------------------------
        	Primary     172.16.161.200                          0/F7A3808
        	Standby     172.16.161.201       0/F7A3808          0/F7A3808
        	Standby     172.16.161.202       0/F7A3808          0/F7A3808

        	Standby database(s) in sync with primary. It is safe to promote.

        """, StatusReport.Text(Healthy));

    [Fact]
    [Spec("F3")]
    public void The_exit_code_is_0_only_when_all_is_well()
    {
        Assert.Equal(0, StatusReport.ExitCode(Healthy));
        Assert.Equal(1, StatusReport.ExitCode(Healthy with { Nodes = [.. Healthy.Nodes, Node("172.16.161.204", AgentType.DOWN, "N/A")] }));
        var idle = Node("172.16.161.203", AgentType.Idle, "UP");
        Assert.Equal(1, StatusReport.ExitCode(Healthy with { Nodes = [.. Healthy.Nodes.Skip(1), idle] }));
        Assert.Equal(1, StatusReport.ExitCode(Lagging));
        Assert.Equal(1, StatusReport.ExitCode(Healthy with { Wal = [.. Healthy.Wal.Where(w => w.DbType != "Primary")] }));
        Assert.Equal(1, StatusReport.ExitCode(Healthy with { Wal = [.. Healthy.Wal.Where(w => w.DbType == "Primary")] }));
    }

    [Fact]
    [Spec("F1", "F3")]
    public void A_standby_behind_is_not_in_sync()
    {
        Assert.Equal(StatusReport.NotInSync, StatusReport.Problem(Lagging));
        Assert.EndsWith($"\n\t{StatusReport.NotInSync}\n", StatusReport.Text(Lagging), StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F1")]
    public void The_report_of_a_lone_node_ends_at_the_coordinator_and_empty_lists_say_so()
    {
        var text = StatusReport.Text(Healthy with { Nodes = [Healthy.Nodes[2]], Priority = [], Wal = [Healthy.Wal[1]] });
        // R3: nothing follows the coordinator.
        Assert.EndsWith("\nMembership coordinator: 172.16.161.200\n", text, StringComparison.Ordinal);
        text = StatusReport.Text(Healthy with { Nodes = Healthy.Nodes[..2], Priority = [] });
        Assert.Contains("Standby priority host list:\n\t(List is empty.)\n", text, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F1")]
    public void An_idle_node_has_a_section_of_its_own_and_a_failed_one_is_down()
    {
        var idle = Healthy with
        {
            Nodes =
            [
                Node("172.16.161.200", AgentType.Idle, "UNKNOWN"),
                Node("172.16.161.201", AgentType.Primary, "UP") with { VipActive = true },
                new NodeInfo { Address = "172.16.161.203", Port = 0, Type = AgentType.DOWN, Db = "N/A" },
            ],
            Wal =
            [
                Unknown("172.16.161.200", "refused.") with { Idle = true },
                new WalRow { Address = "172.16.161.201", DbType = "Primary", Replayed = "0/40B01C0" },
            ],
            Missing = ["172.16.161.203"],
        };
        var text = StatusReport.Text(idle);
        Assert.Contains("\n\tDOWN        172.16.161.203       N/A\n", text, StringComparison.Ordinal);
        Assert.EndsWith("""
            	Primary     172.16.161.201                          0/40B01C0

            	No standby databases were found.

            Idle Node Status (idle nodes ignored in WAL LSN comparisons):

            	Address              WAL Received LSN   WAL Replayed LSN   Info
            	---------------------------------------------------------------
            	172.16.161.200       UNKNOWN            UNKNOWN            refused.

            """, text, StringComparison.Ordinal);
        Assert.Equal("172.16.161.203", JsonDocument.Parse(StatusReport.Json(idle)).RootElement.GetProperty("missingnodes")[0].GetString());
    }

    [Fact]
    [Spec("F1")]
    public void A_database_that_cannot_be_asked_is_a_row_of_type_UNKNOWN()
    {
        var text = StatusReport.Text(Healthy with { Wal = [.. Healthy.Wal.Take(2), Unknown("172.16.161.202", "x")] });
        Assert.Contains("\tUNKNOWN     172.16.161.202       UNKNOWN            UNKNOWN            x\n", text, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F1")]
    public void Without_a_primary_that_can_be_asked_the_report_is_R1s()
    {
        var stopped = Healthy with
        {
            Wal = [Unknown("172.16.161.200", "refused."), .. Healthy.Wal.Where(w => w.DbType == "Standby")],
        };
        Assert.EndsWith("""
            	UNKNOWN     172.16.161.200       UNKNOWN            UNKNOWN            refused.
            	Standby     172.16.161.201       0/F7A3808          0/F7A3808
            	Standby     172.16.161.202       0/F7A3808          0/F7A3808

            	No primary database was found.

            """, StatusReport.Text(stopped), StringComparison.Ordinal);
        Assert.Equal("No primary database was found.",
            JsonDocument.Parse(StatusReport.Json(stopped)).RootElement.GetProperty("messages")[0].GetString());
    }

    [Fact]
    [Spec("F1", "F2")]
    public void An_idle_node_whose_database_takes_writes_is_R1s_split_brain()
    {
        var split = Healthy with
        {
            Nodes = [.. Healthy.Nodes, Node("172.16.161.204", AgentType.Idle, "UNKNOWN")],
            Wal = [.. Healthy.Wal, new WalRow
            {
                Address = "172.16.161.204",
                DbType = "Primary",
                Replayed = "0/D0001F8",
                Info = Agent.NotInRecovery,
                Idle = true,
            }],
        };
        Assert.EndsWith(
            "\t172.16.161.204                          0/D0001F8          DB is not in recovery.\n",
            StatusReport.Text(split),
            StringComparison.Ordinal);
        var nodes = JsonDocument.Parse(StatusReport.Json(split)).RootElement.GetProperty("nodes");
        var node = nodes.GetProperty("172.16.161.204");
        Assert.Equal(
            ("", "0/D0001F8", "DB is not in recovery."),
            (
                node.GetProperty("lsnReceive").GetString(),
                node.GetProperty("lsn").GetString(),
                node.GetProperty("lsnInfo").GetString()));
    }

    [Fact]
    [Spec("F1", "F2")]
    public void Addresses_can_be_spelled_as_Java_does()
    {
        var data = new StatusData
        {
            Cluster = "efm",
            Nodes =
            [
                new NodeInfo
                {
                    Address = "fd16:161::200",
                    Port = 7800,
                    Type = AgentType.Primary,
                    Db = "UP",
                    Vip = "fd16:161::245",
                },
            ],
            Allowed = ["fd16:161::200", "172.16.161.7"],
            Coordinator = "fd16:161::200",
            Priority = [],
            Missing = [],
            Wal = [],
        };
        Assert.Equal(3, StatusReport.Text(data, asJava: true).Split("fd16:161:0:0:0:0:0:200").Length - 1);
        var asJava = StatusReport.Json(data, asJava: true);
        Assert.Contains("\"vip\": \"fd16:161:0:0:0:0:0:245\"", asJava, StringComparison.Ordinal);
        Assert.Contains("172.16.161.7", asJava, StringComparison.Ordinal);
        Assert.DoesNotContain("0:0:0", StatusReport.Json(data, asJava: false), StringComparison.Ordinal);
    }

    [Fact]
    [Spec("F2")]
    public void The_json_has_the_keys_of_5x()
    {
        var root = JsonDocument.Parse(StatusReport.Json(Healthy)).RootElement;
        Assert.Equal(["nodes", "allowednodes", "membershipcoordinator", "failoverpriority", "minimumstandbys", "missingnodes", "messages"],
            root.EnumerateObject().Select(p => p.Name));
        var primary = root.GetProperty("nodes").GetProperty("172.16.161.200");
        Assert.Equal(["type", "db", "vip", "vip_active", "lsnReceive", "lsn", "lsnInfo"], primary.EnumerateObject().Select(p => p.Name));
        Assert.True(primary.GetProperty("vip_active").GetBoolean());
        Assert.Equal("0/F7A3808", primary.GetProperty("lsn").GetString());
        var witness = root.GetProperty("nodes").GetProperty("172.16.161.203");
        Assert.Equal(["type", "db", "vip", "vip_active"], witness.EnumerateObject().Select(p => p.Name));
        Assert.Equal(0, root.GetProperty("messages").GetArrayLength());
    }

    [Fact]
    [Spec("F4")]
    public void The_local_node_alone_is_shown_as_json()
    {
        var node = Node("172.16.161.201", AgentType.Idle, "UP");
        var root = JsonDocument.Parse(StatusReport.NodeJson(node)).RootElement;
        Assert.Equal("Idle", root.GetProperty("type").GetString());
        Assert.Equal("false", root.GetProperty("vip_active").GetString());
        Assert.Equal(1, StatusReport.NodeExitCode(node));
        Assert.Equal(0, StatusReport.NodeExitCode(Healthy.Nodes[0]));
    }

    static WalRow Unknown(string address, string info) =>
        new() { Address = address, DbType = "UNKNOWN", Received = "UNKNOWN", Replayed = "UNKNOWN", Info = info };

    static StatusData Lagging => Healthy with { Wal = [Healthy.Wal[0] with { Replayed = "0/F7A3000" }, Healthy.Wal[1], Healthy.Wal[2]] };

    static NodeInfo Node(string address, AgentType type, string db) =>
        new() { Address = address, Port = 7800, Type = type, Db = db, Vip = "172.16.161.245" };
}
