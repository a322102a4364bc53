# Defaults of the web application (PemHa lab stand-in). Not to be edited: config_distro.py and config_local.py are read after it.

# Where user settings are stored; empty: in SQLITE_PATH.
CONFIG_DATABASE_URI = ''
SQLITE_PATH = '/var/lib/pem/pem.db'
