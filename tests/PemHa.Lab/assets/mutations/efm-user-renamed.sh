# breaks: efm.user
# what: the package makes the user edb-efm
# at: New-PemEfmCluster
# on: all
# outcome: refused ProductDiffers
needs /usr/edb/efm-5.2/bin/efm
edit /etc/passwd 's/^efm:/edb-efm:/'
