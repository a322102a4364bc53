# breaks: efm.status-exit
# what: the status commands end with 1 whatever they answer
# at: Install-PemCluster
# on: all
# outcome: works
# shows: ! /usr/edb/efm-5.2/bin/efm cluster-status-json efm
needs /usr/edb/efm-5.2/bin/efm
word ENDSWITH1
