<#
.SYNOPSIS
Verifies a cluster that runs, in your CI: runs PemCluster.Tests.ps1 with Pester 5 or 6 and writes the report that your CI reads.
.DESCRIPTION
Ends with 1 when a test failed or none ran. Changes nothing. Secrets come from your CI's store, as credentials.
.EXAMPLE
./Verify-Cluster.ps1 ./C1.psd1 -Login @{ KeyFile = '~/.ssh/ci' } -ReportPath cluster.xml
.EXAMPLE
$deployment = @{ Replication = $repl; Efm = $efm; SuperUser = $super }
./Verify-Cluster.ps1 ./SslUtils.psd1 -Deployment $deployment -ReportPath cluster.xml -ReportFormat NUnitXml
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Topology,
    # How to reach the nodes: Connect-PemHost's parameters.
    [hashtable] $Login = @{ UserName = 'root' },
    # What Install-PemCluster was given: Replication, Efm, SuperUser, and what the SSL model takes, such as CertificatePath.
    [hashtable] $Deployment = @{},
    [string] $ReportPath,
    [ValidateSet('JUnitXml', 'NUnitXml', 'NUnit2.5', 'NUnit3')] [string] $ReportFormat = 'JUnitXml'
)
$ErrorActionPreference = 'Stop'
Import-Module Pester -MinimumVersion 5.0

$data = @{ Topology = $Topology; Login = $Login; Deployment = $Deployment }
$settings = New-PesterConfiguration
$settings.Run.Container = New-PesterContainer -Path "$PSScriptRoot/PemCluster.Tests.ps1" -Data $data
$settings.Run.PassThru = $true
$settings.Output.Verbosity = 'Detailed'
if ($ReportPath) {
    $settings.TestResult.Enabled = $true
    $settings.TestResult.OutputPath = $ReportPath
    $settings.TestResult.OutputFormat = $ReportFormat
}
$run = Invoke-Pester -Configuration $settings
if ($run.Result -ne 'Passed' -or $run.PassedCount -eq 0) { exit 1 }
