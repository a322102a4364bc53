# breaks: efm.unit
# what: the unit writes /var/run for /run
# at: Install-PemCluster
# on: all
# outcome: works
# shows: systemctl cat edb-efm-5.2 | grep -q PIDFile=/var/run
needs /usr/lib/systemd/system/edb-efm-5.2.service
edit /usr/lib/systemd/system/edb-efm-5.2.service 's|^PIDFile=/run|PIDFile=/var/run|'
