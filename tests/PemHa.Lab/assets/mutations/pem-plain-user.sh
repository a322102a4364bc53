# breaks: pem.common-user
# what: the newest PEM is content with an agents' user that is not a superuser
# at: Install-PemCluster
# on: data
# outcome: works
# shows: ! grep -q '^\[ yes = no \] ||' /usr/edb/pem/agent/bin/pemworker
needs /usr/edb/pem/agent/bin/pemworker
edit /usr/edb/pem/agent/bin/pemworker 's/^\[ yes = no \] ||/[ no = no ] ||/'
