# breaks: linux.repositories
# what: CRB is called powertools
# at: Install-PemCluster
# on: all
# outcome: works
# shows: grep -q '^.powertools.' /etc/yum.repos.d/rocky.repo && ! grep -q '^.crb.' /etc/yum.repos.d/*.repo
needs /etc/yum.repos.d/rocky.repo
edit /etc/yum.repos.d/rocky.repo 's/^\[crb\]/[powertools]/'
