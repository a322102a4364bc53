# breaks: efm.samples
# what: there is no efm.properties.in
# at: New-PemEfmCluster
# on: node1
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.properties.in
drop /etc/edb/efm-5.2/efm.properties.in
