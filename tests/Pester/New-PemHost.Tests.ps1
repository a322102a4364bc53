BeforeAll {
    . $PSScriptRoot/Common.ps1
    $cluster = New-PemCluster -VirtualIp 192.0.2.245 -PingServer 192.0.2.1
    $primary = New-PemHost 192.0.2.11 Primary -Cluster $cluster -Name node1
}

Describe 'New-PemHost' {
    It 'adds the node to its cluster and numbers its agent' {
        $own = New-PemCluster -VirtualIp 192.0.2.245 -PingServer 192.0.2.1
        $n = 10
        $hosts = foreach ($role in 'Primary', 'Standby', 'Witness', 'Standby') { New-PemHost "192.0.2.$((++$n))" $role -Cluster $own }
        $own.Hosts | Should -Be $hosts
        $hosts.AgentId | Should -Be 1, 2, 0, 3
        $hosts.Connected | Should -Not -Contain $true
    }
    It 'takes its parameters from the pipeline by name' {
        $own = New-PemCluster -VirtualIp 192.0.2.245 -PingServer 192.0.2.1
        $rows = [pscustomobject]@{ Address = '192.0.2.11'; Role = 'Primary'; Name = 'a'; SshPort = 2222 },
            [pscustomobject]@{ Address = '192.0.2.12'; Role = 'Standby'; Name = 'b'; SshPort = 22 }
        $hosts = $rows | New-PemHost -Cluster $own
        $hosts.Name | Should -Be a, b
        $hosts.SshPort | Should -Be 2222, 22
    }
    It 'takes a host name for an address that is still to be asked for' {
        $own = New-PemCluster -VirtualIp 192.0.2.245 -PingServer 192.0.2.1
        $node = New-PemHost pem1.example.com Primary -Cluster $own
        $node.HostName, $node.Address, $node.Name | Should -Be pem1.example.com, pem1.example.com, pem1.example.com
    }
    It 'refuses <Why> as <Id>' -ForEach @(
        @{ Why = 'a second primary'; Given = @{ Address = '192.0.2.12'; Role = 'Primary' }; Id = 'HostConflict' }
        @{ Why = 'a taken address'; Given = @{ Address = '192.0.2.11'; Role = 'Standby' }; Id = 'HostConflict' }
        @{ Why = 'a taken name'; Given = @{ Address = '192.0.2.12'; Role = 'Standby'; Name = 'node1' }; Id = 'HostConflict' }
        @{ Why = 'the virtual IP'; Given = @{ Address = '192.0.2.245'; Role = 'Standby' }; Id = 'HostConflict' }
        @{ Why = 'an address that is none'; Given = @{ Address = '192.0.2.300'; Role = 'Standby' }; Id = 'AddressUnfit' }
        @{ Why = 'an unknown role'; Given = @{ Address = '192.0.2.12'; Role = 'Master' }; Id = 'CannotConvertArgumentNoMessage' }
        @{ Why = 'a blank'; Given = @{ Address = '192.0.2.12'; Role = 'Standby'; Name = 'a b' }; Id = 'ParameterArgumentValidationError' }
        @{ Why = 'port 0'; Given = @{ Address = '192.0.2.12'; Role = 'Standby'; SshPort = 0 }; Id = 'ParameterArgumentValidationError' }
    ) {
        (Get-Failure { New-PemHost -Cluster $cluster @Given }).FullyQualifiedErrorId | Should -Be "$Id,PemHa.Commands.NewPemHostCommand"
        # Nothing of it stays behind.
        $cluster.Hosts | Should -Be @($primary)
    }
}
