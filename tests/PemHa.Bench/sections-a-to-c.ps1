# Sections A, B and the database part of C: what the shell script it is measured against does, and EFM's packages besides.
param([Parameter(Mandatory)] [string] $StateFolder)
$cluster = New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.1 -JournalPath "$StateFolder/journal.jsonl"
$hosts = foreach ($pair in $env:PEMHA_LAB_HOSTS.Split(',')) {
    $name, $address = $pair.Split('=')
    $role = if ($name -eq 'node1') { 'Primary' } elseif ($name -like 'node*') { 'Standby' } else { 'Witness' }
    New-PemHost $address $role -Cluster $cluster -Name $name
}
$repl = New-PemCredential repl -Path $StateFolder
$null = $hosts | Connect-PemHost -KeyFile $env:PEMHA_LAB_KEY -KnownHostsFile $env:PEMHA_LAB_KNOWN_HOSTS |
    Install-PemEpas |
    Enable-PemReplication -Credential $repl |
    Set-PemPassFile -Credential $repl |
    Initialize-PemReplica -Confirm:$false |
    New-PemEfmCluster -DatabaseOnly -Credential (New-PemCredential efm -Path $StateFolder)
$hosts | Disconnect-PemHost
