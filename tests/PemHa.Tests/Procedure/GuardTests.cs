using PemHa.Engine;
using PemHa.Engine.Efm;
using PemHa.Engine.Linux;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Procedure;

/// <summary>What PemHa refuses to do because somebody would lose data or be locked out.</summary>
public class GuardTests
{
    readonly Example _c1 = new();

    [Fact]
    [Spec("F5", "T4")]
    public void The_primary_is_the_one_that_writes_whatever_was_described()
    {
        Assert.Equal(_c1.Standby, Choose(Of(_c1.Primary, database: true), Of(_c1.Standby, writing: true), Of(_c1.Third, upstream: _c1.Standby)));
        // A fresh database on a standby-to-be is not the primary, nor is a writing one that nobody streams from when another has standbys.
        Assert.Equal(_c1.Primary, Choose(Of(_c1.Primary, writing: true), Of(_c1.Standby, writing: true, sysid: "2"), Of(_c1.Third)));
        Assert.Equal(_c1.Third, Choose(Of(_c1.Primary, writing: true, sysid: "2"), Of(_c1.Standby, upstream: _c1.Third), Of(_c1.Third, writing: true)));
        Assert.Equal(_c1.Primary, Choose(Of(_c1.Primary), Of(_c1.Standby), Of(_c1.Third)));
    }

    [Fact]
    [Spec("F6", "T4")]
    public void Nobody_is_made_primary_by_a_guess()
    {
        Assert.Equal("TwoPrimaries", Refusal(Of(_c1.Primary, writing: true), Of(_c1.Standby, writing: true), Of(_c1.Third)));
        Assert.Equal("PrimaryUnknown", Refusal(Of(_c1.Primary, database: true), Of(_c1.Third)));
        Assert.Equal("PrimaryUnknown", Refusal(Of(_c1.Primary, database: true), Of(_c1.Standby, database: true), Of(_c1.Third)));
        Assert.Equal("PrimaryUnknown", Refusal(Of(_c1.Primary), Of(_c1.Standby, database: true), Of(_c1.Third)));
        // Connected, but its server did not answer: no better than not connected.
        Assert.Equal("PrimaryUnreachable", Refusal(Of(_c1.Standby, database: true), Of(_c1.Third, database: true)));
    }

