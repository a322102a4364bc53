# breaks: efm.sudo
# what: sudo does not read /etc/sudoers.d
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /etc/sudoers.d/efm-52
edit /etc/sudoers '/includedir/d'
