BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Set-PemWebApplication' {
    It 'is about the data nodes: a witness has no web application, and goes on' {
        $hosts = New-TestHost
        $out = $hosts | Set-PemWebApplication -ErrorAction SilentlyContinue -ErrorVariable failed
        $out | Should -Be $hosts[2]
        "$($failed.TargetObject | Sort-Object Name)" | Should -Be 'node1 node2'
        $failed.FullyQualifiedErrorId | Select-Object -Unique | Should -Be 'NotConnected,PemHa.Commands.SetPemWebApplicationCommand'
    }
    It 'gives each host once, however often it comes' {
        $witness = (New-TestHost)[2]
        @($witness, $witness | Set-PemWebApplication).Count | Should -Be 1
    }
}
