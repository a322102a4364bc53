BeforeAll {
    . $PSScriptRoot/Common.ps1
    $efm = New-TestCredential efm
}

Describe 'New-PemEfmCluster' {
    It 'refuses the property <Property>, which EFM would misread' -ForEach @(
        @{ Property = @{ 'node timeout' = 1 } }
        @{ Property = @{ 'node.timeout' = "1`n2" } }
    ) {
        $failure = Get-Failure { New-TestHost | New-PemEfmCluster -Credential $efm -Property $Property }
        $failure.FullyQualifiedErrorId | Should -Be 'PropertyUnfit,PemHa.Commands.NewPemEfmClusterCommand'
        $failure.CategoryInfo.Category | Should -Be InvalidArgument
    }
    It 'refuses two answers to one question' {
        $failure = Get-Failure {
            New-TestHost | New-PemEfmCluster -Credential $efm -Property @{ 'auto.resume.startup.period' = 10 } -AutoResumeStartupPeriod 20
        }
        $failure.FullyQualifiedErrorId | Should -BeLike 'PropertyUnfit,*'
        "$failure" | Should -Match 'auto\.resume\.startup\.period=10.*20'
    }
    It 'guards the order of a boot in ways that it knows' {
        (Get-Failure { New-TestHost | New-PemEfmCluster -Credential $efm -BootGuard Perhaps }).FullyQualifiedErrorId |
            Should -BeLike 'ParameterArgumentValidationError,*'
    }
    It 'starts no agent while the primary cannot be asked<_>' -ForEach @{}, @{ DatabaseOnly = $true } {
        $how = $_
        (Get-Failure { New-TestHost | New-PemEfmCluster -Credential $efm @how }).FullyQualifiedErrorId |
            Should -Be 'PrimaryUnreachable,PemHa.Commands.NewPemEfmClusterCommand'
    }
}
