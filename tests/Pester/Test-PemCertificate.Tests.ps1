BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Test-PemCertificate' {
    It 'passes hosts on before there is an authority, and makes none' {
        $hosts = New-TestHost LocalCA
        $hosts | Test-PemCertificate -AuthorityPath TestDrive:/ca -AuthorityPassword (New-TestCredential x).Password | Should -Be $hosts
        Test-Path TestDrive:/ca | Should -BeFalse
    }
    It 'opens an authority with its own password only' {
        $ours = (New-TestCredential x).Password
        $null = Get-Complaint { New-TestHost | New-PemCertificate -AuthorityPath TestDrive:/made -AuthorityPassword $ours }
        $hosts = New-TestHost
        $hosts | Test-PemCertificate -AuthorityPath TestDrive:/made -AuthorityPassword $ours | Should -Be $hosts
        $other = (New-TestCredential x 'another password').Password
        $failure = Get-Failure { $hosts | Test-PemCertificate -AuthorityPath TestDrive:/made -AuthorityPassword $other }
        $failure.FullyQualifiedErrorId | Should -Be 'AuthorityKeyLocked,PemHa.Commands.TestPemCertificateCommand'
    }
    It 'needs nothing with sslutils' {
        $hosts = New-TestHost SslUtils
        $hosts | Test-PemCertificate | Should -Be $hosts
    }
    It 'wants with <Model> what that model takes' -ForEach @(
        @{ Model = 'LocalCA'; Given = @{} }
        @{ Model = 'LocalCA'; Given = @{ CertificatePath = 'TestDrive:/' } }
        @{ Model = 'ExternalCA'; Given = @{} }
        @{ Model = 'SslUtils'; Given = @{ CertificatePath = 'TestDrive:/' } }
    ) {
        $failure = Get-Failure { New-TestHost $Model | Test-PemCertificate @Given }
        $failure.FullyQualifiedErrorId | Should -Be 'SslModelDiffers,PemHa.Commands.TestPemCertificateCommand'
        $failure.CategoryInfo.Category | Should -Be InvalidArgument
        "$failure" | Should -Match "-SslModel $Model"
    }
    It 'tells everything that is missing in a folder of your own files' {
        $null = New-Item TestDrive:/empty -ItemType Directory
        $failure = Get-Failure { New-TestHost ExternalCA | Test-PemCertificate -CertificatePath TestDrive:/empty }
        $failure.FullyQualifiedErrorId | Should -BeLike 'Certificates*,*'
        "$failure" | Should -Match 'root\.crt'
    }
    It 'changes nothing, so it has no -WhatIf' {
        (Get-Command Test-PemCertificate).Parameters.Keys | Should -Not -Contain WhatIf
    }
}
