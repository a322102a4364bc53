BeforeDiscovery {
    . $PSScriptRoot/Common.ps1
    $commands = (Get-Command -Module PemHa).ForEach({ @{ Command = $_ } })
}
BeforeAll {
    . $PSScriptRoot/Common.ps1
    $own = [System.Management.Automation.PSCmdlet]::CommonParameters
    $base = (Get-Module PemHa).ModuleBase
}

Describe 'Help of <Command.Name>' -ForEach $commands {
    BeforeAll { $help = Get-Help $Command.Name -Full }

    It 'is a page, not a guess from the syntax' {
        $help.Synopsis.Trim() | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -Match "^\s*$($Command.Name) "
        ($help.description.Text -join ' ').Length | Should -BeGreaterThan 40
    }
    It 'has three examples or more, which parse and call it' {
        $examples = @($help.examples.example)
        $examples.Count | Should -BeGreaterOrEqual 3
        foreach ($example in $examples) { "$($example.code) $($example.introduction.Text) $($example.remarks.Text)" | Should -Match 'Pem' }
        "$($examples.code)$($examples.introduction.Text)$($examples.remarks.Text)" | Should -Match $Command.Name
    }
    It 'describes every parameter' {
        foreach ($name in $Command.Parameters.Keys.Where({ $_ -notin $own })) {
            $parameter = @($help.parameters.parameter).Where({ $_.name -eq $name })
            $parameter.Count | Should -Be 1 -Because $name
            "$($parameter.description.Text)".Trim() | Should -Not -BeNullOrEmpty -Because $name
        }
    }
    It 'has no placeholder left' {
        $help | Out-String -Width 200 | Should -Not -Match '\{\{|Fill in|TODO|TBD'
    }
}

Describe 'about_ topics' {
    It 'about_PemHa<_> is shipped where Get-Help finds it' -ForEach '', '_Procedure', '_Security', '_Lab', '_Troubleshooting' {
        $topic = Join-Path $base en-US "about_PemHa$_.help.txt"
        $topic | Should -Exist
        (Get-Content $topic -Raw).Length | Should -BeGreaterThan 500
    }
}
