# breaks: pem.settings-uri
# what: the web application's migration doubles the percent sign of a URI by itself
# at: Install-PemCluster
# on: data
# outcome: works
needs /usr/edb/pem/web/pem_app.py
edit /usr/edb/pem/web/pem_app.py "s/'sqlalchemy.url', uri)/'sqlalchemy.url', uri.replace('%', '%%'))/"
