BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'New-PemCluster' {
    It 'needs a virtual IP and a ping server, and nothing else' {
        Get-ParameterName New-PemCluster -Mandatory | Should -Be PingServer, VirtualIp
        $cluster = New-PemCluster -VirtualIp 192.0.2.9 -PingServer 192.0.2.1
        $cluster | Should -BeOfType PemHa.PemCluster
        $cluster.Name, $cluster.Port, $cluster.EfmPort, $cluster.Database | Should -Be efm, 5444, 7800, edb
        $cluster.VirtualIpPrefix | Should -BeNullOrEmpty
    }
    It 'derives the products'' names from their versions' {
        $cluster = New-PemCluster pem -VirtualIp 192.0.2.9/24 -PingServer 192.0.2.1 -PostgresVersion 16 -EfmVersion 5.1
        $cluster.ServiceName, $cluster.ServerPackage, $cluster.EfmPackage, $cluster.EfmServiceName |
            Should -Be edb-as-16, edb-as16-server, edb-efm51, edb-efm-5.1
        $cluster.VirtualIpPrefix | Should -Be 24
    }
    It 'refuses <Given> as <Id>' -ForEach @(
        @{ Given = @{ VirtualIp = '192.0.2.9/33' }; Id = 'AddressUnfit' }
        @{ Given = @{ VirtualIp = '192.0.2.999' }; Id = 'AddressUnfit' }
        @{ Given = @{ VirtualIp = '192.0.2.9; reboot' }; Id = 'ParameterArgumentValidationError' }
        @{ Given = @{ MonitoredSubnet = '192.0.2.7/24' }; Id = 'SubnetUnfit' }
        @{ Given = @{ AgentUser = 'agent1' }; Id = 'AgentUserUnfit' }
        @{ Given = @{ AgentUser = 'common_agent_user'; SslModel = 'SslUtils' }; Id = 'AgentUserUnfit' }
        @{ Given = @{ EfmProperty = @{ 'no blanks' = 1 } }; Id = 'PropertyUnfit' }
        @{ Given = @{ PostgresVersion = 11 }; Id = 'ParameterArgumentValidationError' }
        @{ Given = @{ Port = 80 }; Id = 'ParameterArgumentValidationError' }
        @{ Given = @{ SslModel = 'Plain' }; Id = 'CannotConvertArgumentNoMessage' }
    ) {
        $with = @{ VirtualIp = '192.0.2.9'; PingServer = '192.0.2.1' }
        foreach ($name in $Given.Keys) { $with[$name] = $Given[$name] }
        (Get-Failure { New-PemCluster @with }).FullyQualifiedErrorId | Should -Be "$Id,PemHa.Commands.NewPemClusterCommand"
    }
    It 'keeps names of secrets only, and does not repeat what may be one' {
        $error1 = Get-Failure { New-PemCluster -VirtualIp 192.0.2.9 -PingServer 192.0.2.1 -SecretName @{ Efm = 'hunter2 !' } }
        $error1.FullyQualifiedErrorId | Should -BeLike 'SecretNameUnfit,*'
        "$error1" | Should -Not -Match hunter2
    }
}
