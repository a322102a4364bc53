# breaks: linux.repositories
# what: CRB is called powertools
# at: Install-PemCluster
# on: all
# outcome: works
needs /etc/yum.repos.d/rocky.repo
edit /etc/yum.repos.d/rocky.repo 's/^\[crb\]/[powertools]/'
