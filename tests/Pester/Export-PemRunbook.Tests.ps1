BeforeAll {
    . $PSScriptRoot/Common.ps1
    $with = @{ Replication = New-TestCredential repl; Efm = New-TestCredential efm; SuperUser = New-TestCredential pemsuper }
    $authority = @{ AuthorityPath = 'TestDrive:/ca'; AuthorityPassword = (New-TestCredential x).Password }
}

Describe 'Export-PemRunbook' {
    It 'writes nothing of a plan that is not whole' {
        $failure = Get-Failure { New-TestHost | Export-PemRunbook -Path TestDrive:/run @with @authority -ErrorAction SilentlyContinue }
        $failure.FullyQualifiedErrorId | Should -BeLike '*,PemHa.Commands.ExportPemRunbookCommand'
        Get-ChildItem TestDrive:/ -Filter run* | Should -BeNullOrEmpty
    }
    It 'replaces a file only when told so, whichever of the two it is: <_>' -ForEach '.md', '.sh' {
        Set-Content "TestDrive:/mine$_" mine
        (Get-Failure { New-TestHost | Export-PemRunbook -Path TestDrive:/mine @with @authority }).FullyQualifiedErrorId |
            Should -Be 'FileExists,PemHa.Commands.ExportPemRunbookCommand'
        Get-Content "TestDrive:/mine$_" | Should -Be mine
        Remove-Item TestDrive:/mine*
    }
    It 'is of one cluster' {
        $hosts = @(New-TestHost) + @(New-TestHost)
        (Get-Failure { $hosts | Export-PemRunbook -Path TestDrive:/two @with @authority }).FullyQualifiedErrorId |
            Should -BeLike 'TopologyUnfit,*'
    }
}
