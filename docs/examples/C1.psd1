# Reference architecture C1, for Import-PemTopology: New-PemCluster's parameters, and New-PemHost's in Hosts. Read, never run.
@{
    Name            = 'efm'
    VirtualIp       = '172.16.161.245/24'
    # An address outside the cluster that always answers pings, such as the gateway.
    PingServer      = '172.16.161.1'
    MonitoredSubnet = @('172.16.161.0/24')
    SslModel        = 'LocalCA'
    EfmVersion      = '5.2'
    EfmProperty     = @{ 'node.timeout' = 20 }
    # Every change is noted here.
    JournalPath     = '~/.pemha/efm/journal.jsonl'
    # Names in your secret store, such as (Get-Secret pem-repl); never the secrets.
    SecretName      = @{ Replication = 'pem-repl'; Efm = 'pem-efm'; SuperUser = 'pem-super'; Authority = 'pem-ca' }
    Hosts           = @(
        @{ Address = '172.16.161.200'; Role = 'Primary'; Name = 'node1' }
        @{ Address = '172.16.161.201'; Role = 'Standby'; Name = 'node2' }
        @{ Address = '172.16.161.202'; Role = 'Standby'; Name = 'node3' }
        @{ Address = '172.16.161.203'; Role = 'Witness'; Name = 'witness1' }
    )
}
