# breaks: efm.status-addresses
# what: IPv6 addresses are spelt as Java spells them
# at: Install-PemCluster
# on: all
# outcome: works
# shows: /usr/edb/efm-5.2/bin/efm cluster-status-json efm | grep -q 'fd16:161:0:0:0:0:0:200'
needs /usr/edb/efm-5.2/bin/efm
word B11
