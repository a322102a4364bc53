using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>ssh_config, and nodes that are described by their names.</summary>
[Collection(WaysTests.Name)]
public sealed class ProcedureNamesTests(WaysLab ways)
{
    [Fact]
    public async Task Ssh_config_says_how_each_host_is_reached_and_parameters_overrule_it()
    {
        await ways.WriteAsync("hosts.conf", """
            Host pem1
                HostName node1.2.lab
            Host pem2 !pem1
                HostName=172.16.161.201
                User "admin"
                IdentityAgent ${PEMHA_TEST_FOLDER}/agent
            Host pem3
                HostName 172.16.161.202
                Port 2222
                HostKeyAlias further
                ProxyJump bastion
            Host bastion
                HostName 172.16.161.201
                User root
                UserKnownHostsFile ${PEMHA_TEST_FOLDER}/known_hosts
            """);
        await ways.WriteAsync("config", $"""
            # as an admin has it
            Include {ways.Folder}/hosts.conf
            Match originalhost pem3
                UserKnownHostsFile {ways.Folder}/known_alias
            Match all
                UserKnownHostsFile {ways.Folder}/known_hosts /no/such/file
                IdentityFile {Path.Combine(LabPathsOf(), "key")}
                IdentitiesOnly no
                GSSAPIAuthentication yes
            """);
        await ways.WriteAsync("known_alias", "further " + (await ways.KnownAsync(l => l.Contains(":2222 ", StringComparison.Ordinal))).Split(' ', 2)[1]);
        var report = await ways.ReportAsync("""
            $env:PEMHA_TEST_FOLDER = $ways
            $config = @{ SshConfigFile = "$ways/config" }
            $c = New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.1
            $pem1 = New-PemHost 172.16.161.200 Primary -Cluster $c -HostName pem1
            $pem2 = New-PemHost 172.16.161.201 Standby -Cluster $c -HostName pem2
            $pem3 = New-PemHost 172.16.161.202 Standby -Cluster $c -HostName pem3
            Report { $pem1, $pem3 | Connect-PemHost @config -Verbose 4>&1 }
            'sudo'
            Report { $pem2 | Connect-PemHost @config }
            Report { $pem2 | Connect-PemHost @config -Credential (Credential admin 'Lab-pass1') -Verbose 4>&1 }
            Report { $pem2 | Connect-PemHost @config -UserName root -Verbose 4>&1 }
            'overruled'
            Report { $pem3 | Connect-PemHost @config -JumpHost none -KeyFile "$ways/strange" }
            Report { $pem3 | Connect-PemHost @config -KnownHostsFile "$ways/known_hosts" }
            Report { $pem1 | Connect-PemHost -SshConfigFile none }
            """);
        Assert.Contains("172.16.161.200: 172.16.161.200 is connected, as root", report.Lines);
        Assert.Contains("172.16.161.202: 172.16.161.202 is connected, as root through the jump host bastion (172.16.161.201)", report.Lines);
        Assert.Contains("172.16.161.201: 172.16.161.201 is connected, as admin", report.Lines);
        Assert.Contains("172.16.161.201: 172.16.161.201 is connected, as root", report.Lines);
        Assert.Equal(["SudoRefused", "LoginRefused", "HostKeyUnknown", "NoCredential"], report.Errors.Select(e => e.Id));
        Assert.Contains("config:9 asks for a login that PemHa does not do", report.Errors[1].Message, StringComparison.Ordinal);
        Assert.Contains("under further", report.Errors[2].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_admins_own_ssh_config_is_used_unasked()
    {
        await ways.WriteAsync("note", "");
        var report = await ways.ReportAsync("""
            $null = [System.IO.Directory]::CreateDirectory("$ways/home/.ssh")
            [System.IO.File]::WriteAllText("$ways/home/.ssh/config", "Host 172.16.161.20?`n Port 22`n UserKnownHostsFile ~/../known_hosts`n IdentityFile $env:PEMHA_LAB_KEY`nHost node?.lab`n ProxyCommand nc %h %p`n")
            try {
                Report { $hosts | Connect-PemHost }
                Report { New-PemHost node1.lab Standby -Cluster $cluster | Connect-PemHost }
                Report { $hosts[0] | Connect-PemHost -SshConfigFile '' }
            } finally { [System.IO.Directory]::Delete("$ways/home/.ssh", $true) }
            """);
        Assert.Equal(["node1", "node2", "witness1"], report.Lines);
        Assert.Equal(["SshConfigUnsupported", "NoCredential"], report.Errors.Select(e => e.Id));
        Assert.Contains("home/.ssh/config:6: ", report.Errors[0].Message, StringComparison.Ordinal);
        Assert.Contains("-JumpHost", report.Errors[0].Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("172.16.161.245", "node1", "172.16.161.200")]
    [InlineData("172.16.161.245", "node1.lab", "172.16.161.200")]
    [InlineData("172.16.161.245", "node1.dual.lab", "172.16.161.200")]
    [InlineData("fd16:161::245", "node1.dual.lab", "fd16:161::200")]
    [InlineData("172.16.161.245", "node1.v6.lab", "fd16:161::200")]
    [InlineData("172.16.162.245", "node1.2.lab", "172.16.162.200")]
    public async Task A_node_is_asked_which_of_its_addresses_its_name_is(string virtualIp, string name, string address)
    {
        var report = await ways.ReportAsync($$"""
            $c = New-PemCluster efm -VirtualIp {{virtualIp}} -PingServer 172.16.161.1
            $node = New-PemHost {{name}} Primary -Cluster $c
            "$($node.Address) $($node.HostName)"
            Report { $node | Connect-PemHost @known @key -JumpHost none }
            "$($node.Address) $($node.HostName)"
            Report { $node | Connect-PemHost @known @key -JumpHost root@172.16.161.202 }
            "$($node.Address)"
            """);
        Assert.Empty(report.Errors);
        Assert.Equal([$"{name} {name}", name, $"{address} {name}", name, address], report.Lines);
    }

    [Fact]
    public async Task A_name_that_the_node_does_not_know_is_settled_by_the_connection_and_a_doubtful_one_by_the_admin()
    {
        // bastion-like names are known to the admin's machine only; and a machine's own name may be its loopback address, as Debian has it.
        await ways.WriteAsync("config", "Host outside\n  HostName 172.16.161.200\nHost twisted\n  HostName node2.lab\n");
        await ways.RootAsync("node2", "cp /etc/hosts /etc/hosts.kept; grep -v 'node2\\.lab' /etc/hosts.kept > /etc/hosts; echo '127.0.1.1 node2.lab' >> /etc/hosts");
        await ways.RootAsync("node1", "ip addr add 172.16.161.245/24 dev eth0; cp /etc/hosts /etc/hosts.kept; echo '172.16.161.245 172-is-vip.lab' >> /etc/hosts");
        await ways.RootAsync("witness1", "cp /etc/hosts /etc/hosts.kept; printf '172.16.161.202 many\\n172.16.162.202 many\\n' >> /etc/hosts");
        try
        {
            var report = await ways.ReportAsync("""
                $login = $known + $key + @{ SshConfigFile = "$ways/config" }
                function Fresh { New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.1 }
                function Ask($name) { $node = New-PemHost $name Primary -Cluster (Fresh); Report { $node | Connect-PemHost @login }; "$name is $($node.Address)" }
                Ask outside; Ask node2.lab; Ask twisted
                # The virtual IP is on the node, and is not its own.
                [System.IO.File]::AppendAllText("$ways/config", "Host 172-is-vip.lab`n  HostName 172.16.161.245`n  HostKeyAlias 172.16.161.200`n")
                Ask 172-is-vip.lab
                [System.IO.File]::AppendAllText("$ways/config", "Host many`n  HostName 172.16.161.202`n")
                Ask many
                $c = New-PemCluster efm -VirtualIp 10.9.9.9 -PingServer 172.16.161.1
                $node = New-PemHost many Primary -Cluster $c
                Report { $node | Connect-PemHost @login -JumpHost none }; "many is $($node.Address)"
                # Two names of one machine.
                $c = Fresh; $one = New-PemHost node1.lab Primary -Cluster $c; $two = New-PemHost node1 Standby -Cluster $c
                Report { $one | Connect-PemHost @login }; Report { $two | Connect-PemHost @login }
                Report { $one | Set-PemPassFile -Credential (New-PemCredential repl) -WhatIf }
                """);
            Assert.Equal(
                ["outside", "outside is 172.16.161.200", "node2.lab", "node2.lab is 172.16.161.201", "twisted", "twisted is 172.16.161.201", "172-is-vip.lab is 172-is-vip.lab",
                    "many", "many is 172.16.161.202", "many", "many is 172.16.161.202", "node1.lab"],
                report.Lines);
            Assert.Equal([("AddressUnknown", "172-is-vip.lab"), ("HostConflict", "node1"), ("AddressUnknown", "node1")], report.Errors.Select(e => (e.Id, e.Host)));
            Assert.Equal("Say which one the cluster uses: New-PemHost -Address IP -HostName 172-is-vip.lab.", report.Errors[0].Remedy);
            Assert.Contains("New-PemHost -Address IP -HostName node1", report.Errors[2].Remedy, StringComparison.Ordinal);
        }
        finally
        {
            await ways.RootAsync("node1", "ip addr del 172.16.161.245/24 dev eth0");
            foreach (var host in new[] { "node1", "node2", "witness1" }) await ways.RootAsync(host, "mv /etc/hosts.kept /etc/hosts");
        }
    }

    [Fact]
    [Spec("P24")]
    public async Task The_servers_certificate_stands_for_the_name_that_the_node_was_reached_by_and_not_for_an_alias()
    {
        await ways.WriteAsync("config", "Host alias2\n  HostName 172.16.161.201\n");
        var report = await ways.ReportAsync("""
            $c = New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.1
            $nodes = @(
                New-PemHost node1.lab Primary -Cluster $c -Name node1
                New-PemHost 172.16.161.201 Standby -Cluster $c -Name node2 -HostName alias2
            )
            $secret = New-PemCredential authority
            Report {
                $nodes | Connect-PemHost @known @key -SshConfigFile "$ways/config" |
                    New-PemCertificate -AuthorityPath "$ways/no-authority" -AuthorityPassword $secret.Password -WhatIf
            }
            """);
        Assert.Empty(report.Errors);
        var said = report.ToString();
        Assert.Contains("CN=node1, 172.16.161.200, node1, node1.lab, 172.16.161.245", said, StringComparison.Ordinal);
        Assert.Contains("CN=node2, 172.16.161.201, node2, 172.16.161.245", said, StringComparison.Ordinal);
        Assert.DoesNotContain("alias2", said, StringComparison.Ordinal);
    }

    string LabPathsOf() => LabPaths.StateOf(ways.Options.Name);
}
