using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// Every text of SQL that PemHa sends to a host, and whether the server gives the same answer in Redwood mode and in
/// PostgreSQL's (B1, B8). A <c>psql</c> in front of the real one records the input of <c>sql</c> and runs it in both
/// dialects at the same moment.
/// </summary>
static partial class SqlTexts
{
    const string Folder = "/var/tmp/sql-texts";

    /// <summary>
    /// Installs that <c>psql</c> on a host. It answers as the real one does; in addition, it runs the part of a text
    /// before its first change in two sessions whose dialect cannot be changed. It repeats this as needed, because an
    /// answer that changes by itself does not count, nor do the settings that select the dialects when all settings are
    /// printed.
    /// </summary>
    internal const string Watch = $$"""
        mkdir -pm 1777 {{Folder}}
        cd /usr/lib/postgresql/17/bin; [ -e psql.real ] || mv psql psql.real
        cat > psql <<'PSQL'
        #!/bin/bash
        real=/usr/lib/postgresql/17/bin/psql.real
        case " $* " in *' -qAtX '*) ;; *) exec $real "$@" ;; esac
        PATH=/usr/bin:/bin
        T=$(mktemp -d /tmp/sql.XXXXXX); trap 'rm -rf "$T"' EXIT
        case " $* " in *' -c \password'*) exec $real "$@" ;; esac
        cat > "$T/text"
        name=$(sha256sum "$T/text" | cut -c1-16)
        cp "$T/text" {{Folder}}/$name.$$ 2>/dev/null && mv {{Folder}}/$name.$$ {{Folder}}/$name.text
        sed '/CREATE \|ALTER \|GRANT \|REVOKE \|BEGIN;\|pg_terminate\|pg_reload/,$d; s/ \\gset$/\n\\g\n\\gset/' \
            "$T/text" > "$T/asked"
        ask() { $real "$@" < "$T/asked" 2>&1 | sed '/^s[a-z]*\.\(redwood\.\|edb_redwood_\|db_dialect\)/d'; }
        redwood() { PGOPTIONS='-c redwood.fixed=on' ask "$@"; }
        postgres() {
            PGOPTIONS='-c redwood.fixed=on -c redwood.db_dialect=postgres -c redwood.edb_redwood_strings=off' ask "$@"
        }
        if [ -s "$T/asked" ]; then
            for try in 1 2 3 4 5; do
                a=$(redwood "$@"); b=$(postgres "$@"); c=$(redwood "$@")
                [ "$a" != "$b" ] || break
                if [ "$a" = "$c" ]; then
                    printf '%s\n-- Redwood: %s\n-- PostgreSQL: %s\n' "$(cat "$T/asked")" "$a" "$b" \
                        > {{Folder}}/$name.differ
                    break
                fi
            done
        fi
        $real "$@" < "$T/text"
        PSQL
        chmod 755 psql
        """;

    /// <summary>
    /// The records on a host with <see cref="Watch"/>: all texts, or those whose answers differ.
    /// </summary>
    internal static string Told(string what) => $"find {Folder} -name '*.{what}' -exec cat {{}} +";

    /// <summary>
    /// The pieces of SQL in the engine's sources that can have an answer, by file: from a command to the end of its
    /// line, or to the first interpolation. Commands are recognised by their capitals, in which all of them are
    /// written.
    /// </summary>
    internal static IEnumerable<(string File, string Piece)> InSources()
    {
        var engine = Path.Combine(ProcedureLab.Checkout, "src", "PemHa.Engine");
        foreach (var file in Directory.GetFiles(engine, "*.cs", SearchOption.AllDirectories).Order())
        {
            var parts = Path.GetRelativePath(ProcedureLab.Checkout, file).Split(Path.DirectorySeparatorChar);
            // A support bundle shows versions and settings to people, which are just what differs; no decision is based
            // on them.
            if (parts.Contains("obj") || parts.Contains("bin") || parts.Contains("Support")) continue;
            var lines = File.ReadLines(file).Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] is not ('#' or '/'));
            foreach (var line in lines)
                foreach (Match match in Command().Matches(line))
                    yield return (Path.GetFileName(file), Plain(match.Value));
        }
    }

    /// <summary>A text normalised for comparing pieces of it.</summary>
    internal static string Plain(string text) => Blanks().Replace(text, " ").Trim();

    [GeneratedRegex(@"(?<![A-Za-z_])(?:SELECT|WITH|INSERT|UPDATE|DELETE|COPY|DO|SHOW) (?:(?!' \| )[^""{}$])+")]
    private static partial Regex Command();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
