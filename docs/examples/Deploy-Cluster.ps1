<#
.SYNOPSIS
Builds the cluster that a topology file describes, of any size and SSL model, and shows its status.
.DESCRIPTION
The file says what the cluster is: C1.psd1, TwoNodes.psd1, SslUtils.psd1 and ExternalCA.psd1 beside this script are ones to copy. Run it
with -WhatIf to see every change first; run it again at any time, after a change of the file too: it changes what is not as it should be.
.EXAMPLE
./Deploy-Cluster.ps1 ./TwoNodes.psd1 -WhatIf
.EXAMPLE
./Deploy-Cluster.ps1 ./ExternalCA.psd1 -CertificatePath ~/certificates -Login @{ UserName = 'admin'; KeyFile = '~/.ssh/id_ed25519' }
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Topology,
    # How to reach the nodes: root, or a user with sudo.
    [hashtable] $Login = @{ UserName = 'root' },
    # Where the certificate authority of a LocalCA and, unless you give them, the passwords are kept: back it up, guard it.
    [string] $StateFolder = '~/.pemha/efm',
    # Better from a secret store: -Replication (Get-Secret pem-repl).
    [pscredential] $Replication,
    [pscredential] $Efm,
    [pscredential] $SuperUser,
    # LocalCA: opens the authority's key.
    [pscredential] $Authority,
    # ExternalCA: the folder of your files (docs/certificates.md), and what opens the keys in it.
    [string] $CertificatePath,
    [securestring] $KeyPassword,
    # On top of the file's, such as @{ 'node.timeout' = '20' }.
    [hashtable] $EfmProperty = @{}
)
$ErrorActionPreference = 'Stop'
# Not as the parameters' defaults: those are made before -WhatIf is known, and a preview keeps nothing.
$Replication ??= New-PemCredential repl -Path $StateFolder
$Efm ??= New-PemCredential efm -Path $StateFolder
$SuperUser ??= New-PemCredential pemsuper -Path $StateFolder

$hosts = Import-PemTopology $Topology
$certificates = switch ($hosts[0].Cluster.SslModel) {
    LocalCA {
        $Authority ??= New-PemCredential authority -Path $StateFolder
        @{ AuthorityPath = "$StateFolder/ca"; AuthorityPassword = $Authority.Password }
    }
    ExternalCA { @{ CertificatePath = $CertificatePath; KeyPassword = $KeyPassword } }
    SslUtils { @{} }
}
$connected = $hosts | Connect-PemHost @Login
$roles = @{ Replication = $Replication; Efm = $Efm; SuperUser = $SuperUser }
$nodes = $connected | Install-PemCluster @roles @certificates -EfmProperty $EfmProperty -Confirm:$false
$hosts[0].Cluster.Steps | Out-Default
$hosts | Get-PemClusterStatus
$hosts | Disconnect-PemHost
if ($nodes.Count -lt $hosts.Count -and -not $WhatIfPreference) { throw 'Not every node is as it should be; the errors above say why.' }
