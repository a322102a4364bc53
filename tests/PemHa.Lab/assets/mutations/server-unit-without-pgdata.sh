# breaks: server.unit
# what: the unit reads its data directory from a file
# at: Install-PemEpas
# on: node1
# outcome: refused ProductDiffers
needs /usr/lib/systemd/system/edb-as-17.service
edit /usr/lib/systemd/system/edb-as-17.service 's|^Environment=PGDATA=.*|EnvironmentFile=-/etc/sysconfig/edb-as-17|'
