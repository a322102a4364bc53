# breaks: efm.allow-node
# what: allow-node answers at once and acts 4 s later
# at: Install-PemCluster
# on: all
# outcome: works
# shows: grep -qx LATE /etc/pemha-lab/mutations
needs /usr/edb/efm-5.2/bin/efm
word LATE
