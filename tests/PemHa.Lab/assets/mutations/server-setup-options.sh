# breaks: server.setup
# what: the setup does not read PGSETUP_INITDB_OPTIONS
# at: Install-PemEpas
# on: node1
# outcome: refused ProductDiffers
needs /usr/edb/as17/bin/edb-as-17-setup
edit /usr/edb/as17/bin/edb-as-17-setup 's/PGSETUP_INITDB_OPTIONS/INITDB_OPTIONS/g'
