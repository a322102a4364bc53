# breaks: server.database
# what: there is no database edb
# at: New-PemEfmCluster
# on: node1
# outcome: refused ProductDiffers
needs /var/lib/edb/as17/data/PG_VERSION
runuser -u enterprisedb -- /usr/edb/as17/bin/psql -qX -p 5444 -d postgres -c 'ALTER DATABASE edb RENAME TO epas'
later "runuser -u enterprisedb -- /usr/edb/as17/bin/psql -qX -p 5444 -d postgres -c 'ALTER DATABASE epas RENAME TO edb'"