    [Fact]
    [Spec("P14", "P26")]
    public void A_node_that_is_no_longer_described_is_not_locked_out()
    {
        var rules = Example.The<HbaFile>(SectionC.DatabasePart(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "efm", "pw"), _c1.Primary);
        var text = MarkedBlock.Set("local all all peer\n", "efm", ["hostssl edb efm 172.16.161.204/32 scram-sha-256"], top: true);
        var error = Assert.Throws<PemException>(() => rules.Compare(Facts.Of(("file.text", text), ("file.mode", "600 a:a"), ("ssl", "on")), false));
        Assert.Equal("HbaWouldLockOut", error.Id);
        Assert.Contains("172.16.161.204/32", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("max_wal_senders", "10", "20", true)]
    [InlineData("max_wal_senders", "10", "5", false)]
    [InlineData("wal_level", "replica", "logical", true)]
    [InlineData("wal_level", "replica", "minimal", false)]
    [InlineData("ssl", "on", "off", false)]
    [Spec("P8")]
    public void A_server_that_has_more_than_replication_needs_keeps_it(string name, string wanted, string current, bool satisfied) =>
        Assert.Equal(satisfied, SettingsFile.Satisfied(name, wanted, current));

    [Theory]
    [InlineData("1099.5", null)]
    [InlineData("1100.5", "restart")]
    [Spec("P19")]
    public void A_service_older_than_what_it_reads_is_restarted(string written, string? action)
    {
        var step = SectionC.Cluster(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "efm", "pw", new EfmOptions());
        var facts = Facts.Of(("state", "ActiveState=active\nUnitFileState=enabled\nActiveEnterTimestampMonotonic=50000000\n"),
            ("now", "1100.000"), ("uptime", "50.00"), ("written", written));
        Assert.Equal(action, Example.The<ServiceRunning>(step, _c1.Standby).Compare(facts, false)?.Action);
    }

    [Fact]
    [Spec("P19", "F5")]
    public void A_property_that_EFM_does_not_know_is_refused()
    {
        var options = new EfmOptions { Properties = new Dictionary<string, string> { ["node.timeotu"] = "20" } };
        var step = SectionC.Cluster(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "efm", "pw", options);
        var error = Assert.Throws<PemException>(() => Example.The<EfmProperties>(step, _c1.Primary)
            .Compare(Facts.Of(("sample.text", "#node.timeout=50\n"), ("encrypted", "x")), false));
        Assert.Equal("PropertyUnknown", error.Id);
    }

    [Theory]
    [Spec("P31")]
    [InlineData("", "", null)]
    [InlineData("2", "", null)]
    [InlineData("", "2", null)]
    [InlineData("2", "1", null)]
    [InlineData("1", "", "AgentNumberChanged")]
    [InlineData("1", "2", "AgentNumberChanged")]
    [InlineData("", "1", "AgentNumberChanged")]
    public void Agents_do_not_trade_their_numbers(string id, string issued, string? refusal) =>
        Assert.Equal(refusal, Identity(_c1, ("agent_id", id), ("issued", issued)));

    [Theory]
    [Spec("P23", "P30", "P31")]
    [InlineData(PemSslModel.LocalCA, null, "2", "agent2", "/etc/pki/pemha/agent2.crt", null)]
    [InlineData(PemSslModel.ExternalCA, null, "2", "", "/etc/pki/pemha/agent2.crt", null)]
    [InlineData(PemSslModel.LocalCA, null, "2", "", "/root/.pem/agent2.crt", null)]
    [InlineData(PemSslModel.LocalCA, null, "2", "common_agent_user", "/etc/pki/pemha/common_agent_user.crt", "AgentUserDiffers")]
    [InlineData(PemSslModel.LocalCA, "common_agent_user", "2", "", "/etc/pki/pemha/agent2.crt", "AgentUserDiffers")]
    [InlineData(PemSslModel.ExternalCA, "common_agent_user", "2", "agent2", "/etc/pki/pemha/agent2.crt", "AgentUserDiffers")]
    [InlineData(PemSslModel.ExternalCA, "common_agent_user", "2", "another", "/etc/pki/pemha/another.crt", "AgentUserDiffers")]
    [InlineData(PemSslModel.ExternalCA, "common_agent_user", "7", "common_agent_user", "/etc/pki/pemha/common_agent_user.crt", null)]
    [InlineData(PemSslModel.SslUtils, null, "7", "agent7", "/root/.pem/agent7.crt", null)]
    [InlineData(PemSslModel.SslUtils, null, "2", "agent2", "/etc/pki/pemha/agent2.crt", "SslModelDiffers")]
    [InlineData(PemSslModel.SslUtils, null, "2", "common_agent_user", "/root/.pem/x.crt", "AgentUserDiffers")]
    public void An_agent_that_is_registered_stays_who_it_is(PemSslModel model, string? user, string id, string role, string certificate, string? refusal) =>
        Assert.Equal(refusal, Identity(new Example(model: model, agentUser: user), ("agent_id", id), ("agent_user", role), ("agent_ssl_crt", certificate)));

    [Fact]
    [Spec("P29", "T17")]
    public void Nothing_is_restarted_around_a_server_that_is_down() => Assert.Equal("ClusterUnhealthy",
        Assert.Throws<PemException>(() => new ServerRestarted(_c1.Standby, 0, false, false).Compare(Facts.Of(("agent", "1")), false)).Id);

    static string? Identity(Example example, params (string, string)[] facts)
    {
        var identity = SectionE.AgentIdentity(example.Standby);
        try
        {
            identity.Compare(Facts.Of(facts), false);
            return null;
        }
        catch (PemException e)
        {
            Assert.NotEqual("", e.Remedy);
            return e.Id;
        }
    }

    PemHost Choose(params ClusterView.Sight[] sights) => ClusterView.Choose(_c1.Cluster, sights);

    string Refusal(params ClusterView.Sight[] sights) => Assert.Throws<PemException>(() => Choose(sights)).Id;

    static ClusterView.Sight Of(PemHost host, bool writing = false, bool database = false, PemHost? upstream = null, string sysid = "1") =>
        new(host, writing, sysid, upstream?.Address ?? "", writing || database || upstream is not null);
}
