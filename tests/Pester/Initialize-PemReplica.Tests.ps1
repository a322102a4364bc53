BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Initialize-PemReplica' {
    It 'asks before it replaces a database' {
        $attribute = [PemHa.ModuleLoader]::Load().GetType('PemHa.Commands.InitializePemReplicaCommand').GetCustomAttributes($true) |
            Where-Object { $_ -is [System.Management.Automation.CmdletAttribute] }
        $attribute.ConfirmImpact | Should -Be High
    }
    It 'replaces what may be needed only with -Force, which nothing gives by default' {
        (Get-Command Initialize-PemReplica).Parameters.Force.SwitchParameter | Should -BeTrue
        Get-ParameterName Initialize-PemReplica -Mandatory | Should -Be PemHost
    }
    It 'ends where the primary cannot be asked, with -Force too' -ForEach @{}, @{ Force = $true } {
        $how = $_
        $failure = Get-Failure { New-TestHost | Initialize-PemReplica @how -Confirm:$false }
        $failure.FullyQualifiedErrorId | Should -Be 'PrimaryUnreachable,PemHa.Commands.InitializePemReplicaCommand'
    }
    It 'wants a name for the replication role' {
        (Get-Failure { New-TestHost | Initialize-PemReplica -UserName '' }).FullyQualifiedErrorId |
            Should -BeLike 'ParameterArgumentValidation*,*'
    }
}
