#!/bin/bash
# Stand-in for PEM's configure-pem-server.sh. Its bad manners are on purpose, they are the real one's: $* unquoted,
# read without -r, status 0 after a fatal error, answers of an earlier run before the options of this one (F8).
base=/usr/edb/pem
answers=$base/share/.install-config
log_dir=$base/logs
log=$log_dir/configure-pem-server-$(date +%Y-%m-%d-%H:%M:%S).log
agent=$base/agent
# Where nginx's pair lies is on no page (B21): the configuration tells, and the lab may move it.
certificates=$base/resources
[ ! -f /etc/pem-stand-in ] || . /etc/pem-stand-in
crt=$certificates/server-pem.crt
key=$certificates/server-pem.key
nginx_conf=/etc/nginx/conf.d/edb-pem.conf
wsgi=$base/web/pem.wsgi

echo "configure-pem-server.sh: PemHa lab stand-in, not EDB's product" >&2
mkdir -p "$log_dir" 2>/dev/null

LogMessage() { echo "$1" | tee -a "$log"; }
LogOnly() { echo "$1" >>"$log"; }
Info() { LogMessage "-->  [Info] $1"; }
Heading() {
    LogMessage ""
    LogMessage "-----------------------------------------------------"
    LogMessage "$1"
    LogMessage "-----------------------------------------------------"
}
Critical() {
    Heading "CRITICAL ERROR"
    LogMessage "-->  [Error] $1"
    exit 0
}

[ "$(id -u)" = 0 ] || Critical "Only root may configure PEM."

Usage() {
    Heading "USAGE: $base/bin/configure-pem-server.sh <options>"
    cat <<'TEXT'
   -acp | --pemagent-certificate-path   <directory>   -ps  | --pemagent-servicename      <service>
   -arp | --agent-register-param        <option>      -scs | --server-certificate-subject <subject>
   -aro | --agent-register-overrider    <key=value>   -sp  | --superpassword             <password>
   -au  | --use-agent-user              <user>        -srp | --server-register-param     <option>
   -bhn | --asb-host-name               <host>        -su  | --superuser                 <user>
   -ci  | --cidr-address                <network>     -t   | --type                      <1 | 2 | 3>
   -dbi | --db-install-path             <directory>   -uac | --use-agent-sslcert         <file>
   -ds  | --db-unitfile                 <unit>        -uak | --use-agent-sslkey          <file>
   -ho  | --host                        <host>        -ues | --use-existing-sslutils
   -kdc | --skip-db-certificate                       -un  | --uninstall-pem-server
   -kwc | --skip-web-certificate                      -utd | --use-trusted-ssl-db-certificates
   -nhc | --no-hba-change                             -h   | --help
   -p   | --port                        <port>
   --replication-solution <efm | patroni>             --replication-role <primary | standby>
TEXT
    exit "$1"
}

agent_params=() overrides=() server_params=() given=()
Option() { # the option and everything after it; sets taken
    taken=1
    given+=("$1")
    case $1 in
    -kdc | --skip-db-certificate) skip_db_certificate=1; return ;;
    -kwc | --skip-web-certificate) skip_web_certificate=1; return ;;
    -nhc | --no-hba-change) no_hba_change=1; return ;;
    -ues | --use-existing-sslutils) use_sslutils=1; return ;;
    -utd | --use-trusted-ssl-db-certificates) skip_db_certificate=1; no_hba_change=1; return ;;
    -un | --uninstall-pem-server) uninstall=1; return ;;
    -h | --help) Usage 0 ;;
    esac
    local variable
    case $1 in
    -acp | --pemagent-certificate-path) variable=AGENT_CERTIFICATE_PATH ;;
    -arp | --agent-register-param) variable=agent_param ;;
    -aro | --agent-register-overrider) variable=override ;;
    -au | --use-agent-user) variable=agent_user ;;
    -bhn | --asb-host-name) variable=asb_host ;;
    -ci | --cidr-address) variable=CIDR_ADDR ;;
    -dbi | --db-install-path) variable=PG_INSTALL_PATH ;;
    -ds | --db-unitfile) variable=DB_UNIT_FILE ;;
    -ho | --host) variable=HOST ;;
    -p | --port) variable=PORT ;;
    -ps | --pemagent-servicename) variable=agent_service ;;
    -scs | --server-certificate-subject) variable=web_subject ;;
    -sp | --superpassword) variable=SUPER_PASSWORD ;;
    -srp | --server-register-param) variable=server_param ;;
    -su | --superuser) variable=SUPERUSER ;;
    -t | --type) variable=PEM_INSTALLATION_TYPE ;;
    -uac | --use-agent-sslcert) variable=agent_crt ;;
    -uak | --use-agent-sslkey) variable=agent_key ;;
    --replication-solution) variable=solution ;;
    --replication-role) variable=role ;;
    *) Critical "No such option: $1" ;;
    esac
    [ $# -ge 2 ] || Usage 2
    taken=2
    printf -v "$variable" %s "$2"
    case $variable in
    agent_param) IFS=, read -ra more <<<"$2"; agent_params+=("${more[@]}") ;;
    override) IFS=, read -ra more <<<"$2"; overrides+=("${more[@]}") ;;
    server_param) server_params+=("$2") ;;
    esac
}

