# breaks: efm.property-defaults
# what: auto.failover is off unless turned on
# at: New-PemEfmCluster
# on: all
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in 's/^auto\.failover=true/auto.failover=false/'
