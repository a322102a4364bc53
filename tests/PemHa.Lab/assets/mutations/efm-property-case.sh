# breaks: efm.property-names
# what: jdbc.sslmode is spelt jdbc.sslMode
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in 's/^jdbc\.sslmode=/jdbc.sslMode=/'
