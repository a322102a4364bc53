# breaks: efm.samples
# what: there is no efm.nodes.in
# at: New-PemEfmCluster
# on: all
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.nodes.in
drop /etc/edb/efm-5.2/efm.nodes.in
