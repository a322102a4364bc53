# breaks: server.owner
# what: the owner of the database is called edb
# at: Install-PemEpas
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/as17/bin/psql
edit /etc/passwd 's/^enterprisedb:/edb:/'
