# breaks: pem.server-rows
# what: the flag of a server of PEM's own has another name
# at: Install-PemCluster
# on: data
# outcome: works
# shows: grep -q 'own_pem_server' /usr/edb/pem/share/pemserver.sql
needs /usr/edb/pem/share/pemserver.sql
edit /usr/edb/pem/share/pemserver.sql 's/is_pem_server/own_pem_server/g'
