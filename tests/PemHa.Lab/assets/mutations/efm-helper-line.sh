# breaks: efm.helper-reading
# what: another line of the sample holds the words db.bin
# at: New-PemEfmCluster
# on: node1
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in '$a old.db.bin=/usr/edb/as16/bin'
