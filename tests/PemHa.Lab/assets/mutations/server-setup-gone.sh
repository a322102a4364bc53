# breaks: server.setup
# what: the setup program has another name
# at: Install-PemEpas
# on: node1
# outcome: refused ProductDiffers
needs /usr/edb/as17/bin/edb-as-17-setup
move /usr/edb/as17/bin/edb-as-17-setup /usr/edb/as17/bin/edb-as17-setup
