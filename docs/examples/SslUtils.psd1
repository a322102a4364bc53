# PEM's own certificates: EDB's sslutils signs them in the database. Two data nodes and a witness.
@{
    Name            = 'efm'
    VirtualIp       = '172.16.161.245/24'
    PingServer      = '172.16.161.1'
    MonitoredSubnet = @('172.16.161.0/24')
    SslModel        = 'SslUtils'
    JournalPath     = '~/.pemha/efm/journal.jsonl'
    Hosts           = @(
        @{ Address = '172.16.161.200'; Role = 'Primary'; Name = 'node1' }
        @{ Address = '172.16.161.201'; Role = 'Standby'; Name = 'node2' }
        @{ Address = '172.16.161.202'; Role = 'Witness'; Name = 'witness1' }
    )
}
