# breaks: efm.address-verbs
# what: efm_address takes add and remove
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/efm-5.2/bin/efm_address
edit /usr/edb/efm-5.2/bin/efm_address 's/add4/add/g; s/add6/plus/g'
