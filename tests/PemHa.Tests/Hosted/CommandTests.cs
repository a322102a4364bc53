using System.Diagnostics;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;

namespace PemHa.Tests.Hosted;

/// <summary>The cmdlets as a person calls them, as far as they go without a host.</summary>
public sealed class CommandTests(HostedEngine engine) : IClassFixture<HostedEngine>, IDisposable
{
    const string Hosts = """
        $cluster = New-PemCluster efm -VirtualIp 172.16.161.245/24 -VirtualIpInterface ens33 -PingServer 172.16.161.1
        $hosts = @(
            New-PemHost 172.16.161.200 Primary -Cluster $cluster -Name node1
            New-PemHost 172.16.161.201 Standby -Cluster $cluster -Name node2
            New-PemHost 172.16.161.203 Witness -Cluster $cluster -Name witness1
        )

        """;

    readonly TemporaryFolder _folder = new();

    [Fact]
    [Spec("P3", "P31", "P38")]
    public void A_cluster_is_described_and_its_names_follow_its_versions()
    {
        var cluster = (PemCluster)engine.Run(Hosts + "$cluster")[0].BaseObject;
        Assert.Equal(("efm", "172.16.161.245", 24, "ens33"),
            (cluster.Name, cluster.VirtualIp, cluster.VirtualIpPrefix, cluster.VirtualIpInterface));
        Assert.Equal(("edb-as-17", "edb-as17-server", "/usr/edb/as17", "edb-efm52", "edb-efm-5.2", "/etc/edb/efm-5.2",
            "/usr/edb/efm-5.2/bin/efm"),
            (cluster.ServiceName, cluster.ServerPackage, cluster.InstallDirectory, cluster.EfmPackage, cluster.EfmServiceName,
                cluster.EfmConfigDirectory, cluster.EfmCommand));
        Assert.Equal([1, 2, 0], cluster.Hosts.Select(h => h.AgentId));
        var other = (PemCluster)engine.Run(
            "New-PemCluster efm -VirtualIp fd00::9/64 -VirtualIpInterface eth0 -PingServer fd00::1 -PostgresVersion 16 -EfmVersion 4.10")[0]
                .BaseObject;
        Assert.Equal(("edb-as-16", "edb-efm410", "edb-efm-4.10", 64),
            (other.ServiceName, other.EfmPackage, other.EfmServiceName, other.VirtualIpPrefix));
    }

    [Theory]
    [InlineData("New-PemHost 172.16.161.202 Primary -Cluster $cluster", "HostConflict,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost 172.16.161.245 Standby -Cluster $cluster", "HostConflict,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost 172.16.161.201 Witness -Cluster $cluster", "HostConflict,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost 172.16.161.209 Standby -Cluster $cluster -Name node2", "HostConflict,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost 172.16.161.300 Standby -Cluster $cluster", "AddressUnfit,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost 172.16.201 Standby -Cluster $cluster", "AddressUnfit,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost FD00::1 Standby -Cluster $cluster", "AddressUnfit,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost fd00:::1 Standby -Cluster $cluster", "AddressUnfit,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost -- -node Standby -Cluster $cluster", "ParameterArgumentValidationError,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost 10.0.0.1 Standby -Cluster $cluster -HostName 'a;b'",
        "ParameterArgumentValidationError,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost '10.0.0.1; reboot' Standby -Cluster $cluster",
        "ParameterArgumentValidationError,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost 10.0.0.1 Standby -Cluster $cluster -Name 'a b'",
        "ParameterArgumentValidationError,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemHost 10.0.0.1 Master -Cluster $cluster", "CannotConvertArgumentNoMessage,PemHa.Commands.NewPemHostCommand")]
    [InlineData("New-PemCluster 'a b' -VirtualIp 10.0.0.9 -VirtualIpInterface e -PingServer 10.0.0.1",
        "ParameterArgumentValidationError,PemHa.Commands.NewPemClusterCommand")]
    [InlineData("New-PemCluster -VirtualIp 10.0.0.9 -VirtualIpInterface 'eth0;x' -PingServer 10.0.0.1",
        "ParameterArgumentValidationError,PemHa.Commands.NewPemClusterCommand")]
    [InlineData("New-PemCluster -VirtualIp 10.0.0.9 -VirtualIpInterface averylonginterface -PingServer 10.0.0.1",
        "ParameterArgumentValidationError,PemHa.Commands.NewPemClusterCommand")]
    [InlineData("New-PemCluster -VirtualIp 10.0.0.9/33 -VirtualIpInterface e -PingServer 10.0.0.1",
        "AddressUnfit,PemHa.Commands.NewPemClusterCommand")]
    [InlineData("New-PemCluster -VirtualIp 10.0.0.999 -VirtualIpInterface e -PingServer 10.0.0.1",
        "AddressUnfit,PemHa.Commands.NewPemClusterCommand")]
    [InlineData("New-PemCluster -VirtualIp 10.0.0.9 -VirtualIpInterface e -PingServer 10.0.0.1 -MonitoredSubnet 10.0.0.7/24",
        "SubnetUnfit,PemHa.Commands.NewPemClusterCommand")]
    public void Wrong_input_ends_the_command_with_a_name_for_it(string command, string id)
    {
        var output = engine.Run(Hosts + $"try {{ {command} }} catch {{ $_ }}\n$cluster.Hosts.Count");
        var error = Assert.IsType<ErrorRecord>(output[0].BaseObject);
        Assert.Equal(id, error.FullyQualifiedErrorId);
        Assert.True(error.CategoryInfo.Category is ErrorCategory.InvalidArgument or ErrorCategory.InvalidData);
        // Nothing of it stays behind.
        Assert.Equal(3, Assert.Single(output.Skip(1)).BaseObject);
    }

