using System.Globalization;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>A server restarted because it says that a setting waits for it (P29), with its EFM agent out of the way and everybody healthy before and after (T17).</summary>
sealed class ServerRestarted(PemHost host, int standbys, bool primary, bool force) : Resource
{
    bool _restarted;

    public override string Name => $"service {host.Cluster.ServiceName}";

    // A standby that was cut off comes back by itself, at its next try: where there is something to restart, that is waited for.
    public override string Probe => $$"""
        agent_active && fact agent 1
        {{Ready}}
        server >/dev/null
        if {{(force ? "up" : "grep -q '^pending' \"$T/server\" 2>/dev/null")}} && ! ready; then wait_for 30 ready && rm -f "$T/server"; fi
        {{ServerFacts.Probe}}
        """;

    string Ready => $$"""
        ready() { [ "$(echo {{Sh.Quote(primary
            ? $"SELECT count(*) >= {standbys} FROM pg_stat_replication WHERE state = 'streaming'"
            : "SELECT status = 'streaming' FROM pg_stat_wal_receiver")}} | sql postgres 2>/dev/null)" = t ]; }
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (_restarted && facts.Is("up")) return null;
        if (!facts.Is("up"))
            throw new PemException("ClusterUnhealthy", Trouble.InvalidOperation, $"The database on {host.Name} does not run; nothing is restarted around it.",
                $"Look at its log, start it (systemctl start {host.Cluster.ServiceName}), then run Invoke-PemRollingRestart again.");
        if (!facts.Has("pending") && !force) return null;
        if (primary ? facts.Count("streaming") < standbys : !facts["receiver"].StartsWith("streaming ", StringComparison.Ordinal))
            throw new PemException("ClusterUnhealthy", Trouble.InvalidOperation,
                primary ? $"Only {facts["streaming"]} of {standbys} standbys stream from {host.Name}; it is not restarted." : $"{host.Name} does not stream; it is not restarted.",
                "Mend replication first (Get-PemClusterStatus shows it), then run Invoke-PemRollingRestart again.");
        _restarted = true;
        var agent = facts.Is("agent");
        var text = $"systemctl restart {host.Cluster.ServiceName}";
        if (agent) text = $"systemctl stop {host.Cluster.EfmServiceName}\n{text}\nsystemctl start {host.Cluster.EfmServiceName}";
        return new Change("restart", facts.Has("pending") ? $"{text}  # for {facts["pending"]}" : text, $$"""
            {{(agent ? "systemctl stop \"$EFMSERVICE\"" : "")}}
            B=; systemctl restart "$PGSERVICE" || B=1
            {{Ready}}
            [ -n "$B" ] || wait_for 120 ready || B=1
            {{(agent ? "systemctl start \"$EFMSERVICE\"" : "")}}
            [ -z "$B" ] || fail "$PGSERVICE or its replication did not come back; see its log"
            """);
    }
}
