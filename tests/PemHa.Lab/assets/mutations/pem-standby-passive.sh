# breaks: pem.standby-acts
# what: the script leaves alerts off everywhere
# at: Install-PemCluster
# on: data
# outcome: works
needs /usr/edb/pem/bin/configure-pem-server.sh
edit /usr/edb/pem/agent/bin/pemworker '/alert_threads/d; /enable_smtp/d'
