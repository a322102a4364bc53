# breaks: efm.status-json
# what: a line of text comes before the JSON
# at: Install-PemCluster
# on: all
# outcome: works
# shows: /usr/edb/efm-5.2/bin/efm cluster-status-json efm | head -n 1 | grep -q WARNING
needs /usr/edb/efm-5.2/bin/efm
word SAYSMORE
