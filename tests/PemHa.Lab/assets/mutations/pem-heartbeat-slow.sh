# breaks: pem.heartbeat
# what: the agent beats every 30 s
# at: Install-PemCluster
# on: data
# outcome: works
needs /usr/edb/pem/bin/configure-pem-server.sh
echo heartbeat=30 | put /etc/pem-stand-in
