using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>A TLS handshake with the running server, checked against our authority and the node's address; nothing less counts as "ssl is on" (T16).</summary>
sealed class TlsProven(PemHost host) : Resource
{
    public override string Name => "TLS handshake";

    public override string Probe => $$"""
        fact64 answer <<E
        $(timeout 10 openssl s_client -starttls postgres -connect {{Sh.Quote(Target)}} -CAfile "$PGDATA/root.crt" -verify_ip {{Sh.Quote(host.Address)}} -verify_return_error </dev/null 2>&1)
        E
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        // A server that refuses TLS shows no certificate, and openssl calls that verified as well.
        if (facts["answer"].Contains("BEGIN CERTIFICATE", StringComparison.Ordinal) && facts["answer"].Contains("Verify return code: 0 (ok)", StringComparison.Ordinal)) return null;
        // Before the reload of this very step there is nothing to prove; the comparison after it is the one that counts.
        return new Change("prove", $"openssl s_client -starttls postgres -connect {Target} -verify_ip {host.Address}", $$"""
            proven() { timeout 10 openssl s_client -starttls postgres -connect {{Sh.Quote(Target)}} -CAfile "$PGDATA/root.crt" -verify_ip {{Sh.Quote(host.Address)}} -verify_return_error </dev/null >"$T/tls" 2>&1; }
            wait_for 10 proven || { tail -n 3 "$T/tls" >&2; fail "the server's certificate does not prove itself"; }
            """);
    }

    string Target => NodeAddress.At(host.Address, host.Cluster.Port);
}
