# breaks: pem.heartbeat
# what: the agent beats every 30 s
# at: Install-PemCluster
# on: data
# outcome: works
# shows: grep -qx heartbeat=30 /etc/pem-stand-in
needs /usr/edb/pem/bin/configure-pem-server.sh
echo heartbeat=30 | put /etc/pem-stand-in
