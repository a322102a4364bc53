using PemHa.Engine.Remote;

namespace PemHa.Engine.State;

/// <summary>How a person makes a change by hand, as a runbook tells it: the same commands, with secrets as variables.</summary>
/// <param name="Script">POSIX sh, run as root on the host with <see cref="Prelude"/> and <see cref="Functions"/>; fails when it could not do it.</param>
sealed record Recipe(string Script)
{
    /// <summary>Variables with what the person is asked for; sent along unless <see cref="Sent"/> says otherwise.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>POSIX sh for the admin's own machine, run before; sets variables.</summary>
    public string Local { get; init; } = "";

    /// <summary>Variables that the script gets on standard input, never in a command line; null for <see cref="Secrets"/>.</summary>
    public IReadOnlyList<string>? Sent { get; init; }

    /// <summary>Whether something that runs is stopped for it, or something is taken away, although its action does not say so.</summary>
    public bool Interrupts { get; init; }

    /// <summary>The variable with a user's password; another one for each user, whatever characters the name holds.</summary>
    public static string PasswordOf(string user) =>
        "PASSWORD_" + string.Concat(user.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c.ToString() : $"_{(int)c:X2}_"));

    /// <summary>The shell functions for hosts that recipes are written in, besides the prelude's.</summary>
    public const string Functions = """
        # rewrite PATH [OWNER MODE]: the text on standard input; beside, synced, renamed, one backup kept
        rewrite() {
            base64 -w0 > "$T/text"
            if [ -e "$1" ]; then put_file "$1" "${2:-$(stat -Lc %U:%G "$1")}" "${3:-$(stat -Lc %a "$1")}" "$(sha256sum < "$1" | cut -d' ' -f1)" < "$T/text"
            else put_file "$1" "$2" "$3" - < "$T/text"; fi
        }
        # set_block PATH NAME first|top|end [OWNER MODE]: the lines on standard input between two marks, in place of those that are there;
        # otherwise above our other blocks, below them, or at the end
        set_block() {
            cat > "$T/block"; [ -e "$1" ] && cat "$1" > "$T/before" || : > "$T/before"
            awk -v name="$2" -v where="$3" -v block="$T/block" '
                function bare(l) { sub(/\r$/, "", l); return l }
                function put(  l) { print begin cr; while ((getline l < block) > 0) print l cr; print end cr }
                { line[NR] = $0 }
                END {
                    begin = "# BEGIN PemHa " name; end = "# END PemHa " name; cr = line[1] ~ /\r$/ ? "\r" : ""
                    for (i = 1; i <= NR; i++) { if (bare(line[i]) == begin && !to) from = i; if (from && !to && bare(line[i]) == end) to = i }
                    at = where == "end" ? NR + 1 : 1
                    while (where == "top" && bare(line[at]) ~ /^# BEGIN PemHa /) {
                        last = bare(line[at]); sub(/BEGIN/, "END", last)
                        for (i = at; i <= NR && bare(line[i]) != last; i++);
                        if (i > NR) break
                        at = i + 1
                    }
                    if (to) at = from
                    for (i = 1; i <= NR; i++) { if (i == at) put(); if (!to || i < from || i > to) print line[i] }
                    if (at > NR) put()
                }' "$T/before" > "$T/after"
            rewrite "$1" ${4:+"$4" "$5"} < "$T/after"
        }
        # secure_block PATH NAME: its rules demand TLS
        secure_block() { sed "/^# BEGIN PemHa $2\r*\$/,/^# END PemHa $2\r*\$/s/^host /hostssl /" "$1" > "$T/after"; rewrite "$1" < "$T/after"; }
        # set_properties PATH SAMPLE OWNER MODE: lines NAME=VALUE on standard input, set where they stand, added otherwise
        set_properties() {
            cat > "$T/values"; _s=$1; [ -f "$_s" ] || _s=$2
            awk -v values="$T/values" '
                BEGIN { while ((getline l < values) > 0) { k = substr(l, 1, index(l, "=") - 1); names[++n] = k; wanted[k] = l } }
                # a line that ends in a backslash goes on in the next one
                function goes_on(l, i) { sub(/\r$/, "", l); for (i = length(l); substr(l, i, 1) == "\\"; i--); return (length(l) - i) % 2 }
                more { more = goes_on($0); if (!gone) print; next }
                { k = $0; sub(/\r$/, "", k); sub(/^[ \t]+/, "", k); more = k ~ /^[^#!]/ && goes_on(k); sub(/[=: \t].*/, "", k); gone = k != "" && k in wanted }
                gone { print wanted[k]; seen[k] = 1; next }
                { print }
                END { if (more && !gone) print ""; for (i = 1; i <= n; i++) if (!(names[i] in seen)) print wanted[names[i]] }' "$_s" > "$T/after"
            rewrite "$1" "$3" "$4" < "$T/after"
        }
        # role_password ROLE PASSWORD: psql makes the SCRAM verifier itself, so that no server sees the password
        role_password() { printf '%s\n%s\n' "$2" "$2" | sql postgres -c "\\password $1" 2>"$T/said" || fail "no password for $1: $(tail -n 1 "$T/said")"; }

        """;

    /// <summary>The shell functions for the admin's machine: an authority of our own, by openssl.</summary>
    public const string LocalFunctions = """
        # authority FOLDER NAME: makes one where there is none yet; its key is encrypted with AUTHORITY_PASSWORD
        authority() {
            [ ! -s "$1/ca_certificate.crt" ] || return 0
            ( umask 077; mkdir -p "$1"
            # beside, then renamed: openssl makes its file before it has anything to write
            [ -s "$1/ca_key.key" ] || { K=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256); printf '%s\n' "$K" |
                AUTHORITY_PASSWORD=$AUTHORITY_PASSWORD openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000 -passout env:AUTHORITY_PASSWORD -out "$1/ca_key.key.new"
            mv "$1/ca_key.key.new" "$1/ca_key.key"; }
            self_signed "$1" "$2" )
        }
        self_signed() {
            printf '%s\n' '[req]' 'distinguished_name = dn' '[dn]' '[ca]' 'basicConstraints = critical, CA:TRUE, pathlen:0' \
                'keyUsage = critical, keyCertSign, cRLSign' 'subjectKeyIdentifier = hash' > "$W/config"
            AUTHORITY_PASSWORD=${AUTHORITY_PASSWORD-} openssl req -x509 -new -sha256 -days 3650 -config "$W/config" -extensions ca -subj "/CN=$2" \
                -key "$1/ca_key.key" -passin env:AUTHORITY_PASSWORD -out "$1/ca_certificate.crt.new"
            mv "$1/ca_certificate.crt.new" "$1/ca_certificate.crt"
        }
        # issue FOLDER NAME USAGE DAYS NAMES: a key and a certificate in KEY and CRT, the authority's in ROOT; the key is in memory only
        issue() {
            KEY=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)
            printf '[req]\ndistinguished_name = dn\n[dn]\n' > "$W/config"
            printf '%s\n' "$KEY" | openssl req -new -key /dev/stdin -config "$W/config" -subj "/CN=$2" -out "$W/request"
            printf 'basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\nextendedKeyUsage = %s\n' "$3" > "$W/config"
            [ -z "$5" ] || printf 'subjectAltName = %s\n' "$5" >> "$W/config"
            CRT=$(AUTHORITY_PASSWORD=${AUTHORITY_PASSWORD-} openssl x509 -req -sha256 -days "$4" -in "$W/request" -CA "$1/ca_certificate.crt" \
                -CAkey "$1/ca_key.key" -passin env:AUTHORITY_PASSWORD -set_serial "0x0$(openssl rand -hex 15)" -extfile "$W/config" 2>"$W/said") ||
                { cat "$W/said" >&2; exit 1; }
            ROOT=$(cat "$1/ca_certificate.crt")
        }
        # sslutils_authority HOST NAME: the pair on that host, or a new one, in $W/ca; gone when this script is done
        sslutils_authority() {
            [ ! -d "$W/ca" ] || return 0
            ( umask 077; mkdir "$W/ca"
            on "$1" > "$W/ca/pair" <<'SH'
        [ ! -s "$PGDATA/ca_key.key" ] || cat "$PGDATA/ca_key.key" "$PGDATA/ca_certificate.crt"
        SH
            if [ -s "$W/ca/pair" ]; then
                openssl pkey -in "$W/ca/pair" -out "$W/ca/ca_key.key"; openssl x509 -in "$W/ca/pair" -out "$W/ca/ca_certificate.crt"
            else
                openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out "$W/ca/ca_key.key" 2>/dev/null; self_signed "$W/ca" "$2"
            fi )
        }

        """;
}
