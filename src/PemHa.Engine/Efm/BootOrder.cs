using PemHa.Engine.State;

namespace PemHa.Engine.Efm;

/// <summary>
/// A systemd drop-in that keeps an old primary from coming back as a second one when its host boots (T13; EFM's manual, "Using autostart
/// for the database servers"): the agent starts before the database, and one that sees another primary fences its own.
/// </summary>
/// <remarks>An order and no dependency: each of the two may be stopped and started without the other (P29).</remarks>
sealed class BootOrder(PemHost host, bool wanted) : ManagedFile
{
    /// <summary>Where it lies.</summary>
    public static string PathOf(PemCluster cluster) => $"/etc/systemd/system/{cluster.ServiceName}.service.d/pemha-boot-order.conf";

    public override string Probe => $$"""
        {{base.Probe}}
        fact reload "$(systemctl show -p NeedDaemonReload --value "$PGSERVICE" 2>/dev/null)"
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        const string Reload = "systemctl daemon-reload";
        var folder = Remote.Sh.Quote(Path[..Path.LastIndexOf('/')]);
        if (!wanted)
        {
            if (!facts.Has("file.text")) return null;
            var path = Remote.Sh.Quote(Path);
            return new Change("remove", UnifiedDiff.Of(Path, facts["file.text"], ""), $"rm -f {path} {path}.pemha-*; rmdir {folder} 2>/dev/null || :\n{Reload}\n");
        }
        if (base.Compare(facts, triggered) is { } change)
        {
            string Loaded(string text) => $"mkdir -p {folder}\n{text}{Reload}\n";
            return change with { Apply = Loaded(change.Apply), Recipe = new Recipe(Loaded(change.Recipe.Script)) };
        }
        // An earlier run was cut between the two.
        return facts["reload"] == "yes" ? new Change("reload", Reload, Reload) : null;
    }

    // An agent that could not start (no network yet, no ping server) cannot look for another primary: a database that would be one then
    // waits for a person. A standby does no harm, and a start by hand, after the boot, is not hindered.
    protected override string Edit(string? current, Facts facts)
    {
        var (cluster, efm) = (host.Cluster, host.Cluster.EfmServiceName);
        var waits = $"{efm} did not start, so another primary may have taken over unseen: this one waits for systemctl start {cluster.ServiceName}.";
        string[] passes =
        [
            $"test -e {cluster.DataDirectory}/standby.signal", $"! systemctl -q is-failed {efm}.service",
            "! systemctl is-system-running | grep -qx -e initializing -e starting",
        ];
        return $$"""
            # Written by PemHa; New-PemEfmCluster -BootGuard None takes it away.
            [Unit]
            After={{efm}}.service

            [Service]
            ExecStartPre=+/bin/sh -c '{{string.Join(" || ", passes)}} || { echo "{{waits}}" >&2; exit 1; }'

            """;
    }
}
