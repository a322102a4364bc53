# breaks: efm.unit
# what: the unit is called edb-efm52
# at: New-PemEfmCluster
# on: all
# outcome: refused ProductDiffers
needs /usr/lib/systemd/system/edb-efm-5.2.service
move /usr/lib/systemd/system/edb-efm-5.2.service /usr/lib/systemd/system/edb-efm52.service
