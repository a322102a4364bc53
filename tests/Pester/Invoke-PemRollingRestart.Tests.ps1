BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Invoke-PemRollingRestart' {
    It 'stops writes for a moment, so it asks first' {
        $attribute = [PemHa.ModuleLoader]::Load().GetType('PemHa.Commands.InvokePemRollingRestartCommand').GetCustomAttributes($true) |
            Where-Object { $_ -is [System.Management.Automation.CmdletAttribute] }
        $attribute.ConfirmImpact | Should -Be High
        $attribute.SupportsShouldProcess | Should -BeTrue
    }
    It 'restarts no standby while the primary cannot be asked' {
        $failure = Get-Failure { New-TestHost | Invoke-PemRollingRestart -Force -Confirm:$false }
        $failure.FullyQualifiedErrorId | Should -Be 'PrimaryUnreachable,PemHa.Commands.InvokePemRollingRestartCommand'
        "$failure" | Should -BeLike 'Invoke-PemRollingRestart: *'
    }
}
