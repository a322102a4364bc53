# What every test file begins with: the module as it is packed, a cluster that nobody ever connects to, and what errors it gives.
$module = if ($env:PEMHA_MODULE) { $env:PEMHA_MODULE } else { "$PSScriptRoot/../../out/PemHa/PemHa.psd1" }
if (-not (Test-Path $module)) { throw "There is no module at ${module}: ./build.ps1 -Task Pack makes one." }
Import-Module $module -ErrorAction Stop

# Three nodes at addresses that are reserved for documentation.
function New-TestHost([string] $SslModel = 'LocalCA', [hashtable] $With = @{}) {
    $cluster = New-PemCluster efm -VirtualIp 192.0.2.245/24 -VirtualIpInterface ens33 -PingServer 192.0.2.1 -SslModel $SslModel @With
    New-PemHost 192.0.2.11 Primary -Cluster $cluster -Name node1
    New-PemHost 192.0.2.12 Standby -Cluster $cluster -Name node2
    New-PemHost 192.0.2.13 Witness -Cluster $cluster -Name witness1
}

function New-TestCredential([string] $User, [string] $Password = 'a password') {
    [pscredential]::new($User, (ConvertTo-SecureString $Password -AsPlainText -Force))
}

# The error that ends what is done.
function Get-Failure([scriptblock] $Do) {
    try { $null = & $Do } catch { return $_ }
    throw "It did not fail: $Do"
}

# The errors that do not end it.
function Get-Complaint([scriptblock] $Do) {
    $ErrorActionPreference = 'Continue'
    & $Do 2>&1 | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] }
}

# Names of a command's parameters in one of its sets, the common ones apart; only the mandatory ones with -Mandatory.
function Get-ParameterName([string] $Command, [string] $Set, [switch] $Mandatory) {
    $parameters = (Get-Command $Command).ParameterSets.Where({ -not $Set -or $_.Name -eq $Set })[0].Parameters
    $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
    $parameters.Where({ $_.Name -notin $common -and ($_.IsMandatory -or -not $Mandatory) }).Name | Sort-Object
}
