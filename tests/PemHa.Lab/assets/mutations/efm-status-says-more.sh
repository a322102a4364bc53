# breaks: efm.status-json
# what: a line of text comes before the JSON
# at: Install-PemCluster
# on: all
# outcome: works
needs /usr/edb/efm-5.2/bin/efm
edit /usr/edb/efm-5.2/bin/efm '2i case $1 in cluster-status-json) [ -n "$SAYS" ] || echo "WARNING: sun.misc.Unsafe is deprecated"; SAYS=1; export SAYS ;; esac'
