# breaks: efm.forgetting
# what: agents allow each other by themselves, and keep their list of nodes
# at: Install-PemCluster
# on: all
# outcome: works
# shows: grep -q '^auto.allow.hosts=true' /etc/edb/efm-5.2/efm.properties
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in 's/^auto\.allow\.hosts=false/auto.allow.hosts=true/; s/^stable\.nodes\.file=false/stable.nodes.file=true/'
