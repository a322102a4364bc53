# breaks: efm.status-addresses
# what: IPv6 addresses are spelt as Java spells them
# at: Install-PemCluster
# on: all
# outcome: works
needs /usr/edb/efm-5.2/bin/efm
word B11
