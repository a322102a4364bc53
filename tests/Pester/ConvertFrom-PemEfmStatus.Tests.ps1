BeforeAll {
    . $PSScriptRoot/Common.ps1
    $report = @'
Cluster Status: pem

    Agent Type  Address      DB       VIP
    ------------------------------------
    Primary     192.0.2.11   UP       192.0.2.20*
    Standby     192.0.2.12   UP       192.0.2.20

Allowed node host list:
    192.0.2.11 192.0.2.12

Standby priority host list:
    192.0.2.12
'@
    $json = '{"nodes":{"192.0.2.11":{"type":"Primary","db":"UP","vip":"","vip_active":false}}}'
}

Describe 'ConvertFrom-PemEfmStatus' {
    It 'reads a report as one text, line by line, and from a file' {
        Set-Content TestDrive:/status.txt $report
        $ways = { $report | ConvertFrom-PemEfmStatus }, { $report -split "`n" | ConvertFrom-PemEfmStatus },
            { ConvertFrom-PemEfmStatus -Path TestDrive:/*.txt }
        foreach ($way in $ways) {
            & $way | ForEach-Object { "$($_.Cluster) $($_.Name) $($_.Role) $($_.VirtualIp)" } |
                Should -Be 'pem 192.0.2.11 Primary True', 'pem 192.0.2.12 Standby False'
        }
    }
    It 'gives null for what EFM does not report' {
        $node = $json | ConvertFrom-PemEfmStatus -ClusterName pem
        $node | Should -BeOfType PemHa.PemNodeStatus
        $node.Cluster | Should -Be pem
        $node.Replication, $node.Agent | Should -Be $null, $null
    }
    It 'says where a report cannot be read, and in which file' {
        Set-Content TestDrive:/broken.json "{`n `"nodes`": {`n  `"192.0.2.11`" {}"
        $failure = Get-Failure { ConvertFrom-PemEfmStatus -Path TestDrive:/broken.json }
        $failure.FullyQualifiedErrorId | Should -Be 'EfmStatusUnreadable,PemHa.Commands.ConvertFromPemEfmStatusCommand'
        "$failure" | Should -Match 'broken\.json: Line 3'
        $failure.ErrorDetails.RecommendedAction | Should -Match 'cluster-status'
    }
    It 'takes a text or files, not both' {
        (Get-Failure { ConvertFrom-PemEfmStatus -InputObject $report -Path TestDrive:/x }).FullyQualifiedErrorId |
            Should -BeLike 'AmbiguousParameterSet,*'
    }
}
