# breaks: efm.sudoers
# what: the package brings no sudoers file
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /etc/sudoers.d/efm-52
drop /etc/sudoers.d/efm-52
