BeforeAll {
    . $PSScriptRoot/Common.ps1
    $repl = New-TestCredential repl 'hunter2'
}

Describe 'Enable-PemReplication' {
    It 'needs the replication role with its password' {
        Get-ParameterName Enable-PemReplication -Mandatory | Should -Be Credential, PemHost
        (Get-Command Enable-PemReplication).Parameters.Credential.ParameterType | Should -Be ([pscredential])
    }
    It 'ends where the primary is not among the hosts that are left' {
        $failure = Get-Failure { (New-TestHost)[1, 2] | Enable-PemReplication -Credential $repl }
        $failure.FullyQualifiedErrorId | Should -BeLike 'PrimaryUnreachable,*'
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }
    It 'shows its password nowhere' {
        $said = & {
            try { New-TestHost | Enable-PemReplication -Credential $repl -Verbose -Debug *>&1 } catch { $_ | Format-List * -Force }
        } | Out-String
        $said | Should -Match Enable-PemReplication
        $said | Should -Not -Match hunter2
    }
}
