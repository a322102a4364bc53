# breaks: pem.schema
# what: the heartbeat's column is called heartbeat_time
# at: Install-PemServer
# on: node1
# outcome: refused ProductDiffers
needs /usr/edb/pem/bin/configure-pem-server.sh
sql() { runuser -u enterprisedb -- /usr/edb/as17/bin/psql -qX -p 5444 -d pem -c "$1"; }
sql 'ALTER TABLE pem.agent_heartbeat RENAME last_heartbeat TO heartbeat_time'
later "runuser -u enterprisedb -- /usr/edb/as17/bin/psql -qX -p 5444 -d pem -c 'ALTER TABLE pem.agent_heartbeat RENAME heartbeat_time TO last_heartbeat'"
