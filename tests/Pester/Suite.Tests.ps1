BeforeDiscovery {
    $files = (Get-ChildItem $PSScriptRoot -Filter *.Tests.ps1).ForEach({ @{ File = $_ } })
}
BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'This suite' {
    It 'has files of commands that there are, and of what concerns them all' {
        $named = (Get-ChildItem $PSScriptRoot -Filter *.Tests.ps1).Name -replace '\.Tests\.ps1$'
        $about = 'Conventions', 'Culture', 'Help', 'Isolation', 'Manifest', 'Suite', 'Views'
        $named | Where-Object { $_ -notin $about } | Sort-Object | Should -Be ((Get-Command -Module PemHa).Name | Sort-Object)
    }
    It '<File.Name> asserts something in every test' -ForEach $files {
        $calls = {
            param($ast, $name)
            $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true).
                Where({ $_.GetCommandName() -eq $name })
        }
        $file = [System.Management.Automation.Language.Parser]::ParseFile($File.FullName, [ref] $null, [ref] $null)
        $tests = & $calls $file It
        $tests.Count | Should -BeGreaterThan 0
        foreach ($test in $tests) {
            (& $calls $test Should).Count | Should -BeGreaterThan 0 -Because $test.CommandElements[1].Extent.Text
        }
    }
}
