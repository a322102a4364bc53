# breaks: efm.property-names
# what: db.service.name is called db.service.unit
# at: New-PemEfmCluster
# on: data
# outcome: refused ProductDiffers
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in 's/^db\.service\.name=/db.service.unit=/'
