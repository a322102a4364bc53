using System.Globalization;
using PemHa.Engine.Certificates;
using PemHa.Engine.Efm;
using PemHa.Engine.Pem;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Procedure;

/// <summary>Get-PemClusterStatus: asks databases, agents and hosts, all at once, one round trip each (P21).</summary>
static class StatusReader
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Reads the status; hosts that do not answer are a finding, not an error.</summary>
    public static async Task<IReadOnlyList<PemNodeStatus>> ReadAsync(PemCluster cluster, CancellationToken ct)
    {
        // One agent knows all of them; the others are asked only when it does not answer.
        var hosts = cluster.Hosts.Where(h => h.Session is not null).ToList();
        var sights = (await Task.WhenAll(hosts.Select((h, i) => LookAsync(h, i == 0, ct)))).ToDictionary(s => s.Host);
        EfmStatus? efm = null;
        var said = "";
        foreach (var host in hosts)
        {
            var facts = (host == hosts[0] ? sights[host] : await LookAsync(host, true, ct)).Facts;
            efm = EfmStatus.Parse(facts["status"], cluster);
            if (efm is not null) break;
            if (said.Length == 0) said = LastLine(facts["status"]) ?? LastLine(facts["status.error"]) ?? "";
        }

        var all = cluster.Hosts.Select(h => sights.GetValueOrDefault(h) ?? new Sight(h, new Facts(), NotConnected));
        return Judge(cluster, [.. all], efm, said);
    }

    /// <summary>
    /// The message that <c>efm</c> prints when it has no status; which of the two streams it uses is not documented.
    /// </summary>
    static string? LastLine(string text) => text.Split('\n').Select(l => l.Trim()).LastOrDefault(l => l.Length > 0);

    internal sealed record Sight(PemHost Host, Facts Facts, HostTrouble? Trouble);

    /// <summary>Why a host could not be probed, and what to do about it.</summary>
    internal sealed record HostTrouble(string Message, string Remedy);

    /// <summary>The trouble of a host without a session.</summary>
    internal static readonly HostTrouble NotConnected = new("there is no connection; run Connect-PemHost",
        "Bring the host up where it is down, then Connect-PemHost.");

    /// <summary>The name under which a support bundle stores a host's answer.</summary>
    internal const string Key = "status";

    /// <summary>Probes one host.</summary>
    /// <param name="efm">Whether its agent is asked about the whole cluster.</param>
    /// <param name="sessions">The source of its answers; null for its own session.</param>
    internal static async Task<Sight> LookAsync(
        PemHost host, bool efm, CancellationToken ct, Func<PemHost, IProbeSession>? sessions = null)
    {
        var script = new RemoteScript(Prelude.For(host.Cluster), null);
        script.Add((efm ? EfmStatus.Probe(host.Cluster) + "\n" : "") + $$"""
            ip -o addr | grep -qF {{Sh.Quote($" {host.Cluster.VirtualIp}/")}} && fact vip 1
            fact pemagent "$(systemctl is-active pemagent 2>/dev/null)"
            fact efmagent "$(systemctl is-active "$EFMSERVICE" 2>/dev/null)"
            [ -f "$PGDATA/recovery.conf" ] && fact fenced 1
            [ -f "$PGDATA/PG_VERSION" ] && [ ! -f "$PGDATA/standby.signal" ] && fact primary 1
            for f in "$PGDATA/server.crt" "$PGDATA/root.crt" {{SectionD.PkiFolder}}/*.crt /root/.pem/*.crt; do
                [ ! -f "$f" ] || openssl x509 -noout -checkend {{(int)CertificateFiles.RenewBefore.TotalSeconds}} -in "$f" >/dev/null 2>&1 ||
                    printf '%s\t%s\n' "$f" "$(openssl x509 -noout -enddate -in "$f" 2>/dev/null)"
            done | fact64 ends
            fact authorities "$(cd "$PGDATA" 2>/dev/null &&
                cat root.crt ca_certificate.crt 2>/dev/null | sha256sum | cut -d' ' -f1)"
            [ -s "$PGDATA/root.crt" ] || fact authorities ''
            {{PemSessions.Probe}}
            up || exit 0
            fact up 1
            {{SqlText.Run("postgres", """
                SELECT name || chr(9) || '=' || value FROM (
                  SELECT 'recovery' AS name, pg_is_in_recovery()::text AS value UNION ALL
                  SELECT 'lsn', (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                    ELSE pg_current_wal_lsn() END)::text UNION ALL
                  SELECT 'replay', pg_last_wal_replay_lsn()::text WHERE pg_is_in_recovery() UNION ALL
                  SELECT 'receiver', status || ' ' || sender_host
                  FROM pg_stat_wal_receiver WHERE sender_host IS NOT NULL UNION ALL
                  SELECT 'standby ' || host(client_addr),
                    state || ' ' || coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::text, '')
                  FROM pg_stat_replication WHERE client_addr IS NOT NULL AND NOT pg_is_in_recovery()
                ) f WHERE value IS NOT NULL
                """)}}
            """, stopsOnFailure: false, keys: [Key]);
        try
        {
            var results = await (sessions ?? ProbeSession.Of)(host).RunAsync(script, ct).WaitAsync(Patience, ct);
            return new Sight(host, Facts.Parse(results[0].Output), null);
        }
        catch (PemException e)
        {
            return new Sight(host, new Facts(), new HostTrouble(e.Message, e.Remedy));
        }
        catch (TimeoutException)
        {
            return new Sight(host, new Facts(), new HostTrouble(
                $"it did not answer within {Patience.TotalSeconds:0} s",
                "Its SSH session is open, but a command hangs: look at the host's load and disks, "
                    + "then connect again."));
        }
    }

    static IReadOnlyList<PemNodeStatus> Judge(
        PemCluster cluster, IReadOnlyList<Sight> sights, EfmStatus? efm, string said)
    {
        var primaries = sights.Where(s => s.Facts["recovery"] == "false").ToList();
        var recorded = sights.Select(s => s.Host.Session).OfType<RecordedSession>().FirstOrDefault();
        return StatusJudge.Judge(new StatusView
        {
            Cluster = cluster.Name,
            Nodes = [.. sights.Select(s => new NodeView(Node(s, efm, primaries.Count == 1 ? primaries[0] : null))
            {
                Trouble = s.Trouble?.Message,
                TroubleRemedy = s.Trouble?.Remedy,
                Fenced = s.Facts.Is("fenced"),
                StartsAsPrimary = s.Facts.Is("primary"),
                AgentRuns = s.Trouble is null ? s.Facts["efmagent"] == "active" : null,
                Ending = Ending(s.Facts["ends"]),
                Authorities = s.Facts["authorities"],
                Outlived = PemSessions.Broken(s.Facts),
            })],
            Efm = efm,
            EfmTrouble = efm is null ? said : "",
            VirtualIp = cluster.VirtualIp,
            Service = cluster.ServiceName,
            EfmService = cluster.EfmServiceName,
            EfmLog = $"/var/log/efm-{cluster.EfmVersion}",
            DatabasesAsked = true,
            // The certificates in a bundle are judged as of the time when it was saved.
            Now = recorded?.Saved ?? DateTime.UtcNow,
        });
    }

    /// <summary>Certificates that end soon, or have, each with its date as OpenSSL writes it: a day below ten has a blank before it. One that cannot be read has none.</summary>
    static IReadOnlyList<(string File, DateTime? End)> Ending(string told) =>
    [
        .. told.Split('\n').Select(line => line.Split('\t')).Where(line => line.Length == 2).Select(line => (line[0], DateTime.TryParseExact(line[1],
            "'notAfter='MMM d HH:mm:ss yyyy 'GMT'", CultureInfo.InvariantCulture, DateTimeStyles.AllowInnerWhite | DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var end) ? end : (DateTime?)null)),
    ];

    static PemNodeStatus Node(Sight sight, EfmStatus? efm, Sight? primary)
    {
        var (host, facts) = (sight.Host, sight.Facts);
        var agent = efm?.Nodes.GetValueOrDefault(host.Address);
        var witness = host.Role == PemRole.Witness;
        var sent = primary is null ? [] : primary.Facts[$"standby {host.Address}"].Split(' ');
        return new PemNodeStatus
        {
            Name = host.Name,
            Address = host.Address,
            Cluster = host.Cluster.Name,
            Role = sight.Trouble is not null ? "Unreachable" : witness ? "Witness" : !facts.Is("up") ? "Stopped" : facts["recovery"] == "false" ? "Primary" : "Standby",
            Database = witness ? "N/A" : sight.Trouble is not null ? "UNKNOWN" : facts.Is("up") ? "UP" : "DOWN",
            Efm = agent?.Type ?? "",
            Info = agent?.Info,
            Priority = efm?.Place(host.Address),
            Coordinator = efm?.Coordinator == host.Address,
            VirtualIp = sight.Trouble is null ? facts.Is("vip") : agent?.VirtualIpActive == true,
            Lsn = facts["lsn"] is { Length: > 0 } lsn ? lsn : null,
            ReplayLsn = facts["replay"] is { Length: > 0 } replay ? replay : null,
            Replication = facts["recovery"] != "true" ? null : sent is [{ Length: > 0 } state, ..] ? state : "none",
            LagBytes = sent.Length > 1 && long.TryParse(sent[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var lag) ? Math.Max(0, lag) : null,
            Agent = witness || sight.Trouble is not null ? null : facts["pemagent"] == "active",
        };
    }
}
