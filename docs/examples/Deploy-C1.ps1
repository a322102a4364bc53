<#
.SYNOPSIS
Builds a highly available PEM, reference architecture C1, and shows its status.
.DESCRIPTION
Three data nodes and a witness, EFM with a virtual IP, TLS with certificates of an authority of our own, of yours, or of PEM's
sslutils. Run it with -WhatIf to see every change first; run it again at any time: it changes what is not as it should be, and
nothing else.
.EXAMPLE
./Deploy-C1.ps1 -PingServer 172.16.161.1 -WhatIf
.EXAMPLE
./Deploy-C1.ps1 -PingServer 172.16.161.1 -SslModel ExternalCA -CertificatePath ~/certificates -AgentUser common_agent_user
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Primary = '172.16.161.200',
    [string[]] $Standby = @('172.16.161.201', '172.16.161.202'),
    [string[]] $Witness = @('172.16.161.203'),
    # Its interface and prefix are those of each node's own address, unless you say otherwise (-VirtualIpInterface, a prefix here).
    [string] $VirtualIp = '172.16.161.245',
    # An address outside the cluster that always answers pings, such as the gateway.
    [Parameter(Mandatory)] [string] $PingServer,
    [string[]] $MonitoredSubnet = @('172.16.161.0/24'),
    # Where the certificates come from (docs/certificates.md): LocalCA, an authority of our own; ExternalCA, your files; SslUtils, PEM.
    [ValidateSet('LocalCA', 'ExternalCA', 'SslUtils')] [string] $SslModel = 'LocalCA',
    # ExternalCA: the folder of your files, and what opens the keys in it.
    [string] $CertificatePath,
    [securestring] $KeyPassword,
    # One role for all PEM agents, such as common_agent_user; without it each has a role and a certificate of its own.
    [string] $AgentUser,
    # How to reach the nodes: root, or a user with sudo.
    [hashtable] $Login = @{ UserName = 'root' },
    # Where the certificate authority, the journal and, unless you give them, the passwords are kept: back it up, guard it.
    [string] $StateFolder = '~/.pemha/efm',
    # Better from a secret store: -Replication (Get-Secret pem-repl).
    [pscredential] $Replication,
    [pscredential] $Efm,
    [pscredential] $SuperUser,
    [pscredential] $Authority,
    # Where web users' settings are to be the same on every host: (New-PemCredential pem_user_settings -Path ~/.pemha/efm).
    [pscredential] $UserSettings,
    # Further properties of EFM, such as @{ 'node.timeout' = '20' }.
    [hashtable] $EfmProperty = @{}
)
$ErrorActionPreference = 'Stop'
# Not as the parameters' defaults: those are made before -WhatIf is known, and a preview keeps nothing.
$Replication ??= New-PemCredential repl -Path $StateFolder
$Efm ??= New-PemCredential efm -Path $StateFolder
$SuperUser ??= New-PemCredential pemsuper -Path $StateFolder
$Authority ??= New-PemCredential authority -Path $StateFolder

# 1. Describe the cluster.
$cluster = New-PemCluster efm -VirtualIp $VirtualIp -PingServer $PingServer `
    -MonitoredSubnet $MonitoredSubnet -SslModel $SslModel -AgentUser $AgentUser -JournalPath "$StateFolder/journal.jsonl"
$n = 0
$hosts = @(
    New-PemHost $Primary Primary -Cluster $cluster -Name "node$((++$n))"
    foreach ($address in $Standby) { New-PemHost $address Standby -Cluster $cluster -Name "node$((++$n))" }
    $n = 0
    foreach ($address in $Witness) { New-PemHost $address Witness -Cluster $cluster -Name "witness$((++$n))" }
)
$certificates = switch ($SslModel) {
    LocalCA { @{ AuthorityPath = "$StateFolder/ca"; AuthorityPassword = $Authority.Password } }
    ExternalCA { @{ CertificatePath = $CertificatePath; KeyPassword = $KeyPassword } }
    SslUtils { @{} }
}

# 2. Bring it about. Each step takes the hosts from the one before and passes on those that are as it wants them.
#    Only Initialize-PemReplica and Invoke-PemRollingRestart would ask; here the change was approved beforehand.
$nodes = $hosts | Connect-PemHost @Login |
    Test-PemCertificate @certificates |                                         # before anything is changed
    Install-PemEpas |                                                           # A: packages, first database
    Enable-PemReplication -Credential $Replication |                            # B: streaming replication
    Set-PemPassFile -Credential $Replication |
    Initialize-PemReplica -UserName $Replication.UserName -Confirm:$false |
    New-PemCertificate @certificates |
    Set-PemSsl |                                                                # D: TLS, before EFM needs it
    Set-PemHba -SuperUser $SuperUser.UserName |
    Invoke-PemRollingRestart -Confirm:$false |
    New-PemEfmCluster -Credential $Efm -Property $EfmProperty |                 # C: failover and the virtual IP
    New-PemAgentUser |                                                          # E: PEM on every data node
    Install-PemServer -Credential $SuperUser |
    Set-PemWebApplication
if ($UserSettings) { $nodes = $nodes | Enable-PemUserSettings -Credential $UserSettings }

# 3. Show what was done and how the cluster is.
$cluster.Steps | Out-Default
$hosts | Get-PemClusterStatus
$hosts | Disconnect-PemHost
