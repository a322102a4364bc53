BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Enable-PemUserSettings' {
    It 'refuses a password that the web application''s settings cannot hold, without repeating it' {
        $failure = Get-Failure { New-TestHost | Enable-PemUserSettings -Credential (New-TestCredential pem_user_settings "hunter2`nx") }
        $failure.FullyQualifiedErrorId | Should -Be 'PasswordUnfit,PemHa.Commands.EnablePemUserSettingsCommand'
        "$failure" | Should -Match pem_user_settings
        "$failure" | Should -Not -Match hunter2
    }
    It 'refuses a password that the web application may not read in its URI: <_>' -ForEach 'a b', 'p@ss', '50%', 'é' {
        $odd = New-TestCredential pem_user_settings $_
        (Get-Failure { New-TestHost | Enable-PemUserSettings -Credential $odd }).FullyQualifiedErrorId | Should -BeLike 'PasswordUnfit,*'
    }
    It 'makes no database where the primary cannot be asked' {
        (Get-Failure { New-TestHost | Enable-PemUserSettings -Credential (New-TestCredential pem_user_settings 'plain') }).FullyQualifiedErrorId |
            Should -BeLike 'PrimaryUnreachable,*'
    }
}