# From 10.5 on some combinations that passed before are refused (K32). Which ones is on no page, so everything is that no page's vector for
# this mode has: C1n, R22, R23.
Strict() {
    [ @strict@ = yes ] && [ -n "$solution$role" ] || return
    local option fits
    for option in "${given[@]}"; do
        fits=
        case $option in
        -t | --type | -ho | --host | -p | --port | -su | --superuser | -bhn | --asb-host-name | -dbi | --db-install-path) fits=1 ;;
        -ds | --db-unitfile | -srp | --server-register-param | --replication-solution | --replication-role) fits=1 ;;
        -au | --use-agent-user | -uac | --use-agent-sslcert | -uak | --use-agent-sslkey) fits=1 ;;
        -kdc | --skip-db-certificate) [ "$role" = primary ] && fits=1 ;;
        -ues | --use-existing-sslutils) [ "$role" = primary ] && [ -n "$skip_db_certificate" ] && [ -z "$agent_crt" ] && fits=1 ;;
        -aro | --agent-register-overrider) [ -n "$agent_crt" ] && [ -z "$agent_user" ] && fits=1 ;;
        esac
        [ -n "$fits" ] || Critical "The option $option does not go with --replication-role $role and the other options given."
    done
}

ReadValue() { # question, variable, default
    printf '%s [ %s ] :' "$1" "$3"
    # shellcheck disable=SC2162 # backslashes are eaten, as the real script eats them
    read "$2"
    [ -n "${!2}" ] || printf -v "$2" %s "$3"
}
ReadPassword() {
    if command -v stty >/dev/null; then
        local saved
        saved=$(stty -g)
        stty -echo
        ReadValue "$@"
        stty $saved
    else
        ReadValue "$@"
    fi
    echo
}
# An answer that is there already, from an option or an earlier run, is used and said; else it is asked for.
Answer() { # variable, name, question, default
    if [ -n "${!1}" ]; then
        Info "Using $2: ${!1}"
    else
        ReadValue "$3" "$1" "$4"
        LogOnly "$3 ${!1}"
    fi
    [ -n "${!1}" ] || Critical "An answer is needed: $2."
}
Remembered() { sed -n "s/^$1=//p" "$answers" | head -n 1; }
Remember() { echo "$1=${!1}" >>"$answers"; }

ServiceMustExist() {
    [ -f "/usr/lib/systemd/system/$1.service" ] || [ -f "/etc/systemd/system/$1.service" ] || [ -f "/lib/systemd/system/$1.service" ] ||
        Critical "There is no unit $1.service."
}
Service() { # action, service
    ServiceMustExist "$2"
    Info "systemctl $1 $2"
    local out
    out=$(systemctl "$1" "$2" 2>&1) || Critical "systemctl $1 $2 failed: $out"
}

