# breaks: pem.web-folder
# what: the web application lies in /usr/edb/pem/webapp
# at: Install-PemServer
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/pem/bin/configure-pem-server.sh
move /usr/edb/pem/web/config.py /usr/edb/pem/share/config.py
