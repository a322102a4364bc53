# breaks: efm.unit
# what: the unit names the cluster in ExecStart, not in its environment
# at: New-PemEfmCluster
# on: all
# outcome: refused ProductDiffers
needs /usr/lib/systemd/system/edb-efm-5.2.service
edit /usr/lib/systemd/system/edb-efm-5.2.service '/^Environment=CLUSTER/d; s/\${CLUSTER}/efm/'
