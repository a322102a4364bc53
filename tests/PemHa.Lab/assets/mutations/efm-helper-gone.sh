# breaks: efm.helpers
# what: efm_root_functions has another name
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/efm-5.2/bin/efm_root_functions
move /usr/edb/efm-5.2/bin/efm_root_functions /usr/edb/efm-5.2/bin/efm_functions
