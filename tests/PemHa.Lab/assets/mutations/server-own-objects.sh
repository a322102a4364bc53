# breaks: server.own-objects
# what: initdb makes a schema with an OID of a person's objects
# at: Initialize-PemReplica
# on: standbys
# outcome: refused DataNotDisposable
needs /usr/edb/as17/bin/edb-as-17-setup
PGSETUP_INITDB_OPTIONS='-E UTF-8' /usr/edb/as17/bin/edb-as-17-setup initdb >/dev/null
systemctl start edb-as-17
runuser -u enterprisedb -- /usr/edb/as17/bin/psql -qX -p 5444 -d postgres -c 'CREATE SCHEMA aq; CREATE TABLE aq.queues (id int)'
later 'systemctl stop edb-as-17; rm -rf /var/lib/edb/as17/data'
