BeforeAll {
    . $PSScriptRoot/Common.ps1
    $example = Join-Path (Get-Module PemHa).ModuleBase docs/examples/C1.psd1
}

Describe 'Import-PemTopology' {
    It 'makes the hosts of the shipped example' {
        $hosts = Import-PemTopology $example
        $hosts | Should -BeOfType PemHa.PemHost
        $hosts.Name | Should -Be node1, node2, node3, witness1
        "$($hosts.Role)" | Should -Be 'Primary Standby Standby Witness'
        ($hosts.Cluster | Select-Object -Unique).SecretName.Keys | Should -Contain Replication
    }
    It 'never runs what is in a file' {
        Set-Content TestDrive:/run.psd1 '@{ Name = $(Set-Content TestDrive:/done yes; "efm") }'
        (Get-Failure { Import-PemTopology TestDrive:/run.psd1 }).FullyQualifiedErrorId |
            Should -Be 'TopologyUnfit,PemHa.Commands.ImportPemTopologyCommand'
        Test-Path TestDrive:/done | Should -BeFalse
    }
    It 'tells all that is wrong at once, with line and column' {
        Set-Content TestDrive:/wrong.psd1 "@{`n VirtualIp = '192.0.2.9'`n Prot = 1`n Hosts = @{ Address = '192.0.2.9'; Role = 'King' }`n}"
        $message = "$(Get-Failure { Import-PemTopology TestDrive:/wrong.psd1 })"
        $message | Should -Match 'wrong\.psd1:3:2: '
        $message | Should -Match 'PingServer is missing'
    }
    It 'refuses a secret without repeating it' {
        $text = "VirtualIp = '192.0.2.9'; PingServer = '192.0.2.1'; Hosts = @{ Address = '192.0.2.11'; Role = 'Primary' }"
        Set-Content TestDrive:/secret.psd1 "@{ $text; Password = 'hunter2' }"
        $message = "$(Get-Failure { Import-PemTopology TestDrive:/secret.psd1 })"
        $message | Should -Match 'Password'
        $message | Should -Not -Match hunter2
    }
    It 'names a file that is not there' {
        (Get-Failure { Import-PemTopology TestDrive:/none.psd1 }).FullyQualifiedErrorId | Should -BeLike 'FileUnreadable,*'
    }
}
