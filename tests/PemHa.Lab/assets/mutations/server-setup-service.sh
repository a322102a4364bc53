# breaks: server.setup-service
# what: the setup takes no service's name
# at: Install-PemEpas
# on: data
# outcome: refused ProductDiffers
# with: $cluster = New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.1 -ServiceName edb-as-17-pem -DataDirectory /var/lib/edb/pem/data -JournalPath "$state/journal.jsonl"; $hosts = @($hosts | ForEach-Object { New-PemHost $_.Address $_.Role -Cluster $cluster -Name $_.Name })
needs /usr/edb/as17/bin/edb-as-17-setup
edit /usr/edb/as17/bin/edb-as-17-setup 's/SERVICE_NAME/NAME/g; s/\${\?2[^} ]*}\?/edb-as-17/g'
