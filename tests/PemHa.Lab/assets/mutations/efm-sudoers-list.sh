# breaks: efm.sudoers
# what: one rule covers several owners
# at: Install-PemCluster
# on: data
# outcome: works
needs /etc/sudoers.d/efm-52
edit /etc/sudoers.d/efm-52 's/(enterprisedb) */(postgres, enterprisedb) /'
