# breaks: server.programs
# what: the server's program is called edb-postgres only
# at: Install-PemCluster
# on: data
# outcome: works
# shows: ! [ -e /usr/edb/as17/bin/postgres ]
needs /usr/edb/as17/bin/edb-postgres
move /usr/edb/as17/bin/postgres /usr/edb/as17/bin/edb-postgres
