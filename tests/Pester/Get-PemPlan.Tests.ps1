BeforeAll {
    . $PSScriptRoot/Common.ps1
    $with = @{ Replication = New-TestCredential repl; Efm = New-TestCredential efm; SuperUser = New-TestCredential pemsuper }
    $authority = @{ AuthorityPath = 'TestDrive:/ca'; AuthorityPassword = (New-TestCredential x).Password }
}

Describe 'Get-PemPlan' {
    It 'is asked as Install-PemCluster is' {
        # -AsJob is for what takes long.
        Get-ParameterName Get-PemPlan | Should -Be (Get-ParameterName Install-PemCluster | Where-Object { $_ -ne 'AsJob' })
        (Get-Command Get-PemPlan).OutputType.Type | Should -Be ([PemHa.PemChange])
    }
    It 'plans nothing for hosts that it cannot look at, and says so' {
        $failed = @(try { New-TestHost | Get-PemPlan @with @authority 2>&1 } catch { $_ })
        $failed.Count | Should -BeGreaterThan 0
        $failed | Should -BeOfType System.Management.Automation.ErrorRecord
        $failed[0].FullyQualifiedErrorId | Should -BeLike '*,PemHa.Commands.GetPemPlanCommand'
    }
    It 'makes no authority' {
        $null = try { New-TestHost | Get-PemPlan @with @authority 2>&1 } catch { $_ }
        Test-Path TestDrive:/ca | Should -BeFalse
    }
}
