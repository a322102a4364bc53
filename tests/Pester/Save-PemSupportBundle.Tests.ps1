BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Save-PemSupportBundle' {
    It 'needs a host that it can ask, and writes nothing without one' {
        (Get-Failure { New-TestHost | Save-PemSupportBundle -Path TestDrive:/a.zip }).FullyQualifiedErrorId |
            Should -Be 'NotConnected,PemHa.Commands.SavePemSupportBundleCommand'
        Test-Path TestDrive:/a.zip | Should -BeFalse
    }
    It 'writes nothing with -WhatIf' {
        New-TestHost | Save-PemSupportBundle -Path TestDrive:/b.zip -WhatIf
        Test-Path TestDrive:/b.zip | Should -BeFalse
    }
    It 'replaces a file only when told so' {
        Set-Content TestDrive:/mine.zip mine
        (Get-Failure { New-TestHost | Save-PemSupportBundle -Path TestDrive:/mine.zip }).FullyQualifiedErrorId |
            Should -Be 'FileExists,PemHa.Commands.SavePemSupportBundleCommand'
        Get-Content TestDrive:/mine.zip | Should -Be mine
    }
    It 'is about one cluster' {
        $hosts = @(New-TestHost) + @(New-TestHost)
        (Get-Failure { $hosts | Save-PemSupportBundle -Path TestDrive:/two.zip }).FullyQualifiedErrorId | Should -BeLike 'TopologyUnfit,*'
    }
}
