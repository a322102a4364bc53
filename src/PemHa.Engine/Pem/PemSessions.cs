using PemHa.Engine.State;

namespace PemHa.Engine.Pem;

/// <summary>
/// PEM before 10.5 does not get over a failover: the web application keeps its connections to the server that is gone,
/// and agents leave a probe alone whose connection was lost (O11). Services that were started before the last failover
/// are told of.
/// </summary>
static class PemSessions
{
    static readonly string[] Services = [UserSettings.Service, "pemagent"];

    /// <summary>
    /// A probe: which services are older than the youngest timeline's history, a file that the server writes when it is
    /// promoted and its standbys fetch when they follow it.
    /// </summary>
    public static readonly string Probe = $$"""
        {{PemVersion.Probe}}
        H=$(ls -t "$PGDATA"/pg_wal/*.history 2>/dev/null | head -n 1)
        if [ -n "$H" ]; then
            read -r u _ < /proc/uptime; n=$(date +%s); h=$(stat -c %Y "$H")
            for s in {{string.Join(' ', Services)}}; do
                m=$(systemctl show -p ActiveEnterTimestampMonotonic --value "$s" 2>/dev/null)
                case $m in
                    ''|0|*[!0-9]*) ;;
                    *) [ $((n - ${u%.*} + m / 1000000)) -ge "$h" ] || fact "outlived.$s" 1 ;;
                esac
            done
        fi
        """;

    /// <summary>The services that want a restart; none from PEM 10.5 on.</summary>
    public static IReadOnlyList<string> Broken(Facts facts) =>
        PemVersion.StaysBroken(PemVersion.Find(facts)) ? [.. Services.Where(s => facts.Is($"outlived.{s}"))] : [];
}
