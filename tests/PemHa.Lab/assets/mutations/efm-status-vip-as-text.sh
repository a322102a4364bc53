# breaks: efm.status-json
# what: vip_active is a text in the cluster's status too
# at: Install-PemCluster
# on: all
# outcome: works
needs /usr/edb/efm-5.2/bin/efm
edit /usr/edb/efm-5.2/bin/efm '2i case $1 in cluster-status-json) [ -n "$TEXTS" ] || { TEXTS=1 "$0" "$@" | sed "s/\"vip_active\": *\(true\|false\)/\"vip_active\":\"\\1\"/g"; exit 0; } ;; esac'
