BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Set-PemHba' {
    It 'can be previewed, and the preview needs a connection as the run does' {
        $complaints = Get-Complaint { New-TestHost | Set-PemHba -WhatIf }
        $complaints.FullyQualifiedErrorId | Select-Object -Unique | Should -Be 'NotConnected,PemHa.Commands.SetPemHbaCommand'
        $complaints[0].ErrorDetails.Message | Should -BeLike 'Set-PemHba: node*'
    }
    It 'goes nowhere while the address of any node is only a name' {
        $hosts = New-TestHost
        $null = New-PemHost pem4.example.com Standby -Cluster $hosts[0].Cluster
        $failure = Get-Failure { $hosts | Set-PemHba -WhatIf }
        $failure.FullyQualifiedErrorId | Should -Be 'AddressUnknown,PemHa.Commands.SetPemHbaCommand'
        "$($failure.TargetObject)" | Should -Be pem4.example.com
        $failure.ErrorDetails.RecommendedAction | Should -Match 'Connect-PemHost|-Address'
    }
    It 'has pemsuper for the superuser unless it is told otherwise' {
        Get-ParameterName Set-PemHba -Mandatory | Should -Be PemHost
        (Get-Failure { New-TestHost | Set-PemHba -SuperUser '' }).FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentValidation*,*'
    }
}
