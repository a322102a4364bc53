# breaks: server.unit
# what: the unit is called edb-as17
# at: Install-PemEpas
# on: data
# outcome: refused ProductDiffers
needs /usr/lib/systemd/system/edb-as-17.service
move /usr/lib/systemd/system/edb-as-17.service /usr/lib/systemd/system/edb-as17.service
