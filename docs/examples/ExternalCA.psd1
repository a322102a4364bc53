# Certificates of your organisation's: one folder with root.crt, perhaps root.crl, and NAME.crt and NAME.key of each node and each agent
# (agent1 to agent3); docs/certificates.md says what each has to hold.
@{
    Name            = 'efm'
    VirtualIp       = '172.16.161.245/24'
    PingServer      = '172.16.161.1'
    MonitoredSubnet = @('172.16.161.0/24')
    SslModel        = 'ExternalCA'
    JournalPath     = '~/.pemha/efm/journal.jsonl'
    Hosts           = @(
        @{ Address = '172.16.161.200'; Role = 'Primary'; Name = 'node1' }
        @{ Address = '172.16.161.201'; Role = 'Standby'; Name = 'node2' }
        @{ Address = '172.16.161.202'; Role = 'Standby'; Name = 'node3' }
    )
}
