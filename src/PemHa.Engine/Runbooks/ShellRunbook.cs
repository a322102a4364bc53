using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Runbooks;

/// <summary>
/// A plan as a POSIX shell script for the admin's machine, which makes the same changes over plain <c>ssh</c>, with the same commands. It
/// holds no secret: each is taken from its variable or asked for, and reaches a host on standard input.
/// </summary>
sealed class ShellRunbook(PemCluster cluster, IReadOnlyList<PemHost> hosts, IReadOnlyList<PlannedChange> changes, DateTimeOffset made)
{
    static readonly TimeSpan LockWait = TimeSpan.FromMinutes(10);

    /// <summary>How <c>ssh</c> reaches a host.</summary>
    public static string Command(PemHost host) => $"ssh {Sh.Join([.. SshSession.Of(host).Arguments])}";

    /// <summary>The script.</summary>
    public string Text()
    {
        var body = string.Concat(changes.Select((c, i) => (i > 0 && changes[i - 1].Change.Step == c.Change.Step ? "" : $"\n# {c.Change.Step}\n") + Change(i + 1, c)));
        // What was done of another plan is not done of this one.
        var id = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(body)))[..8];
        var when = made.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        return $$"""
            #!/bin/sh
            # PEM cluster {{cluster.Name}}: {{changes.Count}} changes, planned on {{when}} UTC from what the hosts were then.
            # For the admin's machine, with ssh (or what SSH says) and openssl. It stops at the first change that fails; run again, it goes
            # on with that one. No secret is in here: each comes from the variable of its name, or is asked for.
            set -eu
            LC_ALL=C; export LC_ALL
            ID={{id}}
            DONE=${0%.sh}.$ID.done
            N=0
            W=; ECHO=
            HOSTS={{Sh.Quote(string.Join(' ', hosts.Select(h => h.Name)))}}
            # a second signal, or nobody who reads this any more, leaves no key behind, and no terminal without its echo
            finish() {
                trap '' HUP INT PIPE QUIT TERM; trap - EXIT
                [ -z "$ECHO" ] || stty "$ECHO" || :
                [ -n "$W" ] || return 0
                rm -rf "$W/ca"; for h in $HOSTS; do to "$h" -O exit >/dev/null 2>&1 || :; done; rm -rf "$W"
            }
            trap finish EXIT
            trap 'finish; exit 130' HUP INT PIPE QUIT TERM
            W=$(mktemp -d "${TMPDIR:-/tmp}/pemha.XXXXXX")

            # to HOST [OPTION]... [COMMAND]: ssh, with one connection for each host that later calls use again
            to() {
                h=$1; shift
                case $h in
            {{Lines(hosts.Select(h => $"    {Sh.Quote(h.Name)}) set -- {Sh.Join([.. SshSession.Of(h).Arguments])} \"$@\" ;;"))}}
                esac
                ${SSH:-ssh} -o ControlMaster=auto -o ControlPersist=60 -o "ControlPath=$W/%C" "$@"
            }
            quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }
            # on HOST VARIABLE...: the script on standard input runs there as root; the variables go with it, in no command line
            on() {
                h=$1; shift
                case $h in
            {{Lines(hosts.Select(h => $"    {Sh.Quote(h.Name)}) root={(SshSession.Of(h).IsRoot ? "" : "'sudo -n '")} ;;"))}}
                esac
                {
                    for name; do
                        eval "value=\$$name"
                        printf '%s=%s\n' "$name" "$(quoted "$value")"
                    done
                    # a connection lost half-way starts nothing, and ends no command in its middle: the host goes on, and remembers
                    echo "D=/run/pemha-$ID; N=$N"; echo '{'; functions
                    printf 'at_work %s %s %s %s\n' "$ID-$N-$$" "$(quoted "$(id -un)@$(uname -n)")" $$ "'runbook $ID: change $N'"
                    echo 'if grep -qsx "$N" "$D"; then exit 0; fi; ( exec 9>&-; set -e'; cat; echo
                    echo ') </dev/null >"$T/out" 2>"$T/err"; r=$?; [ $r != 0 ] || [ "$N" = 0 ] || echo "$N" >> "$D"'
                    echo 'cat "$T/out"; cat "$T/err" >&2; exit $r'; echo '}'
                } | to "$h" -T "${root}setsid -w sh"
            }
            todo() { N=0; if grep -qsx "$1" "$DONE"; then return 1; fi; printf '[%s/{{changes.Count}}] %s\n' "$1" "$2"; }
            did() { echo "$N" >> "$DONE"; }
            # need VARIABLE MEANING: asks for a secret that is not there
            need() {
                eval "value=\${$1-}"; [ -z "$value" ] || return 0
                [ -t 0 ] || { echo "$1 is not set: $2" >&2; exit 2; }
                printf '%s (%s): ' "$2" "$1" >&2
                ECHO=$(stty -g); stty -echo; IFS= read -r "$1" || { echo >&2; exit 2; }; stty "$ECHO"; ECHO=; echo >&2
            }
            functions() { cat <<'FUNCTIONS'
            {{(RemoteScript.Head(HostLock.Exclusive, LockWait) + Prelude.For(cluster) + Recipe.Functions).TrimEnd('\n')}}
            FUNCTIONS
            }
            {{Recipe.LocalFunctions}}
            {{Lines(changes.SelectMany(c => c.Recipe.Secrets).Distinct().Select(v => $"need {v} {Sh.Quote(Meaning(v))}"))}}
            for h in $HOSTS; do to "$h" -T true </dev/null || { echo "$h cannot be reached" >&2; exit 1; }; done

            """ + body + "echo 'Done: every change is made.'\n";
    }

    /// <summary>What a secret is.</summary>
    public static string Meaning(string variable) => variable switch
    {
        "AUTHORITY_PASSWORD" => "password of the certificate authority's key",
        "KEY_PASSWORD" => "password of the keys in the folder of certificates",
        _ => $"password of the database role {variable["PASSWORD_".Length..]}",
    };

    static string Change(int number, PlannedChange planned)
    {
        var (change, recipe) = planned;
        var sent = string.Concat((recipe.Sent ?? recipe.Secrets).Select(v => " " + v));
        var text = recipe.Script.TrimEnd('\n');
        // No line of a script can pass for the mark behind it.
        var mark = "SH";
        while (text.Split('\n').Contains(mark)) mark += "_";
        var n = number.ToString(CultureInfo.InvariantCulture);
        var local = recipe.Local.Length > 0 ? recipe.Local.TrimEnd('\n') + "\n" : "";
        return $"""
            if todo {n} {Sh.Quote($"{change.HostName}: {change.Action} {change.Resource}")}; then
            {local}N={n}; on {Sh.Quote(change.HostName)}{sent} <<'{mark}'
            {text}
            {mark}
            did; fi

            """;
    }

    static string Lines(IEnumerable<string> lines) => string.Join('\n', lines);
}
