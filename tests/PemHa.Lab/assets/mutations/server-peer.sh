# breaks: server.peer
# what: the local socket wants a password
# at: Enable-PemReplication
# on: node1
# outcome: refused PrimaryUnreachable
needs /var/lib/edb/as17/data/pg_hba.conf
edit /var/lib/edb/as17/data/pg_hba.conf '1i local all all scram-sha-256'
systemctl reload edb-as-17
later 'systemctl reload edb-as-17'
