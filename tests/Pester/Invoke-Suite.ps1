<#
.SYNOPSIS
Runs the Pester suites on the packed module, with Pester 5, with Pester 6, or with each of them that is here.
.DESCRIPTION
Each run ends with a line of what passed, failed and was skipped. Fails when a test fails, when a file has none, and when nothing ran.
#>
[CmdletBinding()]
param(
    # out/PemHa/PemHa.psd1 unless it is said.
    [string] $Module = "$PSScriptRoot/../../out/PemHa/PemHa.psd1",
    # Files to run.
    [string] $Filter = '*.Tests.ps1',
    # Where a report in JUnit's form goes, one for each Pester.
    [string] $ReportFolder,
    # The one to run with; each in a session of its own when it is not said.
    [string] $PesterPath
)
$ErrorActionPreference = 'Stop'

if ($PesterPath) {
    $env:PEMHA_MODULE = (Get-Item $Module).FullName
    $pester = Import-Module $PesterPath -PassThru
    $settings = New-PesterConfiguration
    $settings.Run.Path = @((Get-ChildItem $PSScriptRoot -Filter $Filter -File).FullName)
    $settings.Run.PassThru = $true
    $settings.Output.Verbosity = 'Normal'
    if ($ReportFolder) {
        $settings.TestResult.Enabled = $true
        $settings.TestResult.OutputFormat = 'JUnitXml'
        $settings.TestResult.OutputPath = Join-Path $ReportFolder "pester-$($pester.Version).xml"
    }
    $run = Invoke-Pester -Configuration $settings
    # A file that could not be read has no tests, and that is no success.
    $empty = $run.Containers.Where({ $_.TotalCount -eq 0 -or $_.Result -eq 'Failed' -and $_.FailedCount -eq 0 })
    foreach ($file in $empty) { "No test of $($file.Item) ran." }
    $counts = $run.PassedCount, ($run.FailedCount + $empty.Count), ($run.SkippedCount + $run.NotRunCount)
    "Pester $($pester.Version), PowerShell $($PSVersionTable.PSVersion): {0} passed, {1} failed, {2} skipped" -f $counts
    exit [int] ($run.PassedCount -eq 0 -or $run.FailedCount + $empty.Count + $run.FailedBlocksCount -gt 0)
}

$found = Get-Module Pester -ListAvailable | Where-Object { $_.Version.Major -in 5, 6 } |
    Group-Object { $_.Version.Major } | ForEach-Object { $_.Group | Sort-Object Version | Select-Object -Last 1 }
if (-not $found) { throw 'Neither Pester 5 nor 6 is here: Install-PSResource Pester.' }
$failed = foreach ($one in $found) {
    $path = Join-Path $one.ModuleBase Pester.psd1
    & pwsh -NoProfile -File $PSCommandPath -Module $Module -Filter $Filter -ReportFolder $ReportFolder -PesterPath $path | Out-Host
    if ($LASTEXITCODE) { $one.Version }
}
exit [int] [bool] $failed
