# Shows the status of the cluster on the lab that this process is in; a dead node is part of it.
$cluster = New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.1
$hosts = foreach ($pair in $env:PEMHA_LAB_HOSTS.Split(',')) {
    $name, $address = $pair.Split('=')
    $role = if ($name -eq 'node1') { 'Primary' } elseif ($name -like 'node*') { 'Standby' } else { 'Witness' }
    New-PemHost $address $role -Cluster $cluster -Name $name
}
$null = $hosts | Connect-PemHost -KeyFile $env:PEMHA_LAB_KEY -KnownHostsFile $env:PEMHA_LAB_KNOWN_HOSTS -TimeoutSec 3 -ErrorAction SilentlyContinue
$hosts | Get-PemClusterStatus
$hosts | Disconnect-PemHost
