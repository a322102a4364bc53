using System.Management.Automation;
using PemHa.Lab.Tests;

namespace PemHa.Tests.Hosted;

/// <summary>Certificates as a person asks for them, as far as that goes without a host.</summary>
[Spec("P23")]
public sealed class CertificateCommandTests(HostedEngine engine) : IClassFixture<HostedEngine>, IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("LocalCA", "", "-AuthorityPath and -AuthorityPassword")]
    [InlineData("LocalCA", "-CertificatePath x", "-AuthorityPath and -AuthorityPassword")]
    [InlineData("ExternalCA", "", "-CertificatePath")]
    [InlineData("ExternalCA", "-AuthorityPath x -AuthorityPassword $password", "-CertificatePath")]
    [InlineData("SslUtils", "-CertificatePath x", "neither -AuthorityPath nor -CertificatePath")]
    [InlineData("SslUtils", "-AuthorityPath x -AuthorityPassword $password", "neither -AuthorityPath nor -CertificatePath")]
    public void What_is_given_must_go_with_the_clusters_model(string model, string given, string wanted)
    {
        foreach (var command in new[] { "New", "Test" })
        {
            var error = engine.Fails($"{Hosts(model)} $hosts | {command}-PemCertificate {given}");
            Assert.StartsWith("SslModelDiffers,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
            Assert.StartsWith($"{command}-PemCertificate: The cluster efm is described with -SslModel {model}, which takes {wanted}.",
                error.ErrorDetails.Message, StringComparison.Ordinal);
            Assert.StartsWith($"Give {wanted}", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        }
        Assert.False(Directory.Exists("x"));
    }

    [Fact]
    public void Parameters_of_two_models_do_not_go_together() => Assert.StartsWith("AmbiguousParameterSet,",
        engine.Fails(Hosts("LocalCA") + "$hosts | New-PemCertificate -AuthorityPath x -AuthorityPassword $password -CertificatePath x").FullyQualifiedErrorId,
        StringComparison.Ordinal);

    [Fact]
    [Spec("P24")]
    public void Your_files_are_judged_before_there_is_a_connection_and_the_hosts_go_on_when_they_will_do()
    {
        using var root = new TestAuthority("Example Root", ec: true);
        File.WriteAllText(_folder["root.crt"], root.Pem);
        foreach (var (name, address) in new[] { ("node1", "172.16.161.200"), ("node2", "172.16.161.201") })
            root.Issue(_folder.Path, name, new TestCertificate("CN=x", name, address, "172.16.161.245") { KeyPassword = "pw" });
        root.Issue(_folder.Path, "agent1", TestCertificate.Agent("agent1"));
        root.Issue(_folder.Path, "agent2", TestCertificate.Agent("agent2") with { Days = (-1, 9) });
        const string Test = "$hosts | Test-PemCertificate -CertificatePath $folder -KeyPassword $password 3>&1";
        var output = engine.Run("param($folder) " + Hosts("ExternalCA") + Test, _folder.Path);
        Assert.Equal(["node1", "node2", "witness1"], output.Select(o => o.BaseObject).OfType<PemHost>().Select(h => h.Name));
        Assert.StartsWith("agent2.crt ends on ", Assert.Single(output.Select(o => o.BaseObject).OfType<WarningRecord>()).Message, StringComparison.Ordinal);

        root.Issue(_folder.Path, "agent2", TestCertificate.Agent("agent1"));
        File.Delete(_folder["node2.key"]);
        var error = engine.Fails("param($folder) " + Hosts("ExternalCA") + Test, _folder.Path);
        Assert.StartsWith("CertificatesUnfit,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("\nnode2.key: there is none\n", error.ErrorDetails.Message + "\n", StringComparison.Ordinal);
        Assert.Contains("\nagent2.crt: its CN is agent1", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", error.ErrorDetails.Message, StringComparison.Ordinal);
        // The whole order begins with the same.
        error = engine.Fails("param($folder) " + Hosts("ExternalCA") + """
            $any = New-PemCredential x
            $hosts | Install-PemCluster -Replication $any -Efm $any -SuperUser $any -CertificatePath $folder -KeyPassword $password -Confirm:$false
            """, _folder.Path);
        Assert.StartsWith("CertificatesUnfit,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Our_own_authority_is_opened_and_not_made_before_it_is_needed()
    {
        const string Test = "$hosts | Test-PemCertificate -AuthorityPath $folder -AuthorityPassword $password";
        Assert.Equal(3, engine.Run("param($folder) " + Hosts("LocalCA") + Test, _folder["ca"]).Count);
        var (_, errors) = engine.Try("param($folder) " + Hosts("LocalCA") + "$hosts | New-PemCertificate -AuthorityPath $folder -AuthorityPassword $password -WhatIf",
            _folder["ca"]);
        Assert.All(errors, e => Assert.StartsWith("NotConnected,", e.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.False(Directory.Exists(_folder["ca"]));
        engine.Try("param($folder) " + Hosts("LocalCA") + "$hosts | New-PemCertificate -AuthorityPath $folder -AuthorityPassword $password", _folder["ca"]);
        Assert.Equal(3, engine.Run("param($folder) " + Hosts("LocalCA") + Test, _folder["ca"]).Count);
        var error = engine.Fails("param($folder) " + Hosts("LocalCA") + "$password.AppendChar('x'); " + Test, _folder["ca"]);
        Assert.StartsWith("AuthorityKeyLocked,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [Spec("P30")]
    [InlineData("-AgentUser agent1", "AgentUserUnfit")]
    [InlineData("-AgentUser root", "AgentUserUnfit")]
    [InlineData("-AgentUser enterprisedb", "AgentUserUnfit")]
    [InlineData("-AgentUser web", "AgentUserUnfit")]
    [InlineData("-AgentUser pem_agent", "AgentUserUnfit")]
    [InlineData("-AgentUser pg_x", "AgentUserUnfit")]
    [InlineData("-AgentUser common_agent_user -SslModel SslUtils", "AgentUserUnfit")]
    [InlineData("-AgentUser 'a b'", "ParameterArgumentValidationError")]
    [InlineData("-AgentUser Agents", "AgentUserUnfit")]
    [InlineData("-AgentUser common_agent_user", "")]
    [InlineData("-AgentUser ''", "")]
    public void A_common_agent_user_is_no_name_that_means_something_else(string given, string id)
    {
        var command = $"New-PemCluster efm -VirtualIp 10.0.0.9 -PingServer 10.0.0.1 {given}";
        if (id.Length == 0)
        {
            var cluster = (PemCluster)engine.Run(command)[0].BaseObject;
            Assert.Equal(given.EndsWith("''", StringComparison.Ordinal) ? null : "common_agent_user", cluster.AgentUser);
            return;
        }
        var error = engine.Fails(command);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    static string Hosts(string model) => $"""
        $cluster = New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.1 -SslModel {model}
        $hosts = @(
            New-PemHost 172.16.161.200 Primary -Cluster $cluster -Name node1
            New-PemHost 172.16.161.201 Standby -Cluster $cluster -Name node2
            New-PemHost 172.16.161.203 Witness -Cluster $cluster -Name witness1
        )
        $password = [securestring]::new(); $password.AppendChar('p'); $password.AppendChar('w')

        """;
}
