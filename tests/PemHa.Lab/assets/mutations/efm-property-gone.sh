# breaks: efm.property-names
# what: virtual.ip.single is not in the sample
# at: New-PemEfmCluster
# on: all
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in '/virtual\.ip\.single/d'
