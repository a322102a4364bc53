# breaks: efm.status-json
# what: vip_active is a text in the cluster's status too
# at: Install-PemCluster
# on: all
# outcome: works
# shows: /usr/edb/efm-5.2/bin/efm cluster-status-json efm | grep -q '"vip_active": "true"'
needs /usr/edb/efm-5.2/bin/efm
word VIPTEXT
