# breaks: efm.unit
# what: the agent's process number lies in /run/efm
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /usr/lib/systemd/system/edb-efm-5.2.service
edit /usr/lib/systemd/system/edb-efm-5.2.service 's|^PIDFile=.*|PIDFile=/run/efm/efm.pid|'
