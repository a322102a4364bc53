# breaks: efm.start-program
# what: the unit's program has another name
# at: New-PemEfmCluster
# on: all
# outcome: refused ProductDiffers
needs /usr/edb/efm-5.2/bin/runefm.sh
move /usr/edb/efm-5.2/bin/runefm.sh /usr/edb/efm-5.2/bin/efm-agent.sh
