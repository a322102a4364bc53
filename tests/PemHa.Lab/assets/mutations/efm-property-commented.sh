# breaks: efm.property-names
# what: the sample has properties commented out
# at: Install-PemCluster
# on: all
# outcome: works
# shows: grep -q '^#virtual.ip.single' /etc/edb/efm-5.2/efm.properties.in
needs /etc/edb/efm-5.2/efm.properties.in
edit /etc/edb/efm-5.2/efm.properties.in 's/^\(virtual\.ip\.single\|notification\.text\.prefix\)=/#&/'
