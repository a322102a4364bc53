# breaks: pem.nginx-site
# what: the certificate is named in a file that the site includes
# at: Set-PemWebApplication
# on: data
# outcome: refused ProductDiffers
needs /etc/nginx/conf.d/edb-pem.conf
grep ssl_certificate /etc/nginx/conf.d/edb-pem.conf | put /etc/nginx/pem-tls.inc
edit /etc/nginx/conf.d/edb-pem.conf 's|^\( *\)ssl_certificate .*|\1include /etc/nginx/pem-tls.inc;|; /ssl_certificate_key/d'
