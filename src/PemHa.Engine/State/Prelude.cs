using System.Globalization;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;

namespace PemHa.Engine.State;

/// <summary>The shell functions that probes and changes are written in.</summary>
static class Prelude
{
    /// <summary>The functions, for hosts of one cluster.</summary>
    public static string For(PemCluster cluster) => string.Create(CultureInfo.InvariantCulture, $$"""
        PGOWNER={{Sh.Quote(cluster.ServiceOwner)}}; PGBIN={{Sh.Quote(cluster.InstallDirectory)}}/bin; PGDATA={{Sh.Quote(cluster.DataDirectory)}}
        PGPORT={{cluster.Port}}; PGSERVICE={{Sh.Quote(cluster.ServiceName)}}; EFMSERVICE={{Sh.Quote(cluster.EfmServiceName)}}
        """) + "\n" + Functions + ServerFacts.Functions;

    const string Functions = """
        fact() { printf '%s\t=%s\n' "$1" "$2"; }
        # a value of many lines, or from outside
        fact64() { printf '%s\t' "$1"; base64 -w0; echo; }
        # mode, owner and content of a file; nothing when there is none
        fact_file() { if [ -f "$2" ]; then fact "$1.mode" "$(stat -Lc '%a %U:%G' "$2")"; fact64 "$1.text" < "$2"; fi; }
        fail() { echo "$*" >&2; exit 1; }
        as_owner() { setpriv --reuid="$PGOWNER" --regid="$PGOWNER" --init-groups --reset-env -- "$@"; }
        # nic ADDRESS: the interface that carries it, and the length of its prefix
        nic() { ip -o addr | awk -v a="$1" '{ split($4, p, "/"); if (p[1] == a) { sub(/@.*/, "", $2); print $2 " " p[2]; exit } }'; }
        # sql DATABASE [OPTION...]: SQL on standard input, or a command as -c, over the local socket, as the owner of
        # the database. EPAS speaks another dialect by default (INTEGER/INTEGER keeps its fraction, NULL in || is
        # nothing), which a session may leave (B1). PostgreSQL has no such settings, so what is there is set; no row
        # comes of it. Nothing of ours rests on it: tests compare both.
        sql() {
            _database=$1; shift
            # the running server's own file knows its port and the folder of its socket
            { read -r _x; read -r _x; read -r _x; read -r _port; read -r _folder; } 2>/dev/null < "$PGDATA/postmaster.pid" || :
            case ${1-} in -c) ;; *) set -- "$@" -f - ;; esac
            as_owner timeout 120 "$PGBIN/psql" -qAtX -v ON_ERROR_STOP=1 \
                -p "${_port:-$PGPORT}" ${_folder:+-h "$_folder"} -d "$_database" -c "$_dialect" "$@"
        }
        _dialect="SELECT 1 FROM pg_settings WHERE context IN ('user', 'superuser') AND CASE
            WHEN name = 'db_dialect' THEN set_config(name, 'postgres', false) IS NULL
            WHEN name IN ('edb_redwood_date', 'edb_redwood_greatest_least',
                'edb_redwood_raw_names', 'edb_redwood_strings')
                THEN set_config(name, 'off', false) IS NULL
            WHEN name = 'DateStyle' THEN set_config(name, 'ISO', false) IS NULL END"
        # for probes: asked once in a script
        agent_active() {
            [ -f "$T/agent" ] || systemctl is-active "$EFMSERVICE" > "$T/agent" 2>/dev/null
            read -r _active < "$T/agent" && [ "$_active" = active ]
        }
        # for probes: whether a package is installed, and the text of a unit with its drop-ins; each asked once in a
        # script
        installed() {
            [ -f "$T/installed.$1" ] || { rpm -q --quiet "$1" && echo yes || echo no; } > "$T/installed.$1"
            read -r _installed < "$T/installed.$1" && [ "$_installed" = yes ]
        }
        unit_text() { [ -f "$T/unit.$1" ] || systemctl cat "$1" > "$T/unit.$1" 2>/dev/null || :; cat "$T/unit.$1"; }
        # whether a file is a script, whose text can be read
        script() { [ "$(head -c 2 "$1" 2>/dev/null)" = '#!' ]; }
        # wait_for SECONDS COMMAND...: until it succeeds
        wait_for() { _end=$(( $(date +%s) + $1 )); shift; until "$@"; do [ "$(date +%s)" -lt "$_end" ] || return 1; sleep 0.1; done; }
        # whoever installs packages now, as PROCESS-ID COMMAND; dnf notes itself in files, rpm holds a lock
        installing() {
            for _l in /var/cache/dnf/*_lock.pid /var/lib/dnf/*_lock.pid; do
                _p=$(cat "$_l" 2>/dev/null || :); [ ! -d "/proc/${_p:-none}" ] || { echo "$_p $(tr '\0' ' ' < "/proc/$_p/cmdline")"; return 0; }
            done
            _p=$(awk -v i=":$(stat -Lc %i /var/lib/rpm/.rpm.lock 2>/dev/null)" '$2 == "POSIX" && $4 == "WRITE" && substr($6, length($6) - length(i) + 1) == i { print $5; exit }' /proc/locks)
            [ -n "$_p" ] && echo "$_p $(tr '\0' ' ' < "/proc/$_p/cmdline" 2>/dev/null)"
        }
        # dnf itself waits without end for another one that is at work; this one for half a minute, and then tells which
        dnf() {
            _end=$(( $(date +%s) + 30 ))
            while _w=$(installing) || { command dnf --setopt=exit_on_lock=True "$@" && return 0 || _r=$?; [ $_r = 200 ] || return $_r; _w='another dnf'; }; do
                [ "$(date +%s)" -lt "$_end" ] || fail "somebody else installs packages, process $_w: wait until that is done, or end it"
                sleep 1
            done
        }
        # put_file PATH OWNER MODE SHA256-BEFORE: base64 on standard input; beside, synced, renamed, one backup kept
        put_file() {
            _t=$(readlink -f "$1") || fail "cannot write $1: its folder is not there"
            # what a host that lost its power in the middle of this has kept; nobody else writes, since the host's lock is ours
            for _o in "$(dirname "$_t")"/.pemha.??????; do [ ! -f "$_o" ] || rm -f "$_o"; done
            _n=$(mktemp "$(dirname "$_t")/.pemha.XXXXXX") || fail "cannot write beside $1"
            { base64 -d > "$_n" && chown "$2" "$_n" && chmod "$3" "$_n" && sync "$_n"; } || { rm -f "$_n"; fail "cannot write $1"; }
            if [ -e "$_t" ]; then
                [ "$(sha256sum < "$_t" | cut -d' ' -f1)" = "$4" ] || { rm -f "$_n"; fail "$1 was changed by somebody else meanwhile"; }
                chcon --reference="$_t" "$_n" 2>/dev/null || :
                _b=$_t.pemha-$(date -u +%Y%m%dT%H%M%SZ)
                { cp -p "$_t" "$_b" && mv -f "$_n" "$_t"; } || { rm -f "$_n" "$_b"; fail "cannot write $1"; }
                for _o in "$_t".pemha-*; do [ ! -f "$_o" ] || [ "$_o" = "$_b" ] || rm -f "$_o"; done
            else
                [ "$4" = - ] || { rm -f "$_n"; fail "$1 was removed by somebody else meanwhile"; }
                mv "$_n" "$_t"; command -v restorecon >/dev/null && restorecon "$_t"; :
            fi
        }

        """;
}
