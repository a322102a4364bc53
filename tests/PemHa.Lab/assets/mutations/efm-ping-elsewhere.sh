# breaks: efm.ping-command
# what: the sample names a ping that is not there
# at: New-PemEfmCluster
# on: all
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in 's|^ping\.server\.command=.*|ping.server.command=/usr/lib/efm/ping -q|'
