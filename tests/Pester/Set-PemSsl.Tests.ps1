BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Set-PemSsl' {
    It 'leaves a host without a connection out of the pipeline, and ends nothing' {
        $hosts = New-TestHost
        $out = $hosts | Set-PemSsl -ErrorAction SilentlyContinue -ErrorVariable failed
        $out | Should -Be $hosts[2]
        $failed.Count | Should -Be 2
        $failed.ForEach({ $_.FullyQualifiedErrorId }) | Select-Object -Unique | Should -Be 'NotConnected,PemHa.Commands.SetPemSslCommand'
        $failed.ErrorDetails.RecommendedAction | Select-Object -Unique | Should -Be 'Run Connect-PemHost first.'
    }
    It 'ends at the first of them with -ErrorAction Stop, so that a script''s try/catch sees it' {
        (Get-Failure { New-TestHost | Set-PemSsl -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'NotConnected,*'
    }
}
