BeforeDiscovery {
    # 'I' has no dot below in Turkish, German and Arabic write numbers in other ways.
    $cultures = 'tr-TR', 'de-DE', 'ar-SA', 'en-US'
}
BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Under <_>' -ForEach $cultures {
    BeforeAll {
        $before = [cultureinfo]::CurrentCulture, [cultureinfo]::CurrentUICulture
        [cultureinfo]::CurrentCulture = [cultureinfo]::CurrentUICulture = $_
    }
    AfterAll { [cultureinfo]::CurrentCulture, [cultureinfo]::CurrentUICulture = $before }

    It 'a topology goes out and comes in the same' {
        $hosts = New-TestHost -With @{ EfmProperty = @{ 'node.timeout' = 20; 'application.name' = 'PEM Title' }; EfmVersion = '4.10' }
        $hosts | Export-PemTopology -Path TestDrive:/c.psd1 -Force
        $text = Get-Content TestDrive:/c.psd1 -Raw
        $text | Should -MatchExactly "EfmVersion\s+= '4\.10'"
        $text | Should -MatchExactly "'node\.timeout' = '?20"
        $again = Import-PemTopology TestDrive:/c.psd1
        $again | ForEach-Object Address | Should -Be ($hosts | ForEach-Object Address)
        $again[0].Cluster.VirtualIpPrefix, $again[0].Cluster.EfmVersion.ToString() | Should -Be 24, '4.10'
    }
    It 'names in any case mean what they mean elsewhere' {
        $cluster = New-PemCluster PEMIEFM -VIRTUALIP 192.0.2.9 -pingserver 192.0.2.1 -SSLMODEL externalca
        "$($cluster.SslModel) $($cluster.Name)" | Should -BeExactly 'ExternalCA PEMIEFM'
        (New-PemHost 192.0.2.11 PRIMARY -Cluster $cluster).Role | Should -BeExactly Primary
        (New-PemHost 192.0.2.12 witness -Cluster $cluster).Role | Should -BeExactly Witness
    }
    It 'a report of EFM reads the same' {
        $json = '{"nodes":{"192.0.2.11":{"type":"Primary","db":"UP","vip":"","vip_active":false,"lsn":"0/1F7A3808"}}}'
        $node = $json | ConvertFrom-PemEfmStatus
        "$($node.Role) $($node.Database) $($node.Lsn)" | Should -BeExactly 'Primary UP 0/1F7A3808'
    }
    It 'errors say the same' {
        "$(Get-Failure { New-PemHost 192.0.2.300 Primary -Cluster (New-PemCluster -VirtualIp 192.0.2.9 -PingServer 192.0.2.1) })" |
            Should -BeExactly '192.0.2.300 is no IP address.'
    }
}
