# breaks: efm.properties-mode
# what: the folder of the configuration is closed to the database's owner
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.properties.in
later "chmod $(stat -c %a /etc/edb/efm-5.2) /etc/edb/efm-5.2"
chmod 700 /etc/edb/efm-5.2
