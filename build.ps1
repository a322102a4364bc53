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
    Test { Invoke-DotNet test --solution "$root/PemHa.sln" --max-parallel-test-modules 1 }

    # What the code says goes into docs/en-US; en-US, which the module ships, is made of that.
    Docs {
        if (-not (Get-Module -ListAvailable Microsoft.PowerShell.PlatyPS)) {
            throw 'Docs needs the module Microsoft.PowerShell.PlatyPS: Install-PSResource Microsoft.PowerShell.PlatyPS.'
        }
        Invoke-DotNet build "$root/src/PemHa.Commands" -c $Configuration
        & "$root/docs/Update-Help.ps1"
    }

    Pack {
        Invoke-DotNet build "$root/src/PemHa.Commands" -c $Configuration
        $out = "$root/out/PemHa"
        if (Test-Path $out) { Remove-Item $out -Recurse }
        $null = New-Item "$out/bin" -ItemType Directory
        Copy-Item "$root/src/PemHa.Commands/bin/$Configuration/net8.0/*.dll" "$out/bin"
        Copy-Item "$root/src/Module/PemHa.*", "$root/LICENSE", "$root/README.md", "$root/CHANGELOG.md" $out
        Copy-Item "$root/docs/examples" "$out/examples" -Recurse
        Copy-Item "$root/en-US" "$out/en-US" -Recurse
        # In the package everything lies beside the manifest.
        (Get-Content "$root/PemHa.psd1" -Raw).Replace('src/Module/', '') | Set-Content "$out/PemHa.psd1" -NoNewline
        Test-ModuleManifest "$out/PemHa.psd1"
    }

    Lab { Invoke-DotNet run --project "$root/tests/PemHa.Lab" -- rehearse }
}