# Runs psql as the superuser, through the given host, with TLS where the server has it (B24); the password is in that child's environment.
Sql() { # database, statement or psql options
    local database=$1
    shift
    [ $# -eq 1 ] && set -- -c "$1"
    PGPASSWORD=$SUPER_PASSWORD PGSSLMODE=prefer PGCONNECT_TIMEOUT=10 \
        "$PG_INSTALL_PATH/bin/psql" -XqAtw -v ON_ERROR_STOP=1 -h "$HOST" -p "$PORT" -U "$SUPERUSER" -d "$database" "$@" 2>&1
}
Ask() { # variable, database, statement
    local out
    out=$(Sql "$2" "$3") || { LogMessage "$out"; Critical "Query failed on database $2."; }
    printf -v "$1" %s "$out"
}
Run() { # database, statement or psql options
    local out
    LogOnly "[QUERY on $1] ${*:2}"
    out=$(Sql "$@") || { LogMessage "$out"; Critical "Query failed on database $1."; }
}

Login() {
    local out
    out=$(Sql postgres 'SELECT 1') || { LogMessage "$out"; Critical "Cannot log in to the database with these answers."; }
    Ask superuser postgres 'SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user'
    [ "$superuser" = t ] || Critical "$SUPERUSER is no superuser."
}

Answers() {
    if [ -f "$answers" ]; then
        Info "$answers of an earlier run is there: running in upgrade mode"
        for variable in PEM_INSTALLATION_TYPE PG_INSTALL_PATH HOST SUPERUSER PORT AGENT_CERTIFICATE_PATH; do
            printf -v "$variable" %s "$(Remembered "$variable")"
        done
        if [ "$PEM_INSTALLATION_TYPE" != 2 ]; then
            CIDR_ADDR=$(Remembered CIDR_ADDR)
            DB_UNIT_FILE=$(Remembered DB_UNIT_FILE)
        fi
    fi
    Answer PEM_INSTALLATION_TYPE "installation type" "What to configure? 1 = web and database, 2 = web, 3 = database"
    case $PEM_INSTALLATION_TYPE in
    1) web=1 db=1 ;;
    2) web=1 db=0 ;;
    3) web=0 db=1 ;;
    *) Critical "The installation type is 1, 2 or 3, not '$PEM_INSTALLATION_TYPE'." ;;
    esac
    Answer PG_INSTALL_PATH "database server installation path" "Where is the database server installed, as in /usr/edb/as17?"
    for program in psql pg_isready; do
        [ -f "$PG_INSTALL_PATH/bin/$program" ] || Critical "No $program below the database server installation path $PG_INSTALL_PATH."
    done
    [ $db = 1 ] && HOST=${HOST:-127.0.0.1} # asked for only where the database is not expected here
    Answer HOST "database server host address" "Which host has the database server?" 127.0.0.1
    Answer SUPERUSER "database super user name" "Which superuser?"
    Answer PORT "database server port number" "Which port?"
    [ "$PORT" -gt 1024 ] && [ "$PORT" -lt 65536 ] || Critical "Not a usable port: $PORT."
    if [ -z "$SUPER_PASSWORD" ]; then
        ReadPassword "Password of the superuser?" SUPER_PASSWORD ""
    fi
    [ -n "$SUPER_PASSWORD" ] || Critical "An answer is needed: the password."
    Login
    if [ $db = 1 ]; then
        Answer CIDR_ADDR "network address range of the agents" "From which network do agents connect (CIDR)?" 0.0.0.0/0
        Answer DB_UNIT_FILE "database systemd unit file" "Which systemd unit is the database server, as in edb-as-17?"
        ServiceMustExist "$DB_UNIT_FILE"
    fi
    Answer AGENT_CERTIFICATE_PATH "agent certificate path" "In which directory do agent certificates go?" /root/.pem

    PEM_APP_HOST=${PEM_APP_HOST:-HTTPD-EDBPEM-SERVER-v10}
    PEM_SERVER_SSL_PORT=${PEM_SERVER_SSL_PORT:-8443}
    rm -f "$answers"
    for variable in PEM_INSTALLATION_TYPE PG_INSTALL_PATH SUPERUSER HOST PORT AGENT_CERTIFICATE_PATH; do Remember "$variable"; done
    [ $web = 1 ] && { Remember PEM_APP_HOST; Remember PEM_SERVER_SSL_PORT; }
    [ $db = 1 ] && { Remember CIDR_ADDR; Remember DB_UNIT_FILE; }
}

ReplicationRole() {
    case $solution in
    efm | patroni) ;;
    '') Critical "--replication-solution is missing: this stand-in configures highly available deployments only." ;;
    *) Critical "--replication-solution must be efm or patroni, not '$solution'." ;;
    esac
    case $role in
    primary | standby) ;;
    *) Critical "--replication-role must be primary or standby, not '$role'." ;;
    esac
    Ask data postgres 'SHOW data_directory'
    [ -f "$data/PG_VERSION" ] || Critical "No data directory of this database on this host: $data"
    if [ "$role" = primary ] && [ -e "$data/standby.signal" ]; then
        Critical "This host is a standby, but --replication-role primary was given."
    elif [ "$role" = standby ] && ! [ -e "$data/standby.signal" ]; then
        Critical "This host is not a standby, but --replication-role standby was given."
    fi
    Ask recovery postgres 'SELECT pg_is_in_recovery()'
    [ "$recovery" = f ] || Critical "The database reached through $HOST is in recovery: it is not the primary."
}

