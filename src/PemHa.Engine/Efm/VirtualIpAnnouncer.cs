using System.Text.RegularExpressions;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Efm;

/// <summary>
/// Has a data node announce an IPv6 virtual IP when it takes it. EFM announces IPv4 addresses only, so neighbours would
/// send to the old owner for about 40 s (B4, measured on EFM 5.4).
/// </summary>
/// <remarks>
/// The kernel sends an unsolicited neighbour advertisement for an address that has passed duplicate address detection
/// where <c>ndisc_notify</c> of its interface is set (Linux 4.15, so RHEL 8 and later). It does so whatever adds the
/// address: a promotion, an agent's start, a rehearsal. A script that EFM calls (<c>script.post.promotion</c>) would
/// run as user efm, need a raw socket, and see promotions only.
/// </remarks>
sealed partial class VirtualIpAnnouncer(PemHost host, bool wanted) : ManagedFile
{
    /// <summary>Path of the file that sets it at each boot.</summary>
    public static string PathOf(PemCluster cluster) => $"/etc/sysctl.d/60-pemha-{cluster.Name}.conf";

    /// <summary>Whether a cluster has an address that nobody announces.</summary>
    public static bool Concerns(PemCluster cluster) => cluster.VirtualIp.Contains(':', StringComparison.Ordinal);

    public override string Probe => $$"""
        {{base.Probe}}
        {{FindNic}}
        fact interface "$N"; fact notify "$(cat "/proc/sys/net/ipv6/conf/$N/ndisc_notify" 2>/dev/null)"
        """;

    string FindNic => $"N={(host.Cluster.VirtualIpInterface is { } given ? Sh.Quote(given) : $"$(nic {Sh.Quote(host.Address)} | cut -d' ' -f1)")}";

    /// <summary>The setting takes effect at once; the file repeats it at each boot.</summary>
    const string Apply = "echo 1 > \"/proc/sys/net/ipv6/conf/$N/ndisc_notify\"";

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!wanted)
        {
            if (!facts.Has("file.text")) return null;
            var off = $"{FindNic}\nrm -f {Sh.Quote(Path)}\necho 0 > \"/proc/sys/net/ipv6/conf/$N/ndisc_notify\"\n";
            return new Change("remove", UnifiedDiff.Of(Path, facts["file.text"], ""), off);
        }
        if (!NicName().IsMatch(facts["interface"]))
        {
            throw new PemException("AnswerUnfit", Trouble.InvalidResult, $"{host.Name} names no interface that carries {host.Address}.",
                "Check the interfaces of the host (ip addr).");
        }
        if (base.Compare(facts, triggered) is { } change)
        {
            return change with
            {
                Apply = $"{change.Apply}{FindNic}\n{Apply}\n",
                Recipe = new Recipe($"{FindNic}\nrewrite {Sh.Quote(Path)} {Rights} <<TEXT\n{Text("$N")}TEXT\n{Apply}\n"),
            };
        }
        return facts["notify"] == "1" ? null : new Change("apply", $"net.ipv6.conf.{facts["interface"]}.ndisc_notify = 1", $"{FindNic}\n{Apply}\n");
    }

    public override string? Remark(Facts facts) => wanted ? null
        : $"EFM does not announce the IPv6 virtual IP {host.Cluster.VirtualIp}: after each move clients on its network may reach the old owner for about 40 s.";

    protected override string Edit(string? current, Facts facts) => Text(facts["interface"]);

    // With slashes a name may hold dots, as those of VLANs do (sysctl.d(5)).
    static string Text(string nic) => $"""
        # Written by PemHa: announce the virtual IP, an IPv6 address, to the neighbours when this node takes it.
        # New-PemEfmCluster -VirtualIpAnnouncer None removes this file.
        net/ipv6/conf/{nic}/ndisc_notify = 1

        """;

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NicName();
}
