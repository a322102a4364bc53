# breaks: pem.question
# what: the script reads the password with read -r
# at: Install-PemCluster
# on: data
# outcome: works
# shows: grep -q 'read -r "$2"' /usr/edb/pem/bin/configure-pem-server.sh
needs /usr/edb/pem/bin/configure-pem-server.sh
edit /usr/edb/pem/bin/configure-pem-server.sh 's/^\( *\)read "\$2"/\1read -r "$2"/'
