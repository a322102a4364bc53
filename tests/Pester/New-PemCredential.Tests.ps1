BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'New-PemCredential' {
    It 'makes a new password of the wanted length each time' {
        $one, $other = 1..2 | ForEach-Object { (New-PemCredential repl -Length 40).GetNetworkCredential() }
        $one.UserName | Should -Be repl
        $one.Password | Should -Match '^[A-Za-z0-9_-]{40}$'
        $one.Password | Should -Not -BeExactly $other.Password
    }
    It 'gives the kept one the next time, and keeps it for its owner alone' {
        $first, $second = 1..2 | ForEach-Object { New-PemCredential repl -Path TestDrive:/kept }
        $second.GetNetworkCredential().Password | Should -BeExactly $first.GetNetworkCredential().Password
        if (-not $IsWindows) { (Get-Item TestDrive:/kept/repl.secret).UnixMode | Should -Be '-rw-------' }
    }
    It 'keeps nothing with -WhatIf' {
        New-PemCredential repl -Path TestDrive:/preview -WhatIf | Should -BeOfType pscredential
        Test-Path TestDrive:/preview | Should -BeFalse
    }
    It 'refuses a folder that is a file' {
        Set-Content TestDrive:/file ''
        (Get-Failure { New-PemCredential repl -Path TestDrive:/file }).FullyQualifiedErrorId | Should -BeLike 'SecretFileUnusable,*'
    }
    It 'refuses the user name <_>, which would name another file' -ForEach '../x', 'a/b', '' {
        $name = $_
        (Get-Failure { New-PemCredential $name }).FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentValidation*,*'
    }
}
