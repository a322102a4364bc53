BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Install-PemServer' {
    It 'refuses what the vendor''s script would misread: <Why>' -ForEach @(
        @{ Why = 'a user name with a blank'; User = 'pem super'; Password = 'a password'; Id = 'UserNameUnfit' }
        @{ Why = 'a password with a line break'; User = 'pemsuper'; Password = "two`nlines"; Id = 'PasswordUnfit' }
    ) {
        $failure = Get-Failure { New-TestHost | Install-PemServer -Credential (New-TestCredential $User $Password) }
        $failure.FullyQualifiedErrorId | Should -Be "$Id,PemHa.Commands.InstallPemServerCommand"
        "$failure" | Should -Not -Match 'two|lines'
        $failure.ErrorDetails.RecommendedAction | Should -Be 'Choose another one.'
    }
    It 'refuses an empty password' {
        $empty = [pscredential]::new('pemsuper', [securestring]::new())
        (Get-Failure { New-TestHost | Install-PemServer -Credential $empty }).FullyQualifiedErrorId | Should -BeLike 'PasswordUnfit,*'
    }
    It 'goes to the primary first, and nowhere without it' {
        $super = New-TestCredential pemsuper
        $given = @{ RegisterEfm = $false; TemporarySuperUser = $true; EfmInstallPath = '/usr/edb/efm-5.2/bin' }
        (Get-Failure { New-TestHost | Install-PemServer -Credential $super @given }).FullyQualifiedErrorId |
            Should -BeLike 'PrimaryUnreachable,*'
    }
    It 'takes no path that the vendor''s script would take apart: <_>' -ForEach 'usr/edb', '/usr/edb/efm 5', '/x;reboot', '' {
        $path = $_
        (Get-Failure { New-TestHost | Install-PemServer -Credential (New-TestCredential pemsuper) -EfmInstallPath $path }).FullyQualifiedErrorId |
            Should -BeLike 'ParameterArgumentValidationError,*'
    }
}
