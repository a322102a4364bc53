BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Enable-PemUserSettings' {
    It 'refuses a password that the web application''s settings cannot hold, without repeating it' {
        $failure = Get-Failure { New-TestHost | Enable-PemUserSettings -Credential (New-TestCredential pem_user_settings "hunter2`nx") }
        $failure.FullyQualifiedErrorId | Should -Be 'PasswordUnfit,PemHa.Commands.EnablePemUserSettingsCommand'
        "$failure" | Should -Match pem_user_settings
        "$failure" | Should -Not -Match hunter2
    }
    It 'makes no database where the primary cannot be asked' {
        (Get-Failure { New-TestHost | Enable-PemUserSettings -Credential (New-TestCredential pem_user_settings) }).FullyQualifiedErrorId |
            Should -BeLike 'PrimaryUnreachable,*'
    }
}
