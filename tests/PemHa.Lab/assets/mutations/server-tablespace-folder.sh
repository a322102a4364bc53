# breaks: server.tablespaces
# what: a tablespace's folder has EPAS's name in it
# at: Initialize-PemReplica
# on: node1
# outcome: refused ProductDiffers
needs /var/lib/edb/as17/data/PG_VERSION
install -d -o enterprisedb -g enterprisedb -m 700 /var/lib/edb/extra
sql() { runuser -u enterprisedb -- /usr/edb/as17/bin/psql -qAtX -p 5444 -d postgres -c "$1"; }
sql "CREATE TABLESPACE extra LOCATION '/var/lib/edb/extra'"
for f in /var/lib/edb/extra/PG_*; do mv "$f" "${f/PG_/EDB_}"; done
later "runuser -u enterprisedb -- /usr/edb/as17/bin/psql -qX -p 5444 -d postgres -c 'DROP TABLESPACE extra'; rm -rf /var/lib/edb/extra"
later 'for f in /var/lib/edb/extra/EDB_*; do mv "$f" "${f/EDB_/PG_}"; done'
