# breaks: efm.status-keys
# what: keys of the status are spelt in other cases
# at: Install-PemCluster
# on: all
# outcome: works
needs /usr/edb/efm-5.2/bin/efm
edit /usr/edb/efm-5.2/bin/efm '2i case $1 in cluster-status-json) [ -n "$CASES" ] || { CASES=1 "$0" "$@" | sed "s/\"nodes\"/\"Nodes\"/; s/\"lsnReceive\"/\"LsnReceive\"/; s/\"allowednodes\"/\"allowedNodes\"/"; exit 0; } ;; esac'
