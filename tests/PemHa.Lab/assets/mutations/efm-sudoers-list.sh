# breaks: efm.sudoers
# what: one rule covers several owners
# at: Install-PemCluster
# on: data
# outcome: works
# shows: grep -q '(postgres, enterprisedb)' /etc/sudoers.d/efm-52
needs /etc/sudoers.d/efm-52
edit /etc/sudoers.d/efm-52 's/(enterprisedb) */(postgres, enterprisedb) /'
