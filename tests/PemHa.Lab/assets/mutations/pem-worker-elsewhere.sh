# breaks: pem.programs
# what: pemworker lies in /usr/edb/pem/bin
# at: Install-PemServer
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/pem/bin/configure-pem-server.sh
move /usr/edb/pem/agent/bin/pemworker /usr/edb/pem/bin/pemworker
