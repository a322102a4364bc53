# breaks: efm.status-keys
# what: keys of the status are spelt in other cases
# at: Install-PemCluster
# on: all
# outcome: works
# shows: /usr/edb/efm-5.2/bin/efm cluster-status-json efm | grep -q '"allowedNodes"'
needs /usr/edb/efm-5.2/bin/efm
word KEYCASE
