using System.Globalization;
using PemHa.Engine.Postgres;
using PemHa.Engine.State;

namespace PemHa.Engine.Pem;

/// <summary>
/// The agents' common user is not a superuser before PEM is configured, whatever became of the run that made it one
/// (R21): a run that was killed could not take that away itself.
/// </summary>
sealed class CommonUserDemoted(string user) : Resource
{
    public override string Name => $"role {user} is not a superuser";

    public override string Probe => "up || exit 0\n"
        // The first superuser of a database keeps what it is, whatever it is called.
        + SqlText.Run("postgres", $"""
            SELECT 'super' || chr(9) || '=1' FROM pg_roles
            WHERE rolname = {SqlText.Literal(user)} AND rolsuper AND oid <> 10
            """);

    public override Change? Compare(Facts facts, bool triggered)
    {
        var statement = $"ALTER ROLE {SqlText.Identifier(user)} NOSUPERUSER;";
        return facts.Is("super") ? new Change("alter", statement, SqlText.Run("postgres", statement)) : null;
    }
}

/// <summary>PEM's database, which its script makes.</summary>
static class PemDatabase
{
    /// <summary>The fact that it is not there yet.</summary>
    public const string Absent = "absent";

    /// <summary>Shell that reports the fact and ends the probe.</summary>
    public const string Probe = """
        up && [ "$(echo "SELECT 1 FROM pg_database WHERE datname = 'pem'" | sql postgres 2>/dev/null)" = 1 ] ||
            { fact absent 1; exit 0; }
        """;
}

/// <summary>
/// Every data node's row of pem.server is flagged as one of the PEM deployment itself (R32): PEM's system jobs run only
/// where a flagged server is the primary, so they would stop with the first failover.
/// </summary>
sealed class PemServersFlagged(PemCluster cluster, int dataNodes) : Resource
{
    const string Row = "row.";

    bool _flagged;

    public override string Name => "data nodes as servers of PEM";

    // What the flag's column is called is on no page: it is looked for by the name that function and documents share.
    public override string Probe
    {
        get
        {
            return $$"""
                {{PemDatabase.Probe}}
                {{SqlText.Run("pem", $"""
                    SELECT 'function' || chr(9) || '=1' WHERE to_regproc('pem.register_pem_server') IS NOT NULL;
                    SELECT '{Row}' || s.id || chr(9) || '=' || coalesce(
                        (SELECT max(f.value) FROM jsonb_each_text(to_jsonb(s)) f
                            WHERE f.key LIKE '%pem_server%'), 'unknown')
                      FROM pem.server s WHERE s.port = {Port} AND coalesce(to_jsonb(s)->>'active', 'true') = 'true'
                      AND s.server IN ({Servers});
                    """)}} 2>/dev/null || :
                """;
        }
    }

    public override Change? Compare(Facts facts, bool triggered)
    {
        // A preview: the script that makes the database has not run yet.
        if (facts.Is(PemDatabase.Absent)) return new Change("flag", Later, SqlText.Run("pem", Later) + " >/dev/null");
        // Once in a run: which column is the flag is our guess, and a row that does not show it is no reason to fail.
        if (!facts.Is("function") || _flagged) return null;
        var flags = Rows(facts)
            .Where(r => facts[r] == "false")
            .Select(r => $"SELECT pem.register_pem_server({r[Row.Length..]});")
            .ToList();
        var text = string.Join('\n', flags);
        _flagged = flags.Count > 0;
        return flags.Count == 0 ? null : new Change("flag", text, SqlText.Run("pem", text) + " >/dev/null");
    }

    string Later => $"""
        DO $$ BEGIN
          IF to_regproc('pem.register_pem_server') IS NOT NULL THEN
            PERFORM pem.register_pem_server(s.id) FROM pem.server s WHERE s.port = {Port} AND s.server IN ({Servers});
          END IF;
        END $$;
        """;

    string Port => cluster.Port.ToString(CultureInfo.InvariantCulture);

    string Servers => string.Join(", ", cluster.Hosts.Where(h => h.Role != PemRole.Witness)
        .SelectMany(h => new[] { h.Address, h.Name }).Append(cluster.VirtualIp).Distinct().Select(SqlText.Literal));

    public override string? Remark(Facts facts) =>
        !facts.Is("function") || Rows(facts).Count() is var rows && rows >= dataNodes ? null
        : $"pem.server has {Rows(facts).Count()} rows of this cluster for {dataNodes} data nodes, so PEM's own jobs "
            + "(purging) and alerts may stop after a failover; "
            + "register the others with pemworker --register-server, then run Install-PemServer again";

    static IEnumerable<string> Rows(Facts facts) =>
        facts.Names
            .Where(n => n.StartsWith(Row, StringComparison.Ordinal) && n[Row.Length..].All(char.IsAsciiDigit))
            .Order(StringComparer.Ordinal);
}

/// <summary>
/// PEM's job that renews certificates leaves certificates of our own alone (B23): it would replace files that it has
/// not made and restart the database under EFM. With sslutils it is PEM's to renew them, and worth a warning: it does
/// so on one node, with a restart (O72).
/// </summary>
sealed class CertificateJob(PemSslModel model) : Resource
{
    const string JobName = "Check CA certificate expiry";

    public override string Name => $"PEM's job '{JobName}'";

    public override string Probe => $$"""
        {{PemDatabase.Probe}}
        {{SqlText.Run("pem", $"""
            SELECT 'enabled' || chr(9) || '=1' FROM pem.job j
            WHERE to_jsonb(j)->>'jobname' = {SqlText.Literal(JobName)} AND to_jsonb(j)->>'jobenabled' = 'true' LIMIT 1
            """)}} 2>/dev/null || :
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        var runs = facts.Is("enabled") || facts.Is(PemDatabase.Absent);
        if (model == PemSslModel.SslUtils || !runs) return null;

        var statement =
            $"UPDATE pem.job SET jobenabled = false WHERE jobname = {SqlText.Literal(JobName)} AND jobenabled;";
        return new Change("disable", statement, SqlText.Run("pem", statement));
    }

    public override string? Remark(Facts facts) => model != PemSslModel.SslUtils || !facts.Is("enabled") ? null
        : $"PEM's job '{JobName}' renews sslutils' certificates on one node and restarts its database, and EFM does "
            + "know; renew them before that (docs/certificates.md), "
            + $"or disable it: UPDATE pem.job SET jobenabled = false WHERE jobname = '{JobName}'";
}
