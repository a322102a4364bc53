# breaks: pem.nginx-site
# what: nginx's certificate lies in /etc/nginx/ssl
# at: Install-PemCluster
# on: data
# outcome: works
# shows: grep -q '/etc/nginx/ssl/pem.crt' /etc/nginx/conf.d/edb-pem.conf
needs /usr/edb/pem/bin/configure-pem-server.sh
mkdir -p /etc/nginx/ssl
edit /usr/edb/pem/bin/configure-pem-server.sh 's|^crt=.*|crt=/etc/nginx/ssl/pem.crt|; s|^key=.*|key=/etc/nginx/ssl/pem.key|'
