# breaks: pem.efm-path
# what: EFM's command is not where the path given to PEM says
# at: Install-PemServer
# on: data
# outcome: refused EfmPathUnfit
needs /usr/edb/pem/bin/configure-pem-server.sh
move /usr/edb/efm-5.2/bin/efm /usr/bin/efm
