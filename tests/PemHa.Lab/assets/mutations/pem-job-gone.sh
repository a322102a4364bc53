# breaks: pem.certificate-job
# what: there is no job that renews certificates
# at: Install-PemCluster
# on: data
# outcome: works
# shows: ! grep -q 'Check CA certificate expiry' /usr/edb/pem/share/pemserver.sql
needs /usr/edb/pem/share/pemserver.sql
edit /usr/edb/pem/share/pemserver.sql '/^INSERT INTO pem\.job /d'
