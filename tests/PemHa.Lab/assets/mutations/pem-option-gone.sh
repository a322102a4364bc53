# breaks: pem.options
# what: the script knows no --replication-role
# at: Install-PemServer
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/pem/bin/configure-pem-server.sh
edit /usr/edb/pem/bin/configure-pem-server.sh 's/--replication-role/--replication-node/g'
