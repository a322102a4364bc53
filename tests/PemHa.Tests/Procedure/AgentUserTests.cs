using PemHa.Engine;
using PemHa.Engine.Linux;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Procedure;

/// <summary>The role that all agents share, from its making to its rules; and what sslutils asks for.</summary>
public sealed class AgentUserTests
{
    readonly Example _common = new(agentUser: "common_agent_user");

    [Fact]
    [Spec("P30")]
    public void It_may_connect_to_template1_until_it_is_an_agents()
    {
        var role = Example.The<Role>(SectionE.AgentUser(_common.Cluster, _common.Cluster.Hosts, _common.Primary), _common.Primary);
        Assert.Equal(
            "CREATE ROLE \"common_agent_user\" LOGIN NOSUPERUSER;\n"
                + "GRANT CONNECT ON DATABASE template1 TO \"common_agent_user\";",
            role.Compare(Facts.Of(("up", "1")), false)!.Difference);
        (string, string)[] there = [("up", "1"), ("verifier", ""), ("attributes", "true")];
        Assert.Null(role.Compare(Facts.Of([.. there, ("holds0", "true")]), false));
        Assert.Equal("GRANT CONNECT ON DATABASE template1 TO \"common_agent_user\";", role.Compare(Facts.Of([.. there, ("holds0", "false")]), false)!.Difference);
        // No password: it gets in by certificate alone.
        Assert.DoesNotContain("PASSWORD", role.Compare(Facts.Of(("up", "1")), false)!.Apply, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("P31")]
    public void Where_each_agent_has_a_role_of_its_own_there_is_nothing_to_do()
    {
        var each = new Example();
        Assert.Empty(SectionE.AgentUser(each.Cluster, each.Cluster.Hosts, each.Primary).Phases);
        Assert.DoesNotContain(Rules(each), r => r.Contains("agent_user", StringComparison.Ordinal));
    }

    [Fact]
    [Spec("P27", "T15")]
    public void It_gets_in_by_name_from_wherever_a_nodes_connection_may_come()
    {
        string[] sources = ["127.0.0.1/32", "172.16.161.200/32", "172.16.161.201/32", "172.16.161.202/32", "172.16.161.245/32"];
        Assert.Equal(sources.Select(s => $"pem common_agent_user {s} cert"), Rules(_common).Where(r => r.Contains("agent_user", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("agents", "agents")]
    [InlineData("all", "\"all\"")]
    [InlineData("replication", "\"replication\"")]
    [InlineData("sameuser", "\"sameuser\"")]
    [InlineData("A b", "\"A b\"")]
    public void A_name_that_a_rule_would_take_for_everybody_is_quoted(string name, string rule) => Assert.Equal(rule, SectionB.HbaName(name));

    [Fact]
    [Spec("P6", "P23")]
    public void Sslutils_is_installed_on_the_data_nodes_where_the_model_says_so()
    {
        foreach (var model in Enum.GetValues<PemSslModel>())
        {
            var c1 = new Example(model: model);
            var step = SectionA.Packages(c1.Cluster, c1.Cluster.Hosts, c1.Primary);
            foreach (var host in c1.Cluster.Hosts)
            {
                var wanted = model == PemSslModel.SslUtils && host.Role != PemRole.Witness;
                Assert.Equal(wanted, Example.The<Packages>(step, host).Name.Contains("edb-as17-server-sslutils", StringComparison.Ordinal));
            }
        }
    }

    [Theory]
    [Spec("P6", "P23", "P30")]
    [InlineData(PemSslModel.SslUtils, null, "sslutils and its authority", "SslUtilsMissing", "Install-PemEpas", "")]
    [InlineData(PemSslModel.SslUtils, null, "sslutils and its authority", "CertificateMissing", "New-PemCertificate", "package=1")]
    [InlineData(PemSslModel.SslUtils, null, "sslutils and its authority", null, null, "package=1 authority=1")]
    [InlineData(PemSslModel.LocalCA, "common_agent_user", "the agents' common user", "AgentUserMissing", "New-PemAgentUser", "")]
    [InlineData(PemSslModel.LocalCA, "common_agent_user", "the agents' common user", null, null, "there=1")]
    [InlineData(PemSslModel.LocalCA, "common_agent_user", "PEM's HBA rules", "HbaMissing", "Set-PemHba", "there=1")]
    [InlineData(PemSslModel.LocalCA, "common_agent_user", "PEM's HBA rules", null, null, "there=1 agent=1")]
    [InlineData(PemSslModel.LocalCA, "common_agent_user", "agent certificate", "CertificateMissing", "New-PemCertificate", "")]
    public void What_PEM_needs_is_asked_for_before_it_is_configured(PemSslModel model, string? user, string name, string? id, string? remedy, string facts)
    {
        var c1 = new Example(model: model, agentUser: user);
        var step = SectionE.Server(c1.Cluster, c1.Cluster.Hosts, c1.Primary, "pemsuper", "s3cret");
        var requirement = Example.Resources(step, c1.Primary).OfType<Requirement>().Single(r => r.Name == name);
        var found = Facts.Of([.. facts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(f => (f.Split('=')[0], f.Split('=')[1]))]);
        if (id is null)
        {
            Assert.Null(requirement.Compare(found, false));
            return;
        }
        var error = Assert.Throws<PemException>(() => requirement.Compare(found, false));
        Assert.Equal(id, error.Id);
        Assert.Contains(remedy!, error.Remedy, StringComparison.Ordinal);
    }

    static IReadOnlyList<string> Rules(Example c1) => Example.The<HbaFile>(SectionD.Hba(c1.Cluster, c1.Cluster.Hosts, "pemsuper"), c1.Primary).Rules;
}
