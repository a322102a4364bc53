# breaks: efm.status-exit
# what: the status commands end with 1 whatever they answer
# at: Install-PemCluster
# on: all
# outcome: works
needs /usr/edb/efm-5.2/bin/efm
edit /usr/edb/efm-5.2/bin/efm '2i case $1 in cluster-status*) [ -n "$ENDS" ] || { ENDS=1 "$0" "$@"; exit 1; } ;; esac'
