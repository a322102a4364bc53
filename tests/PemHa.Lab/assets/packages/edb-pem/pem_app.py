"""Stand-in for PEM's web application, as far as user settings go: it keeps them where its configuration says.

It reads config.py, config_distro.py, config_setup.py and config_local.py, each if it is there, when it starts. A visit of /pem counts in
the setting "visits"; /pem/stand-in/settings tells where the settings are and which, and stores those of its query first. It listens as
uWSGI does for the real one, on /run/edb-uwsgi/pem.socket, and nginx passes on what it gets.
"""
import configparser
import http.server
import os
import re
import socket
import socketserver
import sqlite3
import subprocess
import sys
import urllib.parse

WEB = '/usr/edb/pem/web'
SOCKET = '/run/edb-uwsgi/pem.socket'
PSQL = '/usr/lib/postgresql/17/bin/psql'


def configuration():
    values = {}
    for name in ('config.py', 'config_distro.py', 'config_setup.py', 'config_local.py'):
        path = os.path.join(WEB, name)
        if os.path.exists(path):
            with open(path, encoding='utf-8') as file:
                exec(compile(file.read(), path, 'exec'), values)
    return values


class Sqlite:
    def __init__(self, path):
        self.path = path
        self.name = 'sqlite'

    def run(self, statements, query):
        database = sqlite3.connect(self.path)
        try:
            for statement in statements:
                database.execute(statement)
            database.commit()
            return database.execute(query).fetchall()
        finally:
            database.close()


class Postgres:
    """A database URL is read as SQLAlchemy 2 reads it, with the one driver that pgAdmin 9 brings: psycopg, not psycopg2."""

    FORM = re.compile(
        r'(?P<name>[\w+]+)://(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?'
        r'(?:\[(?P<ipv6>[^/?]+)\]|(?P<host>[^/:?]+))?(?::(?P<port>[^/?]*))?(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?$')

    def __init__(self, uri):
        # The application's own migration (Alembic's env.py) hands the URL to ConfigParser, to which % begins an interpolation (B22).
        parser = configparser.ConfigParser()
        parser.add_section('alembic')
        try:
            parser.set('alembic', 'sqlalchemy.url', uri)
        except ValueError as error:
            sys.exit(f'ValueError: {error}')
        self.server = None
        match = self.FORM.match(uri) or sys.exit('sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from given URL string')
        dialect, _, driver = match['name'].partition('+')
        if dialect != 'postgresql':
            sys.exit(f"sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:{match['name'].replace('+', '.')}")
        if driver != 'psycopg':
            sys.exit(f"ModuleNotFoundError: No module named '{driver or 'psycopg2'}'")
        if match['port'] and not match['port'].isdigit():
            sys.exit(f"ValueError: invalid literal for int() with base 10: '{match['port']}'")
        password = urllib.parse.unquote(match['password'] or '')
        parts = {
            'user': urllib.parse.unquote(match['user'] or ''), 'host': match['ipv6'] or match['host'] or '', 'port': match['port'] or '',
            'dbname': match['database'] or '', **dict(urllib.parse.parse_qsl(match['query'] or '')),
        }
        self.name = f"postgresql {parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"
        # libpq is to see what psycopg would give it, and no process list the password.
        self.environment = {'PGPASSWORD': password, 'PGCONNECT_TIMEOUT': '3', 'LC_ALL': 'C.UTF-8'}
        quoted = ((key, value.replace('\\', '\\\\').replace("'", "\\'")) for key, value in parts.items() if value)
        self.connection = ' '.join(f"{key}='{value}'" for key, value in quoted)

    def run(self, statements, query):
        # Before 10.5 the pool keeps connections to a server that has gone, until the application is started anew (O11).
        if '@pool@' == 'frozen':
            started = self.ask([], 'SELECT pg_postmaster_start_time(), pg_is_in_recovery()')
            self.server = self.server or started
            if started != self.server:
                raise OSError('server closed the connection unexpectedly')
        return self.ask(statements, query)

    def ask(self, statements, query):
        script = ''.join(f'{statement};\n' for statement in ['SET client_min_messages = error', *statements, query])
        result = subprocess.run(
            [PSQL, '-XqAt', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-1', '-d', self.connection, '-f', '-'],
            input=script, text=True, capture_output=True, env=self.environment, check=False)
        if result.returncode:
            raise OSError(result.stderr.strip())
        return [tuple(line.split('\t', 1)) for line in result.stdout.splitlines()]


class Settings:
    """As with pgAdmin, the application makes its tables itself: its user must be allowed to."""

    def __init__(self, values):
        uri = values['CONFIG_DATABASE_URI']
        self.storage = Postgres(uri) if uri else Sqlite(values['SQLITE_PATH'])

    def visit(self):
        return self.run("INSERT INTO setting (name, value) VALUES ('visits', '1') ON CONFLICT (name) DO UPDATE "
                        'SET value = CAST(CAST(setting.value AS integer) + 1 AS text)')

    def store(self, pairs):
        return self.run(*(f'INSERT INTO setting (name, value) VALUES ({literal(name)}, {literal(value)}) '
                          'ON CONFLICT (name) DO UPDATE SET value = excluded.value' for name, value in pairs))

    def run(self, *changes):
        table = 'CREATE TABLE IF NOT EXISTS setting (name text PRIMARY KEY, value text NOT NULL)'
        return self.storage.run([table, *changes], 'SELECT name, value FROM setting ORDER BY name')


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        try:
            if url.path in ('/pem', '/pem/'):
                SETTINGS.visit()
                with open(f'{WEB}/static/index.html', 'rb') as page:
                    self.answer(200, 'text/html', page.read())
            elif url.path == '/pem/stand-in/settings':
                stored = SETTINGS.store(urllib.parse.parse_qsl(url.query))
                lines = [SETTINGS.storage.name, *(f'{name}={value}' for name, value in stored)]
                self.answer(200, 'text/plain', '\n'.join([*lines, '']).encode())
            else:
                self.answer(404, 'text/plain', b'not found\n')
        except (OSError, sqlite3.Error) as error:
            print(error, file=sys.stderr, flush=True)
            self.answer(500, 'text/plain', f'Internal Server Error (PemHa lab stand-in)\n{error}\n'.encode())

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        return self.socket.accept()[0], ('local', 0)


SETTINGS = Settings(configuration())
with Server(SOCKET, Handler) as server:
    if os.environ.get('NOTIFY_SOCKET'):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])
    server.serve_forever()
