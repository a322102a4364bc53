BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Test-PemVirtualIp' {
    It 'takes an address on a host for a moment, so it can be previewed' {
        (Get-Command Test-PemVirtualIp).Parameters.Keys | Should -Contain WhatIf
        (Get-Command Test-PemVirtualIp).OutputType.Type | Should -Be ([PemHa.PemVirtualIpTest])
    }
    It 'rehearses nothing while a node of the cluster is not connected<_>' -ForEach @{}, @{ WhatIf = $true } {
        $how = $_
        $failure = Get-Failure { (New-TestHost)[0] | Test-PemVirtualIp @how }
        $failure.FullyQualifiedErrorId | Should -Be 'NotConnected,PemHa.Commands.TestPemVirtualIpCommand'
        "$failure" | Should -BeLike 'Test-PemVirtualIp: *'
        $failure.ErrorDetails.RecommendedAction | Should -Be 'Run Connect-PemHost first.'
    }
}
