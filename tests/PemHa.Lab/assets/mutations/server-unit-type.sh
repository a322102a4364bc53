# breaks: server.unit
# what: the unit is of Type=simple
# at: Install-PemEpas
# on: data
# outcome: refused ProductDiffers
needs /usr/lib/systemd/system/edb-as-17.service
edit /usr/lib/systemd/system/edb-as-17.service 's/^Type=.*/Type=simple/'
