# breaks: pem.standby-acts
# what: the script leaves alerts and notifications off, on the primary too
# at: Install-PemCluster
# on: data
# outcome: works
# shows: ! grep -q 'overrides=(alert_threads=1' /usr/edb/pem/bin/configure-pem-server.sh && grep -q '^alert_threads=1' /usr/edb/pem/agent/etc/agent.cfg
needs /usr/edb/pem/bin/configure-pem-server.sh
edit /usr/edb/pem/bin/configure-pem-server.sh '/overrides=(alert_threads=1/d'