AgentCertificate() {
    if [ -n "$agent_crt$agent_key" ]; then
        for file in "$agent_crt" "$agent_key"; do
            [ -n "$file" ] && [ -r "$file" ] || Critical "The agent's SSL certificate and key must be given and readable: '$file' is not."
        done
        return
    fi
    Ask sslutils postgres "SELECT count(*) FROM pg_catalog.pg_available_extensions WHERE name = 'sslutils'"
    [ "$sslutils" = 1 ] || Critical "The database server has no extension sslutils to make agent certificates with."
    [ "$role" = standby ] || [ -n "$use_sslutils" ] ||
        Critical "Neither --use-existing-sslutils nor --use-agent-sslcert and --use-agent-sslkey were given."
}

Database() {
    Info "Preparing the database."
    "$PG_INSTALL_PATH/bin/pg_isready" -q -h "$HOST" -p "$PORT" || Critical "Nothing answers at $HOST:$PORT."
    Ask pem postgres "SELECT count(*) FROM pg_catalog.pg_database WHERE datname = 'pem'"
    if [ "$role" = standby ]; then
        [ "$pem" = 1 ] || Critical "Database pem does not exist: configure the primary first."
    elif [ "$pem" = 1 ]; then
        Info "The database pem is there already."
    else
        Run postgres 'CREATE DATABASE pem'
    fi
    Ask schema pem "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = 'pem'"
    if [ "$schema" = 0 ]; then
        [ "$role" = primary ] || Critical "Database pem has no schema pem: configure the primary first."
        Run pem -f $base/share/pemserver.sql
    fi
    Ask version pem 'SELECT pem.schema_version()'
    [ -n "$version" ] || Critical "The schema pem is not one of PEM."
    [ "$role" = primary ] && [ -n "$use_sslutils" ] && Run pem 'CREATE EXTENSION IF NOT EXISTS sslutils'
    Info "pg_hba.conf and postgresql.conf stay as they are: they belong to the cluster manager."
}

Agent() {
    if [ -f $agent/etc/agent.cfg ]; then
        Info "Keeping $agent/etc/agent.cfg"
    else
        local name="Postgres Enterprise Manager Host" arguments=() out id binding efm_name='' efm_path=''
        [ "$PEM_INSTALLATION_TYPE" = 3 ] && name="Postgres Enterprise Manager Database"
        # Whether a standby's run makes its agent fit to be the PEM server's is on no page (A10): here it does not.
        [ "$role" = standby ] || overrides=(alert_threads=1 enable_smtp=true enable_snmp=true enable_webhook=true "${overrides[@]}")
        [ -n "$agent_crt" ] && overrides+=("agent_ssl_crt=$agent_crt" "agent_ssl_key=$agent_key")
        [ -n "$agent_user" ] && arguments+=(--pem-agent-user "$agent_user")
        for pair in "${agent_params[@]}"; do
            case $pair in
            --display-name=*) name=${pair#*=} ;;
            *) overrides+=("$(sed 's/^--//; s/-/_/g' <<<"${pair%%=*}")=${pair#*=}") ;;
            esac
        done
        for pair in "${overrides[@]}"; do arguments+=(-o "$pair"); done
        out=$(PEM_SERVER_PASSWORD=$SUPER_PASSWORD $agent/bin/pemworker --register-agent --config-dir $agent/etc --pem-server "$HOST" \
            --pem-port "$PORT" --pem-user "$SUPERUSER" --display-name "$name" --cert-path "$AGENT_CERTIFICATE_PATH" \
            "${arguments[@]}" 2>&1) ||
            { LogMessage "$out"; Critical "The agent could not be registered."; }
        LogMessage "$out"

        Info "Binding the database server to the agent."
        id=$(sed -n 's/^agent_id=//p' $agent/etc/agent.cfg)
        binding=${asb_host:-$HOST}
        for pair in "${server_params[@]}"; do
            case $pair in
            --efm-cluster-name=*) efm_name=${pair#*=} ;;
            --efm-install-path=*) efm_path=${pair#*=} ;;
            esac
        done
        Run pem -v id="$id" -v host="$HOST" -v port="$PORT" -v binding="$binding" \
            -v name="$efm_name" -v path="$efm_path" -v primary="$([ "$role" = standby ] || echo yes)" -f - <<'SQL'
INSERT INTO pem.server (id, description, server, port, database, efm_cluster_name, efm_installation_path)
    VALUES (:id, 'Postgres Enterprise Manager Server', :'host', :port, 'postgres', nullif(:'name', ''), nullif(:'path', ''))
    ON CONFLICT (id) DO UPDATE SET server = excluded.server, port = excluded.port, active = true,
        efm_cluster_name = excluded.efm_cluster_name, efm_installation_path = excluded.efm_installation_path;
INSERT INTO pem.agent_server_binding (agent_id, server_id, server, port, username)
    VALUES (:id, :id, :'binding', :port, current_user)
    ON CONFLICT (agent_id, server_id) DO UPDATE SET server = excluded.server, port = excluded.port, username = excluded.username;
-- nor whether it flags a standby's row as one of PEM's own (R32)
SELECT pem.register_pem_server(:id) WHERE :'primary' = 'yes' \g /dev/null
SQL
    fi
    Service enable "$agent_service"
    Service stop "$agent_service"
    Service start "$agent_service"
}

