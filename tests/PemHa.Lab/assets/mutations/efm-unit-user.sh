# breaks: efm.unit
# what: the unit runs the agent as root
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /usr/lib/systemd/system/edb-efm-5.2.service
edit /usr/lib/systemd/system/edb-efm-5.2.service 's/^User=efm/User=root/'
