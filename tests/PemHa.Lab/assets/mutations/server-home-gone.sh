# breaks: server.home
# what: the owner's home directory is not there
# at: Set-PemPassFile
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/as17/bin/psql
edit /etc/passwd '/^enterprisedb:/s|/var/lib/edb|/home/edb|'
