BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'New-PemAgentUser' {
    It 'takes its name from the cluster''s description, and no password: it logs in by certificate' {
        Get-ParameterName New-PemAgentUser | Where-Object { $_ -ne 'AsJob' } | Should -Be PemHost, ThrottleLimit
    }
    It 'makes no role where the primary cannot be asked' {
        $hosts = New-TestHost -With @{ AgentUser = 'common_agent_user' }
        $failure = Get-Failure { $hosts | New-PemAgentUser }
        $failure.FullyQualifiedErrorId | Should -Be 'PrimaryUnreachable,PemHa.Commands.NewPemAgentUserCommand'
        $failure.TargetObject | Should -Be $hosts[0]
    }
}
