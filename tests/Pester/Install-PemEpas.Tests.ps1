BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Install-PemEpas' {
    It 'needs hosts only: what to install is said by the cluster' {
        Get-ParameterName Install-PemEpas -Mandatory | Should -Be PemHost
        Get-ParameterName Install-PemEpas | Where-Object { $_ -ne 'AsJob' } | Should -Be PemHost, ThrottleLimit
    }
    It 'ends where the primary cannot be asked<_>' -ForEach @{}, @{ WhatIf = $true } {
        $how = $_
        $hosts = New-TestHost
        $failure = Get-Failure { $hosts | Install-PemEpas @how }
        $failure.FullyQualifiedErrorId | Should -Be 'PrimaryUnreachable,PemHa.Commands.InstallPemEpasCommand'
        $failure.TargetObject | Should -Be $hosts[0]
        $failure.CategoryInfo.Category | Should -Be ConnectionError
    }
    It 'does nothing where no host is left in the pipeline' {
        @() | Install-PemEpas -ErrorAction Stop | Should -BeNullOrEmpty
    }
}
