# breaks: efm.property-defaults
# what: the other standbys follow only when told to
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in 's/^auto\.reconfigure=true/auto.reconfigure=false/'
