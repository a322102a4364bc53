using System.Globalization;
using System.Net;
using PemHa.Engine.Pem;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Checks;

/// <summary>The machines themselves: tools, clocks, names, SELinux, what earlier runs left.</summary>
static class HostChecks
{
    /// <summary>The check whose fact is measured from here.</summary>
    public const string Clock = "clock";

    /// <summary>Seconds that clocks may differ before somebody should know, and before things break: certificates are not valid yet, heartbeats look old.</summary>
    const decimal Notable = 2, Harmful = 60;

    /// <summary>Commands that the steps use, and the packages of the RHEL family that bring them.</summary>
    static readonly (string Package, string Commands)[] Tools =
    [
        ("coreutils", "base64 cat chown cut date df dirname head install ls mktemp mv readlink sha256sum sort stat sync tail timeout tr"),
        ("gawk", "awk"), ("grep", "grep"), ("sed", "sed"), ("bash", "bash"), ("findutils", "find"), ("glibc-common", "getent"),
        ("util-linux", "flock mountpoint setpriv"), ("systemd", "busctl journalctl systemctl"), ("iproute", "ip ss"), ("iputils", "ping"),
        ("rpm", "rpm"), ("dnf", "dnf"), ("openssl", "openssl"), ("curl", "curl"), ("sudo", "sudo"), ("procps-ng", "ps"),
    ];

    /// <summary>Those that only EFM needs (B14, G60): Install-PemEpas brings them.</summary>
    static readonly string[] Brought = ["sudo", "procps-ng"];

    public static IEnumerable<Check> All(PemCluster cluster) =>
    [
        new("tools", [], _ => $"for c in {string.Join(' ', Tools.Select(t => t.Commands))}; do command -v $c >/dev/null || fact \"missing.$c\" 1; done",
            (host, sights) => MissingTools(sights[host])),
        // A file that another run made is only opened.
        new("other runs", [], _ => """
            [ ! -e /run/lock/pemha.lock ] || flock -sn /run/lock/pemha.lock true ||
                { fact busy 1; fact who "$(cut -sf4,6 /run/lock/pemha.lock | sed 's/\t/, /')"; }
            :
            """, (host, sights) =>
            sights[host].Is("busy") ? Verdict.Warning($"Another run of PemHa changes this host now{(sights[host]["who"] is { Length: > 0 } who ? $": {who}" : "")}.",
                "Wait until it is finished; steps wait for it themselves, 30 s at most.")
            : Verdict.Passed("No other run of PemHa is at work.")),
        new(Clock, ["T1"], _ => ":", JudgeClock),
        new("time service", ["T1"], _ => """
            for s in chronyd chrony ntpd ntpsec ntp systemd-timesyncd; do systemctl -q is-active $s && { fact service $s; break; }; done
            systemd-detect-virt -cq 2>/dev/null && fact container 1
            command -v chronyc >/dev/null && fact leap "$(timeout 5 chronyc -n tracking 2>/dev/null | sed -n 's/^Leap status *: *//p')"
            :
            """, (host, sights) => JudgeTimeService(sights[host])),
        new("names", ["P24"], host => Names(cluster, host), (host, sights) => JudgeNames(cluster, host, sights[host])),
        new("SELinux", ["P37"], _ => "fact mode \"$(getenforce 2>/dev/null)\"", (host, sights) => Verdict.Passed(sights[host]["mode"] switch
        {
            "Enforcing" => "Enforcing; Set-PemWebApplication allows what the web application needs.",
            "Permissive" => "Permissive; Set-PemWebApplication allows what the web application needs.",
            "Disabled" => "Disabled.",
            _ => "Not there.",
        })),
        new("leftovers", ["F8", "T4"], _ => Leftovers(cluster), (host, sights) => JudgeLeftovers(sights[host])),
    ];

    static Verdict MissingTools(Facts facts)
    {
        var all = Tools
            .Select(t => (t.Package, Commands: t.Commands.Split(' ').Where(c => facts.Is($"missing.{c}")).ToList()))
            .Where(t => t.Commands.Count > 0)
            .ToList();
        var missing = all.Where(m => !Brought.Contains(m.Package)).ToList();
        if (missing.Count > 0)
            return Verdict.Failed(
                $"There is no {string.Join(", ", missing.SelectMany(m => m.Commands))}.",
                $"dnf install {string.Join(' ', missing.Select(m => m.Package))}");

        if (all.Count == 0) return Verdict.Passed("All commands that the steps and EFM use are there.");

        var commands = string.Join(", ", all.SelectMany(m => m.Commands));
        var packages = string.Join(", ", all.Select(m => m.Package));
        return Verdict.Passed($"There is no {commands}; Install-PemEpas installs {packages}.");
    }

