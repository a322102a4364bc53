# breaks: server.programs
# what: pg_basebackup is in another package
# at: Install-PemEpas
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/as17/bin/pg_basebackup
drop /usr/edb/as17/bin/pg_basebackup
