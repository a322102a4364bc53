# breaks: pem.settings-uri
# what: the web application brings the driver psycopg2, not psycopg
# at: Enable-PemUserSettings
# on: data
# outcome: refused ProductDiffers
# with: $order.UserSettings = New-PemCredential pem_user_settings -Path $state
needs /usr/edb/pem/web/pem_app.py
mkdir -p /usr/edb/pem/web/venv/lib/python3.12/site-packages/psycopg2
later 'rm -rf /usr/edb/pem/web/venv'
edit /usr/edb/pem/web/pem_app.py "s/driver != 'psycopg'/driver != 'psycopg2'/"
