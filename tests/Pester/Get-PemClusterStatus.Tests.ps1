BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Get-PemClusterStatus' {
    It 'tells of every node of the cluster, those that cannot be asked too' {
        $nodes = (New-TestHost)[2] | Get-PemClusterStatus
        $nodes | Should -BeOfType PemHa.PemNodeStatus
        $nodes.Name | Should -Be node1, node2, witness1
        $nodes.Role | Select-Object -Unique | Should -Be Unreachable
        $nodes.ForEach({ $_.Finding.Message -match 'Connect-PemHost' }).Count | Should -Be 3
    }
    It 'calls it critical that nobody takes writes, once and with a remedy' {
        $critical = (New-TestHost | Get-PemClusterStatus).Finding | Where-Object Message -eq 'no node takes writes'
        @($critical).Count | Should -Be 1
        $critical.HostName, $critical.Severity | Should -Be efm, Critical
        $critical.Remedy | Should -Not -BeNullOrEmpty
    }
    It 'tells of several clusters one after the other' {
        $other = New-PemCluster other -VirtualIp 192.0.2.246 -PingServer 192.0.2.1
        $nodes = @(New-TestHost) + (New-PemHost 192.0.2.21 Primary -Cluster $other) | Get-PemClusterStatus
        $nodes.Cluster | Should -Be efm, efm, efm, other
    }
    It 'shows a table that says which node is which' {
        $table = New-TestHost | Get-PemClusterStatus | Format-Table | Out-String -Width 160
        $table | Should -Match 'node1 [^\n]*\n\s*192\.0\.2\.11'
        $table | Should -Match 'witness1 [^\n]*\n\s*192\.0\.2\.13'
    }
}
