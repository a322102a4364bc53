# breaks: efm.encrypt
# what: efm encrypt fails with a sentence on standard output and status 0
# at: New-PemEfmCluster
# on: node1
# outcome: refused EfmEncryptFailed
needs /usr/edb/efm-5.2/bin/efm
edit /usr/edb/efm-5.2/bin/efm '2i [ "$1" != encrypt ] || { echo "EFMPASS password not found."; exit 0; }'
