# breaks: pem.last-words
# what: the script's last words are others
# at: Install-PemCluster
# on: data
# outcome: works
# shows: ! grep -rqs 'PEM server can be accessed at' /usr/edb/pem/logs && grep -rqs 'PEM is ready at' /usr/edb/pem/logs
needs /usr/edb/pem/bin/configure-pem-server.sh
edit /usr/edb/pem/bin/configure-pem-server.sh 's/PEM server can be accessed at/PEM is ready at/'