    [Theory]
    [InlineData("Set-PemSsl")]
    [InlineData("Set-PemHba")]
    [InlineData("Set-PemWebApplication")]
    [InlineData("Set-PemHba -WhatIf")]
    public void A_host_without_a_connection_is_an_error_of_that_host_and_leaves_the_pipeline(string command)
    {
        var (output, errors) = engine.Try(Hosts + $"$hosts | {command}");
        // The witness is none of these steps' business and stays in the pipeline.
        Assert.Equal("witness1", Assert.Single(output).ToString());
        Assert.Equal(["node1", "node2"], errors.Select(e => e.TargetObject.ToString()).Order());
        Assert.All(errors, e =>
        {
            Assert.StartsWith("NotConnected,PemHa.Commands.", e.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal(ErrorCategory.InvalidOperation, e.CategoryInfo.Category);
            Assert.IsType<PemHost>(e.TargetObject);
            Assert.Equal("Run Connect-PemHost first.", e.ErrorDetails.RecommendedAction);
            Assert.StartsWith(command.Split(' ')[0] + ": ", e.ErrorDetails.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_node_may_be_described_by_its_name_but_no_step_goes_on_without_its_address()
    {
        const string Named = Hosts + "$hosts += New-PemHost pem4.example.com Standby -Cluster $cluster\n";
        var host = (PemHost)engine.Run(Named + "$hosts[3]")[0].BaseObject;
        Assert.Equal(("pem4.example.com", "pem4.example.com", "pem4.example.com", false), (host.Name, host.HostName, host.Address, host.Connected));
        var alias = (PemHost)engine.Run(Hosts + "New-PemHost fd00::4 Standby -Cluster $cluster -HostName bastion_4 -SshPort 2222")[0].BaseObject;
        Assert.Equal(("fd00::4", "bastion_4", "fd00::4", 2222), (alias.Name, alias.HostName, alias.Address, alias.SshPort));
        // Those that are given are not the only ones whose addresses are needed.
        var error = engine.Fails(Named + "$hosts[0..2] | Set-PemHba -WhatIf");
        Assert.StartsWith("AddressUnknown,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("pem4.example.com", error.TargetObject.ToString());
        Assert.StartsWith("Set-PemHba: ", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Contains("New-PemHost -Address IP -HostName pem4.example.com", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        // A status is told all the same.
        Assert.Equal(4, engine.Run(Named + "$hosts[0] | Get-PemClusterStatus").Count);
    }

    [Fact]
    public void An_ssh_config_that_cannot_be_read_ends_the_command_and_one_that_cannot_be_followed_is_an_error_of_that_host()
    {
        const string Connect = "param($file)\n" + Hosts + "$hosts | Connect-PemHost -SshConfigFile $file -KeyFile /no/such/key";
        Assert.StartsWith("SshConfigUnreadable,", engine.Fails(Connect, _folder["none"]).FullyQualifiedErrorId, StringComparison.Ordinal);
        File.WriteAllText(_folder["config"], "Host 172.16.161.201\n  ProxyCommand nc %h %p\n  Port 22\nHost *\n  Port none\n");
        var (_, errors) = engine.Try(Connect, _folder["config"]);
        Assert.Equal([("SshConfigInvalid", "node1"), ("SshConfigInvalid", "witness1"), ("SshConfigUnsupported", "node2")],
            errors.Select(e => (e.FullyQualifiedErrorId.Split(',')[0], e.TargetObject.ToString())).Order());
        Assert.Contains($"{_folder["config"]}:5: none is no port", errors.First(e => e.TargetObject.ToString() == "node1").ErrorDetails.Message, StringComparison.Ordinal);
        Assert.All(engine.Try(Connect, "none").Errors, e => Assert.StartsWith("KeyFileUnreadable,", e.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.All(engine.Try(Connect, "").Errors, e => Assert.StartsWith("KeyFileUnreadable,", e.FullyQualifiedErrorId, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Install-PemEpas")]
    [InlineData("Enable-PemReplication -Credential (New-PemCredential repl)")]
    [InlineData("Initialize-PemReplica -Confirm:$false")]
    public void Without_the_primary_a_step_that_needs_it_ends(string command)
    {
        var error = engine.Fails(Hosts + $"$hosts | {command}");
        Assert.StartsWith("PrimaryUnreachable,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.ConnectionError, "node1"), (error.CategoryInfo.Category, error.TargetObject.ToString()));
        Assert.NotEqual("", error.ErrorDetails.RecommendedAction);
    }

    [Theory]
    [InlineData("New-PemEfmCluster -Credential (New-PemCredential efm) -Property @{ 'node timeout' = 1 }", "PropertyUnfit")]
    [InlineData("New-PemEfmCluster -Credential (New-PemCredential efm) -Property @{ 'node.timeout' = \"1`n2\" }", "PropertyUnfit")]
    [InlineData("Install-PemServer -Credential ([pscredential]::new('pem super', (New-PemCredential x).Password))", "UserNameUnfit")]
    [InlineData("Install-PemServer -Credential ([pscredential]::new('pemsuper', [securestring]::new()))", "PasswordUnfit")]
    [Spec("F8", "F5")]
    public void What_the_products_would_misread_is_refused_before_anything_is_touched(string command, string id)
    {
        var error = engine.Fails(Hosts + $"$hosts | {command}");
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
    }

    [Fact]
    [Spec("P21")]
    public void The_status_of_hosts_without_a_connection_says_so()
    {
        var nodes = engine.Run(Hosts + "$hosts[1] | Get-PemClusterStatus").Select(o => (PemNodeStatus)o.BaseObject).ToList();
        Assert.Equal([("node1", "Unreachable"), ("node2", "Unreachable"), ("witness1", "Unreachable")],
            nodes.Select(n => (n.Name, n.Role)));
        Assert.All(nodes, n => Assert.Contains(n.Finding, f => f.Message.Contains("Connect-PemHost", StringComparison.Ordinal)));
        Assert.Contains(nodes[0].Finding, f => f is { HostName: "efm", Severity: "Critical", Message: "no node takes writes" });
    }

    [Fact]
    [Spec("T1", "T11")]
    public void Hosts_without_a_connection_are_failed_checks_and_rehearse_nothing()
    {
        var checks = engine.Run(Hosts + "$hosts[1] | Test-PemPrerequisite").Select(o => (PemCheck)o.BaseObject).ToList();
        Assert.Equal(["node1", "node2", "witness1"], checks.Where(c => c.Check == "connection").Select(c => c.HostName));
        Assert.All(checks.Where(c => c.Check == "connection"), c => Assert.Equal((PemCheckState.Failed, "Run Connect-PemHost first."), (c.State, c.Remedy)));
        // Besides there is only what can be said of the cluster as it was described.
        Assert.Equal([("EFM agents", PemCheckState.Passed), ("primary", PemCheckState.Failed)],
            checks.Where(c => c.HostName == "efm").Select(c => (c.Check, c.State)));
        Assert.Equal(5, checks.Count);
        var error = engine.Fails(Hosts + "$hosts | Test-PemVirtualIp");
        Assert.StartsWith("NotConnected,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("Test-PemVirtualIp: ", error.ErrorDetails.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_preview_keeps_no_password_but_uses_one_that_is_kept()
    {
        var passwords = engine.Run("""
            param($folder)
            New-PemCredential repl -Path $folder -WhatIf
            [System.IO.Directory]::Exists($folder)
            New-PemCredential repl -Path $folder
            New-PemCredential repl -Path $folder -WhatIf
            """, _folder["preview"]);
        Assert.False((bool)passwords[1].BaseObject);
        var kept = passwords.Select(p => p.BaseObject).OfType<PSCredential>().Select(c => c.GetNetworkCredential().Password).ToList();
        Assert.NotEqual(kept[0], kept[1]);
        Assert.Equal(kept[1], kept[2]);
    }

    [Fact]
    public void A_kept_credential_is_the_same_the_next_time_and_its_owners_alone()
    {
        const string Script = """
            param($folder)
            1..2 | ForEach-Object { New-PemCredential repl -Path $folder }
            New-PemCredential efm -Path $folder
            New-PemCredential repl -Length 40
            """;
        var passwords = engine.Run(Script, _folder["secrets"])
            .Select(c => ((PSCredential)c.BaseObject).GetNetworkCredential()).ToList();
        Assert.Equal(passwords[0].Password, passwords[1].Password);
        Assert.Equal(("repl", "efm"), (passwords[0].UserName, passwords[2].UserName));
        Assert.Equal(3, passwords.Select(p => p.Password).Distinct().Count());
        Assert.All(passwords, p => Assert.Matches("^[A-Za-z0-9_-]{24,}$", p.Password));
        Assert.Equal(40, passwords[3].Password.Length);
        Assert.Equal("600", Shell.Mode(_folder["secrets/repl.secret"]));
        Assert.Equal(["efm.secret", "repl.secret"], Directory.GetFiles(_folder["secrets"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_credential_that_cannot_be_kept_is_an_error()
    {
        File.WriteAllText(_folder["file"], "");
        Assert.Equal("SecretFileUnusable,PemHa.Commands.NewPemCredentialCommand",
            engine.Fails("param($folder) New-PemCredential repl -Path $folder", _folder["file"]).FullyQualifiedErrorId);
        Assert.StartsWith("ParameterArgumentValidationError,", engine.Fails("New-PemCredential '../x'").FullyQualifiedErrorId,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("file")]
    public void A_key_that_cannot_be_read_is_an_error_of_that_host(string name)
    {
        File.WriteAllText(_folder["file"], "no key");
        var (output, errors) = engine.Try("param($key)\n" + Hosts + "$hosts[0] | Connect-PemHost -KeyFile $key", _folder[name]);
        Assert.Empty(output);
        Assert.Equal("KeyFileUnreadable,PemHa.Commands.ConnectPemHostCommand", Assert.Single(errors).FullyQualifiedErrorId);
        Assert.Equal("node1", errors[0].TargetObject.ToString());
    }

    [Fact]
    public void A_server_that_says_nothing_is_given_up_and_stopping_does_not_wait_for_it()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        const string Script = """
            param($port, $known, $seconds)
            $cluster = New-PemCluster -VirtualIp 127.0.0.9 -VirtualIpInterface lo -PingServer 127.0.0.8
            New-PemHost 127.0.0.1 Primary -SshPort $port -Cluster $cluster |
                Connect-PemHost -Credential (New-PemCredential root) -KnownHostsFile $known -TimeoutSec $seconds
            """;
        Assert.StartsWith("Unreachable,", Assert.Single(engine.Try(Script, port, _folder["known"], 1).Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal);

        using var shell = engine.Shell(Script, port, _folder["known"], 600);
        var running = shell.BeginInvoke();
        Assert.True(SpinWait.SpinUntil(silent.Pending, TimeSpan.FromSeconds(60)));
        var watch = Stopwatch.StartNew();
        shell.Stop();
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Throws<PipelineStoppedException>(() => shell.EndInvoke(running));
    }

    public void Dispose() => _folder.Dispose();
}
