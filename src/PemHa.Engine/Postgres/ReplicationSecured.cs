using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>
/// No standby of this server streams in clear (P28): a connection that was made before TLS was on outlives every rule, so it is ended
/// once, and the standby comes back over TLS.
/// </summary>
sealed class ReplicationSecured(PemHost host) : Resource
{
    const string Plain = "FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE client_addr IS NOT NULL AND NOT ssl";

    public override string Name => "replication over TLS";

    public override string Probe => ServerFacts.Probe;

    /// <summary>The standbys of a first deployment came back over TLS when they began to check their primary (Set-PemSsl).</summary>
    public override Facts? Blank => Facts.Of(("up", "1"), ("plain", "0"));

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!facts.Is("up")) throw Database.Missing("it does not run");
        if (facts.Count("plain") == 0) return null;
        const string End = $"SELECT pg_terminate_backend(pid) {Plain}";
        return new Change("end", $"{End};  -- {facts["plain"]} in clear on {host.Name}", $$"""
            S=$(echo "SELECT count(*) FROM pg_stat_replication WHERE client_addr IS NOT NULL" | sql postgres)
            echo {{Remote.Sh.Quote(End)}} | sql postgres >/dev/null
            Q="SELECT count(*) >= $S AND bool_and(ssl) FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE client_addr IS NOT NULL"
            back() { [ "$(echo "$Q" | sql postgres)" = t ]; }
            wait_for 60 back || fail "not every standby came back over TLS; see the log of $PGSERVICE here and there"
            """);
    }
}
