# breaks: efm.sudoers
# what: the sudoers file covers the owner postgres only
# at: New-PemEfmCluster
# on: node1
# outcome: refused ProductDiffers
needs /etc/sudoers.d/efm-52
edit /etc/sudoers.d/efm-52 '/(enterprisedb)/d'
