# breaks: server.process
# what: the server's process is called epas
# at: Enable-PemReplication
# on: node1
# outcome: refused ProductDiffers
needs /usr/lib/systemd/system/edb-as-17.service
# The server finds its libraries from where its program lies.
P=$(dirname "$(readlink -f /usr/edb/as17/bin/edb-postgres)")
cp -L /usr/edb/as17/bin/edb-postgres "$P/epas"
edit /usr/lib/systemd/system/edb-as-17.service "s|^ExecStart=[^ ]*|ExecStart=$P/epas|"
systemctl daemon-reload
systemctl restart edb-as-17
later "rm '$P/epas'"
later 'systemctl restart edb-as-17'
later 'systemctl daemon-reload'
