BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Export-PemTopology' {
    It 'writes a file that gives the same hosts again' {
        $with = @{ EfmProperty = @{ 'node.timeout' = 20 }; MonitoredSubnet = '192.0.2.0/24'; UserEmail = "o'hara@example.com" }
        $hosts = New-TestHost -With $with
        $hosts | Export-PemTopology -Path TestDrive:/c.psd1 | Should -BeNullOrEmpty
        $again = Import-PemTopology TestDrive:/c.psd1
        $again.Name | Should -Be $hosts.Name
        $again | ForEach-Object Address | Should -Be ($hosts | ForEach-Object Address)
        $cluster = $again[0].Cluster
        $cluster.UserEmail | Should -Be "o'hara@example.com"
        $cluster.EfmProperty['node.timeout'] | Should -Be '20'
        $cluster.MonitoredSubnet | Should -Be '192.0.2.0/24'
    }
    It 'writes the whole cluster whichever of its hosts it is given' {
        (New-TestHost)[1] | Export-PemTopology -Path TestDrive:/one.psd1
        (Import-PemTopology TestDrive:/one.psd1).Name | Should -Be node1, node2, witness1
    }
    It 'writes nothing with -WhatIf' {
        New-TestHost | Export-PemTopology -Path TestDrive:/preview.psd1 -WhatIf
        Test-Path TestDrive:/preview.psd1 | Should -BeFalse
    }
    It 'replaces a file only when told so' {
        Set-Content TestDrive:/mine.psd1 mine
        (Get-Failure { New-TestHost | Export-PemTopology -Path TestDrive:/mine.psd1 }).FullyQualifiedErrorId |
            Should -Be 'FileExists,PemHa.Commands.ExportPemTopologyCommand'
        Get-Content TestDrive:/mine.psd1 | Should -Be mine
        New-TestHost | Export-PemTopology -Path TestDrive:/mine.psd1 -Force
        (Import-PemTopology TestDrive:/mine.psd1).Count | Should -Be 3
    }
    It 'writes no file of two clusters' {
        (Get-Failure { (New-TestHost) + (New-TestHost) | Export-PemTopology -Path TestDrive:/two.psd1 }).FullyQualifiedErrorId |
            Should -BeLike 'TopologyUnfit,*'
        Test-Path TestDrive:/two.psd1 | Should -BeFalse
    }
}
