# breaks: pem.programs
# what: the script lies in /usr/edb/pem/server/bin
# at: Install-PemServer
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/pem/bin/configure-pem-server.sh
mkdir -p /usr/edb/pem/server/bin
move /usr/edb/pem/bin/configure-pem-server.sh /usr/edb/pem/server/bin/configure-pem-server.sh
