<#
.SYNOPSIS
Adds a standby to a cluster that runs.
.DESCRIPTION
Writes a topology file of the cluster with the new node, and brings all of them to what it says: the new node gets everything, the others
what they have to know of it. From then on the new file describes the cluster.
.EXAMPLE
./Add-Node.ps1 ./C1.psd1 -Address 172.16.161.204 -Name node4 -Path ./C1-four.psd1 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Topology,
    [Parameter(Mandatory)] [string] $Address,
    [Parameter(Mandatory)] [string] $Name,
    # The new file, written for a preview too.
    [Parameter(Mandatory)] [string] $Path,
    # Whatever else Deploy-Cluster.ps1 takes, such as @{ Login = @{ UserName = 'admin' }; StateFolder = '~/.pemha/efm' }.
    [hashtable] $With = @{}
)
$ErrorActionPreference = 'Stop'

$hosts = @(Import-PemTopology $Topology)
$hosts += New-PemHost $Address Standby -Cluster $hosts[0].Cluster -Name $Name
$hosts | Export-PemTopology -Path $Path -Force -WhatIf:$false
& "$PSScriptRoot/Deploy-Cluster.ps1" $Path @With
