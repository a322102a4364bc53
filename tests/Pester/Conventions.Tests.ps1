BeforeDiscovery {
    . $PSScriptRoot/Common.ps1
    $commands = (Get-Command -Module PemHa).ForEach({ @{ Command = $_ } })
}
BeforeAll {
    . $PSScriptRoot/Common.ps1
    $own = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
}

Describe '<Command.Name>' -ForEach $commands {
    It 'has an approved verb and a noun of ours' {
        (Get-Verb).Verb | Should -Contain $Command.Verb
        $Command.Noun | Should -MatchExactly '^Pem[A-Z][A-Za-z]+$'
    }
    It 'has a test file of its own' {
        Join-Path $PSScriptRoot "$($Command.Name).Tests.ps1" | Should -Exist
    }
    It 'takes hosts from the pipeline, and secrets as such' {
        foreach ($parameter in $Command.Parameters.Values) {
            if ($parameter.ParameterType -eq [PemHa.PemHost[]]) {
                $piped = $parameter.Attributes.Where({ $_ -is [Parameter] }).ValueFromPipeline
                $piped | Should -Not -Contain $false -Because $parameter.Name
            }
            $secret = switch -Regex ($parameter.Name) { 'Password|Passphrase' { [securestring] } 'Credential$' { [pscredential] } }
            if ($secret) { $parameter.ParameterType | Should -Be $secret -Because $parameter.Name }
        }
    }
    It 'names its parameters in PascalCase and in the singular' {
        $names = $Command.Parameters.Keys | Where-Object { $_ -notin $own -and $_ -notin 'ValidDays', 'UserSettings' }
        foreach ($name in $names) { $name | Should -MatchExactly '^[A-Z][A-Za-z0-9]*([^s]|ss)$' }
    }
    It 'can be previewed exactly where it changes something' {
        $changes = $Command.Verb -notin 'Connect', 'Disconnect', 'Get', 'Test', 'ConvertFrom', 'Import' -and
            $Command.Name -notin 'New-PemCluster', 'New-PemHost'
        $Command.Parameters.ContainsKey('WhatIf') | Should -Be ($changes -or $Command.Name -eq 'Test-PemVirtualIp')
    }
    It 'says what it gives, in types of PemHa''s or of .NET''s' {
        foreach ($type in $Command.OutputType.Type) { $type.Assembly.GetName().Name | Should -Match '^(PemHa|System\..*)$' }
    }
}
