# breaks: pem.nginx-site
# what: nginx's site is called pem.conf
# at: Set-PemWebApplication
# on: data
# outcome: refused ProductDiffers
needs /etc/nginx/conf.d/edb-pem.conf
move /etc/nginx/conf.d/edb-pem.conf /etc/nginx/conf.d/pem.conf