Web() {
    if [ -f $wsgi ]; then
        Info "Keeping the web application of $wsgi"
        return
    fi
    Info "Preparing nginx."
    Service stop nginx
    echo '# PemHa lab stand-in: edb-uwsgi runs pem_app.py instead' >$wsgi
    printf '%s\n' "PEM_DB_HOST = '$HOST'" "PEM_DB_NAME = 'pem'" "PEM_DB_PORT = '$PORT'" >$base/web/config_setup.py
    if [ ! -f $crt ] && [ -z "$skip_web_certificate" ]; then
        Info "Making a self-signed certificate for the web server."
        mkdir -p "$certificates"
        (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7300 \
            -subj "${web_subject:-/CN=$PEM_APP_HOST}" -keyout $key -out $crt 2>>"$log") ||
            Critical "Failed to make the web server's certificate."
    fi
    sed -e "s|@PEM_APP_HOST@|$PEM_APP_HOST|; s|@PEM_SERVER_SSL_PORT@|$PEM_SERVER_SSL_PORT|; s|@CRT@|$crt|; s|@KEY@|$key|" $base/web/edb-pem.conf.in >$nginx_conf
    USE_NGINX=1 $base/bin/configure-selinux.sh "$log" 2>/dev/null
    Service enable edb-uwsgi
    Service restart edb-uwsgi
    Service start nginx
    Info "PEM server can be accessed at https://$HOST:$PEM_SERVER_SSL_PORT/pem"
}

Uninstall() {
    Answer PG_INSTALL_PATH "database server installation path" "Where is the database server installed?"
    [ -f "$PG_INSTALL_PATH/bin/psql" ] || Critical "No psql below $PG_INSTALL_PATH."
    Answer PORT "database server port number" "Which port?"
    Answer SUPERUSER "database super user name" "Which superuser?"
    [ -n "$SUPER_PASSWORD" ] || ReadPassword "Password of the superuser?" SUPER_PASSWORD ""
    HOST=${HOST:-127.0.0.1}
    Service stop nginx
    Service stop edb-uwsgi
    Service stop "$agent_service"
    Login
    Run pem "UPDATE pem.server SET active = false"
    rm -f $nginx_conf $wsgi $base/web/config_setup.py
    Service start nginx
    Service disable "$agent_service"
    Service disable edb-uwsgi
}

Heading "Stand-in of PEM's configuration script"
while [ $# -ne 0 ]; do
    # shellcheck disable=SC2048,SC2086 # an argument with a blank falls apart, as it does in the real script
    Option $*
    shift $taken
done
agent_service=${agent_service:-pemagent}
Strict

if [ -n "$uninstall" ]; then
    Uninstall
    exit
fi
Answers
[ $web = 1 ] && ServiceMustExist nginx
mkdir -p -m 0700 "$AGENT_CERTIFICATE_PATH"
[ $db = 1 ] && ReplicationRole
AgentCertificate
[ $db = 1 ] && Database
Agent
[ $web = 1 ] && Web
exit 0
