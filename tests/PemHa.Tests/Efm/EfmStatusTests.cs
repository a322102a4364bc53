using CsCheck;
using PemHa.Engine.Efm;

namespace PemHa.Tests.Efm;

/// <summary>What <c>efm cluster-status-json</c> tells.</summary>
[Spec("P21", "F2")]
public class EfmStatusTests
{
    const string Five = """
        {
          "nodes": {
            "172.16.161.200": { "type": "Primary", "agent": "UP", "db": "UP", "vip": "172.16.161.245", "vip_active": true,
            "lsn": "0/F7A3808", "lsnInfo": "" },
            "172.16.161.201": { "type": "Standby", "agent": "UP", "db": "UP", "vip": "172.16.161.245", "vip_active": false,
            "lsnReceive": "0/F7A3808", "lsn": "0/F7A3000", "lsnInfo": "behind" },
            "172.16.161.203": { "type": "Witness", "agent": "UP", "db": "N\/A", "vip": "", "vip_active": false }
          },
          "allowednodes": [ "172.16.161.200", "172.16.161.201" ],
          "membershipcoordinator": "172.16.161.200",
          "failoverpriority": [ "172.16.161.201" ],
          "minimumstandbys": 0,
          "missingnodes": [ "172.16.161.202" ],
          "messages": [ "one" ]
        }
        """;

    [Fact]
    public void The_form_of_EFM_5_is_read()
    {
        var status = EfmStatus.Parse(Five)!;
        Assert.Equal(new EfmNode("Primary", "UP", "172.16.161.245", true, null, "0/F7A3808", null), status.Nodes["172.16.161.200"]);
        Assert.Equal(new EfmNode("Standby", "UP", "172.16.161.245", false, "0/F7A3808", "0/F7A3000", "behind"),
            status.Nodes["172.16.161.201"]);
        Assert.Equal(new EfmNode("Witness", "N/A", "", false, null, null, null), status.Nodes["172.16.161.203"]);
        Assert.Equal(["172.16.161.200", "172.16.161.201"], status.AllowedNodes);
        Assert.Equal("172.16.161.200", status.Coordinator);
        Assert.Equal(["172.16.161.201"], status.FailoverPriority);
        Assert.Equal(["172.16.161.202"], status.MissingNodes);
        Assert.Equal(["one"], status.Messages);
    }

    [Fact]
    public void The_older_names_of_EFM_4_are_read_too()
    {
        var older = Five.Replace("lsnReceive", "xlogReceive", StringComparison.Ordinal)
            .Replace("lsnInfo", "xloginfo", StringComparison.Ordinal)
            .Replace("\"lsn\"", "\"xlog\"", StringComparison.Ordinal);
        Assert.Equal(EfmStatus.Parse(Five)!.Nodes, EfmStatus.Parse(older)!.Nodes);
    }

    [Fact]
    public void Neither_the_case_of_a_name_nor_a_boolean_as_text_matters()
    {
        // B17: the sources disagree about the names, and node-status-json has "false" where cluster-status-json has
        // false.
        var other = Five
            .Replace("lsnReceive", "xLogReceive", StringComparison.Ordinal)
            .Replace("lsnInfo", "xlogInfo", StringComparison.Ordinal)
            .Replace("\"lsn\"", "\"xLog\"", StringComparison.Ordinal)
            .Replace("vip_active", "VIP_Active", StringComparison.Ordinal)
            .Replace("allowednodes", "allowedNodes", StringComparison.Ordinal)
            .Replace("\"nodes\"", "\"Nodes\"", StringComparison.Ordinal)
            .Replace(": true", ": \"True\"", StringComparison.Ordinal)
            .Replace(": false", ": \"false\"", StringComparison.Ordinal);
        Assert.Equal(EfmStatus.Parse(Five)!.Nodes, EfmStatus.Parse(other)!.Nodes);
        Assert.Equal(2, EfmStatus.Parse(other)!.AllowedNodes.Count);
        Assert.Equal(EfmStatus.Parse(Five)!.Nodes, Assert.Single(EfmReport.Read(other)).Nodes);
    }

    [Fact]
    public void Addresses_have_one_form_however_EFM_spells_them()
    {
        const string json = """
            {
              "nodes": {
                "fd16:161:0:0:0:0:0:200": {
                  "type": "Primary", "db": "UP", "vip": "fd16:161:0:0:0:0:0:245", "vip_active": true
                },
                "FD16:0161::0201": { "type": "Standby", "db": "UP", "vip": "", "vip_active": false },
                "node3": { "type": "Witness", "db": "N/A", "vip": "", "vip_active": false }
              },
              "allowednodes": [ "fd16:161:0:0:0:0:0:200", "NODE3" ], "membershipcoordinator": "fd16:161:0:0:0:0:0:201",
              "failoverpriority": [ "fd16:161:0:0:0:0:0:201" ], "missingnodes": [ "fd16:161:0:0:0:0:0:204" ]
            }
            """;
        var status = EfmStatus.Parse(json)!;
        Assert.Equal(["fd16:161::200", "fd16:161::201", "node3"], status.Nodes.Keys);
        Assert.Equal("fd16:161::245", status.Nodes["fd16:161::200"].VirtualIp);
        Assert.Equal((1, "fd16:161::201"), (status.Place("fd16:161::201"), status.Coordinator));
        Assert.Equal(["fd16:161::204"], status.MissingNodes);

        // EFM 5.1 prints a name where bind.address is a name: it stands for the node that is described by it.
        var cluster = new PemCluster("efm", "fd16:161::245");
        _ = new PemHost(cluster, "fd16:161::202", PemRole.Witness, "node3");
        status = EfmStatus.Parse(json, cluster)!;
        Assert.Equal("Witness", status.Nodes["fd16:161::202"].Type);
        Assert.Equal(["fd16:161::200", "fd16:161::202"], status.AllowedNodes);
    }

    [Fact]
    public void Sections_may_be_missing()
    {
        var status = EfmStatus.Parse("""{"nodes":{"a":{}}}""")!;
        Assert.Equal(new EfmNode("", "", "", false, null, null, null), status.Nodes["a"]);
        Assert.Empty(status.AllowedNodes);
        Assert.Null(status.Coordinator);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Authorization file not found. Is the local agent running?")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"nodes":[]}""")]
    public void What_is_no_status_is_none(string text) => Assert.Null(EfmStatus.Parse(text));

    [Theory]
    [InlineData("""{"nodes":{"a":"x"}}""")]
    [InlineData("""{"nodes":{"a":null}}""")]
    [InlineData("""{"nodes":{"a":{"type":1,"vip_active":"yes"}}}""")]
    [InlineData("""{"nodes":{"a":{"type":"Idle"},"a":{"type":"Idle"}},"allowednodes":"x","messages":[1,null]}""")]
    public void Values_of_an_unexpected_kind_count_as_missing(string text) =>
        Assert.Equal("a", Assert.Single(EfmStatus.Parse(text)!.Nodes).Key);

    [Fact]
    public void No_answer_however_cut_is_an_exception() =>
        Gen.Int[0, Five.Length - 1].Holds(length => Assert.Null(EfmStatus.Parse(Five[..length])), cases: 500);
}
