# breaks: pem.strict-options
# what: the newest PEM takes options together that its page does not have together
# at: Install-PemCluster
# on: data
# outcome: works
# shows: grep -q '\[ no = yes \] && \[ -n' /usr/edb/pem/bin/configure-pem-server.sh
needs /usr/edb/pem/bin/configure-pem-server.sh
edit /usr/edb/pem/bin/configure-pem-server.sh 's/^\( *\)\[ yes = yes \] && \[ -n/\1[ no = yes ] \&\& [ -n/'
