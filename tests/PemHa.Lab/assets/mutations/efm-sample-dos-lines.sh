# breaks: efm.samples
# what: the sample's lines end as on Windows
# at: Install-PemCluster
# on: all
# outcome: works
# shows: grep -q $'\r' /etc/edb/efm-5.2/efm.properties.in
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in 's/$/\r/'
