using System.Text.RegularExpressions;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>
/// A standby checks whom it streams from, by the authority's certificate and the address (<c>verify-full</c>). Set once TLS is proven
/// on every node; EFM changes the host only when it points a standby at another primary (F6), and every node's certificate stands for
/// its own.
/// </summary>
/// <param name="names">What the nodes' certificates stand for.</param>
sealed partial class ReplicationVerified(PemHost host, IReadOnlyCollection<string> names) : Resource
{
    public override string Name => "standby's check of its primary";

    public override string Probe => ServerFacts.Probe;

    /// <summary>A standby as the base backup leaves it.</summary>
    public override Facts? Blank => Facts.Of(("up", "1"), ("recovery", host.Role == PemRole.Standby ? "true" : "false"),
        ("setting.primary_conninfo", $"host={names.First()} sslmode=prefer"));

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!facts.Is("up")) throw Database.Missing("it does not run");
        if (facts["recovery"] != "true" || Remark(facts) is not null || Word(facts, "sslmode") is "verify-full" or "verify-ca") return null;
        var upstream = Word(facts, "host");
        return new Change("edit", $"ALTER SYSTEM SET primary_conninfo = '… {Words}';  -- on {host.Name}, which streams from {upstream}", Apply);
    }

    /// <summary>One that somebody else made goes on as it is where this would cut it off, or bring its password to light.</summary>
    public override string? Remark(Facts facts)
    {
        if (facts["recovery"] != "true" || !facts.Has("setting.primary_conninfo")) return null;
        if (Word(facts, "password") is not null)
            return "its primary_conninfo holds a password and stays as it is: move that to .pgpass, then run Set-PemSsl again, so that the "
                + "standby checks its primary's certificate.";
        return Word(facts, "host") is { } upstream && names.Contains(upstream) ? null
            : $"it streams from {Word(facts, "host") ?? "an unnamed host"}, which no certificate of the nodes stands for, and does not check "
                + "whom it meets there.";
    }

    /// <summary>libpq before 15 does not look for addresses among a certificate's names.</summary>
    string Mode => host.Cluster.PostgresVersion >= 15 ? "verify-full" : "verify-ca";

    string Words => $"sslmode={Mode} sslrootcert={Quoted($"{host.Cluster.DataDirectory}/root.crt")}";

    // What does not stream then, for whatever reason, does as before.
    string Apply => $$"""
        secure() {
            sql postgres -v words="$1" <<'SQL'
        SELECT regexp_replace(current_setting('primary_conninfo'), '(^|\s)(sslmode|sslrootcert)\s*=\s*(''(\\.|[^''\\])*''|\S+)', '', 'g')
            || ' ' || :'words' AS conninfo \gset
        ALTER SYSTEM SET primary_conninfo = :'conninfo';
        SELECT pg_reload_conf() \g /dev/null
        SQL
        }
        verified() { [ "$({{SqlText.Run("postgres", $@"SELECT status = 'streaming' AND conninfo ~ '(^|\s)sslmode={Mode}(\s|$)' FROM pg_stat_wal_receiver")}})" = t ]; }
        W=$({{SqlText.Run("postgres", @"SELECT substring(current_setting('primary_conninfo') FROM '(?:^|\s)sslmode\s*=\s*([a-z-]+)')")}})
        secure {{Sh.Quote(Words)}}
        wait_for 30 verified || {
            secure "sslmode=${W:-prefer}"
            fail "it does not stream with sslmode={{Mode}}, and goes on without: $(cat "$PGDATA"/log/*.log 2>/dev/null | tail -n 3)"
        }
        """;

    /// <summary>What a word of the standby's connection string says; the last of several counts.</summary>
    static string? Word(Facts facts, string name) => Pair().Matches(facts["setting.primary_conninfo"])
        .LastOrDefault(m => m.Groups[1].Value == name)?.Groups[2].Value.Trim('\'');

    /// <summary>A value as a connection string holds it.</summary>
    internal static string Quoted(string value) => value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-') ? value
        : $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"(?<=^|\s)(\w+)\s*=\s*('(?:\\.|[^'\\])*'|\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Pair();
}
