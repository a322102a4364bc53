# breaks: pem.web-folder
# what: the web application lies in /usr/edb/pem/webapp
# at: Install-PemServer
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/pem/bin/configure-pem-server.sh
mv /usr/edb/pem/web /usr/edb/pem/webapp
later 'mv /usr/edb/pem/webapp /usr/edb/pem/web'
