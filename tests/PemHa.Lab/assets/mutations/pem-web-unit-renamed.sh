# breaks: pem.web-unit
# what: the web application's unit is called uwsgi-pem
# at: Set-PemWebApplication
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/pem/bin/configure-pem-server.sh
move /usr/lib/systemd/system/edb-uwsgi.service /usr/lib/systemd/system/uwsgi-pem.service
