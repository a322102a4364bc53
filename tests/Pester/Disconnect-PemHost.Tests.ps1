BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Disconnect-PemHost' {
    It 'ends a pipeline, and does no harm to hosts without a connection' {
        $hosts = New-TestHost
        $hosts | Disconnect-PemHost -ErrorAction Stop | Should -BeNullOrEmpty
        Disconnect-PemHost $hosts -ErrorAction Stop | Should -BeNullOrEmpty
        $hosts.Connected | Should -Not -Contain $true
    }
    It 'takes nothing but hosts' {
        (Get-Failure { 'node1' | Disconnect-PemHost -ErrorAction Stop }).FullyQualifiedErrorId |
            Should -Be 'InputObjectNotBound,PemHa.Commands.DisconnectPemHostCommand'
        (Get-Failure { Disconnect-PemHost 'node1' }).FullyQualifiedErrorId | Should -BeLike 'CannotConvertArgument*,*'
    }
}
