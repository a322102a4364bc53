# breaks: pem.last-words
# what: the script's last words are others
# at: Install-PemCluster
# on: data
# outcome: works
needs /usr/edb/pem/bin/configure-pem-server.sh
edit /usr/edb/pem/bin/configure-pem-server.sh 's/PEM server can be accessed at/PEM is ready at/'
