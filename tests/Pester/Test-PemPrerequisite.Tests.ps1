BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Test-PemPrerequisite' {
    It 'looks at the whole cluster whichever host it is given, the worst last' {
        $checks = (New-TestHost)[1] | Test-PemPrerequisite
        $checks | Should -BeOfType PemHa.PemCheck
        ($checks | Where-Object Check -eq connection).HostName | Should -Be node1, node2, witness1
        $checks[-1].State | Should -Be Failed
        [int[]] $order = $checks.State
        $order | Should -Be ($order | Sort-Object)
    }
    It 'says what to do about each failure' {
        $failed = New-TestHost | Test-PemPrerequisite | Where-Object State -eq Failed
        $failed.Count | Should -BeGreaterThan 0
        $failed.Remedy | Should -Not -Contain ''
        ($failed | Where-Object Check -eq connection).Remedy | Select-Object -Unique | Should -Be 'Run Connect-PemHost first.'
    }
    It 'changes nothing, so it has no -WhatIf' {
        (Get-Command Test-PemPrerequisite).Parameters.Keys | Should -Not -Contain WhatIf
    }
    It 'refuses to work on no host at all at once' {
        (Get-Failure { New-TestHost | Test-PemPrerequisite -ThrottleLimit 0 }).FullyQualifiedErrorId |
            Should -Be 'ParameterArgumentValidationError,PemHa.Commands.TestPemPrerequisiteCommand'
    }
}
