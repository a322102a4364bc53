# breaks: efm.encrypt
# what: efm encrypt prints a warning before the text
# at: New-PemEfmCluster
# on: node1
# outcome: refused EfmEncryptFailed
needs /usr/edb/efm-5.2/bin/efm
edit /usr/edb/efm-5.2/bin/efm '2i [ "$1" != encrypt ] || echo "WARNING: sun.misc.Unsafe is deprecated"'