    /// <summary>Each clock against the middle one of all, this machine's included, so that the wrong one is named and not the others.</summary>
    internal static Verdict JudgeClock(PemHost host, Sights sights)
    {
        static decimal? Number(string text) => decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? number : null;
        if (Number(sights[host]["offset"]) is not { } own) return Verdict.Unknown("It did not tell its time.", "Run `date` there.");
        var all = sights.Values.Select(f => Number(f["offset"])).OfType<decimal>().Append(0).Order().ToList();
        var apart = own - all[(all.Count - 1) / 2];
        var text = string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(apart):0.0} s {(apart < 0 ? "behind" : "ahead of")} the other clocks");
        return Math.Abs(apart) <= Notable ? Verdict.Passed($"It goes with the other clocks, to {Notable} s.")
            : Math.Abs(apart) <= Harmful ? Verdict.Warning($"It is {text}.", "Let a time service set it: systemctl enable --now chronyd; chronyc makestep")
            : Verdict.Failed($"It is {text}: certificates may not be valid yet or any more, and heartbeats look old.",
                "Let a time service set it: systemctl enable --now chronyd; chronyc makestep");
    }

    static Verdict JudgeTimeService(Facts facts) =>
        facts["service"] is { Length: > 0 } service
            ? facts["leap"] == "Not synchronised"
                ? Verdict.Warning($"{service} runs, but has no time from anybody.", "Look at `chronyc sources`: its servers must be reachable.")
                : Verdict.Passed($"{service} keeps its time.")
        : facts.Is("container") ? Verdict.Passed("A container has its machine's clock.")
        : Verdict.Warning("No time service runs, so its clock will go astray.", "dnf install chrony; systemctl enable --now chronyd");

    /// <summary>Names that somebody uses for a node of the cluster or the ping server.</summary>
    static List<(string Name, PemHost? Host)> Used(PemCluster cluster) =>
    [
        .. cluster.Hosts.Where(h => h.DnsName is not null).Select(h => (h.DnsName!, (PemHost?)h)),
        .. IPAddress.TryParse(cluster.PingServer, out _) ? [] : new[] { (cluster.PingServer, (PemHost?)null) },
    ];

    static string Names(PemCluster cluster, PemHost host) => $$"""
        resolve() { fact64 "$1" <<E
        $(timeout 10 getent ahosts "$2" | awk '{ print $1 }' | sort -u)
        E
        }
        fact own.name "$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)"; resolve own "$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)"
        {{string.Join('\n', Used(cluster).Select((n, i) => string.Create(CultureInfo.InvariantCulture, $"resolve name{i} {Sh.Quote(n.Name)}")))}}
        :
        """;

    internal static Verdict JudgeNames(PemCluster cluster, PemHost host, Facts facts)
    {
        var (unknown, wrong) = (new List<string>(), new List<string>());
        if (facts["own"].Trim().Length == 0) unknown.Add($"its own name {facts["own.name"]}");
        foreach (var ((name, node), i) in Used(cluster).Select((n, i) => (n, i)))
        {
            var found = facts[string.Create(CultureInfo.InvariantCulture, $"name{i}")].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Trim()).ToList();
            if (found.Count == 0) unknown.Add(name);
            // A node's own name may be its loopback address, as some distributions have it.
            else if (node is not null && node != host && !found.Contains(node.Address)) wrong.Add($"{name} is {string.Join(" and ", found)}, not {node.Address}");
        }
        const string Remedy = "Put the nodes' names into DNS, or into /etc/hosts of every node.";
        return wrong.Count > 0 ? Verdict.Failed($"Here {string.Join("; ", wrong)}.", Remedy)
            : unknown.Count > 0 ? Verdict.Warning($"It knows no address of {string.Join(", ", unknown)}.", Remedy)
            : Verdict.Passed(Used(cluster).Count == 0 ? "It knows its own name; the cluster goes by addresses." : "It knows every name that is used.");
    }

    /// <summary>The backups that edits keep are none: they are files beside what they are of, and meant to stay.</summary>
    static string Leftovers(PemCluster cluster) => $$"""
        H=$(getent passwd "$PGOWNER" | cut -d: -f6)
        fact64 files <<E
        $(D=$(readlink -m "$PGDATA"); for f in "$D".pemha-old-* "$D".pemha-part "$D"/.pemha.* {{Sh.Quote(cluster.EfmConfigDirectory)}}/.pemha.* {{SectionD.PkiFolder}}/.pemha.* ${H:+"$H"/.pemha.*} \
            /etc/systemd/system/*.service.d/.pemha.* {{PemServer.AgentConfig}}.pemha; do [ ! -e "$f" ] || echo "$f"; done)
        E
        [ -f {{PemServer.InstallConfig}} ] && fact answers 1
        {{PemServer.Configured}} && fact configured 1
        up || exit 0
        fact up 1; [ "$(echo "SELECT 1 FROM pg_database WHERE datname = 'pem'" | sql postgres 2>/dev/null)" != 1 ] || fact database 1
        """;

    internal static Verdict JudgeLeftovers(Facts facts)
    {
        var files = facts["files"].Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        // F8: the script writes its answers down before it has done anything.
        if (facts.Is("answers") && !(facts.Is("configured") && (facts.Is("database") || !facts.Is("up"))))
            return Verdict.Warning(
                $"configure-pem-server.sh began here and did not end: {PemServer.InstallConfig} holds its answers{(facts.Is("up") && !facts.Is("database") ? ", and there is no database pem" : "")}.",
                "Install-PemServer puts those answers aside and configures anew; the vendor's script by itself would take them for yours (F8).");
        return files.Count == 0 ? Verdict.Passed("Nothing half-made is left of an earlier run.")
            : Verdict.Warning($"An earlier run was cut and left {string.Join(", ", files)}.", files.Any(f => f.Contains(".pemha-", StringComparison.Ordinal))
                ? "Run the steps again: Initialize-PemReplica takes an old data directory away once the new standby streams. Look into it before you remove it yourself."
                : "Run the steps again, then remove it.");
    }
}
