# breaks: server.port
# what: the server listens on 5432
# at: Enable-PemReplication
# on: node1
# outcome: refused ProductDiffers
needs /var/lib/edb/as17/data/postgresql.conf
edit /var/lib/edb/as17/data/postgresql.conf '$a port = 5432'
systemctl restart edb-as-17
later 'systemctl restart edb-as-17'
