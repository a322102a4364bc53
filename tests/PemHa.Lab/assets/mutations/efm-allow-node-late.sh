# breaks: efm.allow-node
# what: allow-node answers at once and acts 4 s later
# at: Install-PemCluster
# on: all
# outcome: works
needs /usr/edb/efm-5.2/bin/efm
edit /usr/edb/efm-5.2/bin/efm '2i [ "$1" != allow-node ] || [ -n "$LATE" ] || { echo "allow-node signal sent to local agent."; (sleep 4; LATE=1 "$0" "$@") >/dev/null 2>\&1 </dev/null \& exit 0; }'
