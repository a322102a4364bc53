BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Set-PemPassFile' {
    It 'is an error of each data node that is not connected; a witness has no such file and goes on' {
        $hosts = New-TestHost
        $out = $hosts | Set-PemPassFile -Credential (New-TestCredential repl) -ErrorAction SilentlyContinue -ErrorVariable failed
        $out | Should -Be $hosts[2]
        $ids = $failed.FullyQualifiedErrorId | Select-Object -Unique
        $ids | Should -Be 'NotConnected,PemHa.Commands.SetPemPassFileCommand'
        "$($failed.TargetObject | Sort-Object Name)" | Should -Be 'node1 node2'
    }
    It 'wants a credential, and takes no clear password for one' {
        Get-ParameterName Set-PemPassFile -Mandatory | Should -Be Credential, PemHost
        Get-ParameterName Set-PemPassFile | Should -Not -Contain Password
    }
}
