# breaks: efm.programs
# what: the efm command lies in /usr/bin
# at: New-PemEfmCluster
# on: all
# outcome: refused ProductDiffers
needs /usr/edb/efm-5.2/bin/efm
move /usr/edb/efm-5.2/bin/efm /usr/bin/efm
