BeforeAll {
    . $PSScriptRoot/Common.ps1
    $password = (New-TestCredential x).Password
}

Describe 'New-PemCertificate' {
    It 'has a parameter set for each SSL model' {
        (Get-Command New-PemCertificate).ParameterSets.Name | Sort-Object | Should -Be ExternalCA, LocalCA, SslUtils
        Get-ParameterName New-PemCertificate LocalCA -Mandatory | Should -Be AuthorityPassword, AuthorityPath, PemHost
        Get-ParameterName New-PemCertificate ExternalCA -Mandatory | Should -Be CertificatePath, PemHost
    }
    It 'makes the authority on its way, and no certificate without a connection' {
        $complaints = Get-Complaint { New-TestHost | New-PemCertificate -AuthorityPath TestDrive:/ca -AuthorityPassword $password }
        $complaints.FullyQualifiedErrorId | Select-Object -Unique | Should -Be 'NotConnected,PemHa.Commands.NewPemCertificateCommand'
        "$($complaints.TargetObject | Sort-Object Name)" | Should -Be 'node1 node2'
        Test-Path TestDrive:/ca/ca_certificate.crt | Should -BeTrue
        Select-String -Path TestDrive:/ca/* -Pattern 'BEGIN (RSA |EC )?PRIVATE KEY' | Should -BeNullOrEmpty
    }
    It 'makes no authority with -WhatIf' {
        $null = Get-Complaint { New-TestHost | New-PemCertificate -AuthorityPath TestDrive:/preview -AuthorityPassword $password -WhatIf }
        Test-Path TestDrive:/preview | Should -BeFalse
    }
    It 'refuses <_> days, which would be renewed at once or never' -ForEach 30, 3651 {
        $days = $_
        (Get-Failure { New-TestHost SslUtils | New-PemCertificate -ValidDays $days }).FullyQualifiedErrorId |
            Should -BeLike 'ParameterArgumentValidationError,*'
    }
    It 'takes parameters of one model at a time' {
        $failure = Get-Failure { New-TestHost | New-PemCertificate -AuthorityPath x -AuthorityPassword $password -CertificatePath x }
        $failure.FullyQualifiedErrorId | Should -BeLike 'AmbiguousParameterSet,*'
    }
}
