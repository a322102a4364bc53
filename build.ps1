#!/usr/bin/env pwsh
<#
.SYNOPSIS
Builds, tests, packs and rehearses PemHa. Needs nothing but pwsh and the .NET SDK.
.EXAMPLE
./build.ps1 -Task Pack; Import-Module ./out/PemHa
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Docs', 'Pack', 'Lab')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release'
)
$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot

function Invoke-DotNet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { throw "dotnet $args failed with exit code $LASTEXITCODE." }
}

switch ($Task) {
    Build { Invoke-DotNet build "$root/PemHa.sln" -c $Configuration }

    # The lab's suites need root on Linux; elsewhere they are reported as skipped.
    # The Pester suites run on the packed module, with each of Pester 5 and 6 that is here.
    Test {
        Invoke-DotNet test --solution "$root/PemHa.sln" --max-parallel-test-modules 1
        Invoke-DotNet run -c Release --project "$root/src/PemHa.Package"
        & pwsh -NoProfile -File "$root/tests/Pester/Invoke-Suite.ps1"
        if ($LASTEXITCODE -ne 0) { throw 'The Pester suites failed.' }
        if (Get-Module -ListAvailable PSScriptAnalyzer) {
            # Pester runs blocks in one another's scopes, which the rules on variables do not know; what tests make up is nobody's password.
            $ofTests = 'PSUseDeclaredVarsMoreThanAssignments', 'PSReviewUnusedParameter', 'PSAvoidUsingConvertToSecureStringWithPlainText',
                'PSAvoidUsingUsernameAndPasswordParams', 'PSAvoidUsingPlainTextForPassword', 'PSUseShouldProcessForStateChangingFunctions'
            $found = Get-ChildItem "$root/src/Module", "$root/docs", "$root/tests/Pester", "$root/build.ps1" -Recurse -File -Include *.ps1, *.psm1, *.psd1 |
                ForEach-Object {
                    $without = if ($_.Directory.Name -eq 'Pester' -or $_.Name -like '*.Tests.ps1') { @{ ExcludeRule = $ofTests } } else { @{} }
                    Invoke-ScriptAnalyzer $_ -Severity Warning, Error @without
                }
            if ($found) { $found | Out-Host; throw 'PSScriptAnalyzer has findings.' }
        } else { 'PSScriptAnalyzer is not here: it was not asked.' }
    }

    # What the code says goes into docs/en-US; en-US, which the module ships, is made of that.
    Docs {
        if (-not (Get-Module -ListAvailable Microsoft.PowerShell.PlatyPS)) {
            throw 'Docs needs the module Microsoft.PowerShell.PlatyPS: Install-PSResource Microsoft.PowerShell.PlatyPS.'
        }
        Invoke-DotNet build "$root/src/PemHa.Commands" -c $Configuration
        & "$root/docs/Update-Help.ps1"
    }

    # out/PemHa, the module as it is installed, and the package for the Gallery beside it.
    Pack { Invoke-DotNet run -c Release --project "$root/src/PemHa.Package" }

    Lab { Invoke-DotNet run --project "$root/tests/PemHa.Lab" -- rehearse }
}
