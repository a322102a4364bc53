# breaks: pem.failure
# what: the script ends with status 1 after success
# at: Install-PemCluster
# on: data
# outcome: works
# shows: ! /usr/edb/pem/bin/configure-pem-server.sh --help >/dev/null 2>&1
needs /usr/edb/pem/bin/configure-pem-server.sh
edit /usr/edb/pem/bin/configure-pem-server.sh '2i trap "exit 1" EXIT'
