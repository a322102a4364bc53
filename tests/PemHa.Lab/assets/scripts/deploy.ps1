# Runs a runbook on the lab that this process is in.
param([Parameter(Mandatory)] [string] $Runbook, [Parameter(Mandatory)] [string] $StateFolder, [switch] $WhatIf)
$nodes = foreach ($pair in $env:PEMHA_LAB_HOSTS.Split(',')) { [pscustomobject]@{ Name = $pair.Split('=')[0]; Address = $pair.Split('=')[1] } }
$data = @($nodes | Where-Object Name -like 'node*')
$witness = @($nodes | Where-Object Name -like 'witness*' | ForEach-Object Address)
$standby = @($data | Where-Object Name -ne 'node1' | ForEach-Object Address)
# The vendor's defaults wait for a minute before they believe in a failure; a rehearsal is in more of a hurry.
$hurry = @{
    'local.period' = 1; 'local.timeout' = 3; 'local.timeout.final' = 1; 'remote.timeout' = 5; 'node.timeout' = 3
    'ping.server.command' = '/bin/ping -q -c1 -w1'
}
$watch = [System.Diagnostics.Stopwatch]::StartNew()
& $Runbook -Primary $data[0].Address -Standby $standby -Witness $witness -VirtualIp 172.16.161.245 -PingServer 172.16.161.1 `
    -MonitoredSubnet 172.16.161.0/24 -StateFolder $StateFolder -EfmProperty $hurry -WhatIf:$WhatIf `
    -Login @{ KeyFile = $env:PEMHA_LAB_KEY; KnownHostsFile = $env:PEMHA_LAB_KNOWN_HOSTS }
# For who measures: the runbook alone, without the start of the engine that it runs in.
[System.IO.File]::WriteAllText("$StateFolder/seconds", $watch.Elapsed.TotalSeconds)
