<#
.SYNOPSIS
Rehearses a deployment: what is in the way, what would be changed, and both as documents for whoever approves. Changes nothing on a host.
.DESCRIPTION
Gives what Test-PemPrerequisite finds and what Get-PemPlan would change, and writes the change request PATH.md with the script PATH.sh. A
node that has nothing yet can be rehearsed up to what a later step would have to see; the lab (docs/lab.md) rehearses all of it.
.EXAMPLE
./Rehearse-Cluster.ps1 ./C1.psd1 -Path ./change-4711
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Topology,
    # The documents, without an ending; replaced when they are there.
    [Parameter(Mandatory)] [string] $Path,
    [hashtable] $Login = @{ UserName = 'root' },
    # The one of Deploy-Cluster.ps1. Passwords that are kept there are used; others are made up for the rehearsal and kept nowhere.
    [string] $StateFolder = '~/.pemha/efm',
    [string] $CertificatePath,
    [securestring] $KeyPassword
)
$ErrorActionPreference = 'Stop'

$hosts = Import-PemTopology $Topology
$deployment = @{}
foreach ($role in @{ Replication = 'repl'; Efm = 'efm'; SuperUser = 'pemsuper' }.GetEnumerator()) {
    $deployment[$role.Key] = New-PemCredential $role.Value -Path $StateFolder -WhatIf
}
switch ($hosts[0].Cluster.SslModel) {
    LocalCA {
        $deployment.AuthorityPath = "$StateFolder/ca"
        $deployment.AuthorityPassword = (New-PemCredential authority -Path $StateFolder -WhatIf).Password
    }
    ExternalCA { $deployment.CertificatePath = $CertificatePath; $deployment.KeyPassword = $KeyPassword }
}
$nodes = $hosts | Connect-PemHost @Login
$nodes | Test-PemPrerequisite
$nodes | Get-PemPlan @deployment
$nodes | Export-PemRunbook @deployment -Path $Path -Force
$hosts | Disconnect-PemHost
