using System.Text.RegularExpressions;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Efm;

/// <summary>
/// Makes a data node announce an IPv6 virtual IP when it takes over the address. EFM announces IPv4 addresses only, so
/// neighbours would send to the old owner for about 40 s (B4, measured on EFM 5.4).
/// </summary>
/// <remarks>
/// If <c>ndisc_notify</c> of an interface is set (Linux 4.15, so RHEL 8 and later), the kernel sends an unsolicited
/// neighbour advertisement for each address that has passed duplicate address detection, no matter what added it: a
/// promotion, the start of an agent, a rehearsal. A script that EFM calls (<c>script.post.promotion</c>) would run as
/// user efm, need a raw socket, and see promotions only.
/// </remarks>
sealed partial class VirtualIpAnnouncer(PemHost host, bool wanted) : ManagedFile
{
    /// <summary>Path of the file that applies the setting at each boot.</summary>
    public static string PathOf(PemCluster cluster) => $"/etc/sysctl.d/60-pemha-{cluster.Name}.conf";

    /// <summary>Whether the virtual IP is an IPv6 address, which EFM does not announce.</summary>
    public static bool Concerns(PemCluster cluster) => cluster.VirtualIp.Contains(':', StringComparison.Ordinal);

    public override string Probe => $$"""
        {{base.Probe}}
        {{FindNic}}
        fact interface "$N"; fact notify "$(cat "/proc/sys/net/ipv6/conf/$N/ndisc_notify" 2>/dev/null)"
        """;

    string FindNic
    {
        get
        {
            var nic = host.Cluster.VirtualIpInterface is { } given
                ? Sh.Quote(given)
                : $"$(nic {Sh.Quote(host.Address)} | cut -d' ' -f1)";

            return $"N={nic}";
        }
    }

    /// <summary>Applies the setting at once; the file applies it at each boot.</summary>
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
            throw new PemException("AnswerUnfit", Trouble.InvalidResult,
                $"{host.Name} names no interface that carries {host.Address}.",
                "Check the interfaces of the host (ip addr).");
        }
        if (base.Compare(facts, triggered) is { } change)
        {
            var rewrite = $"rewrite {Sh.Quote(Path)} {Rights} <<TEXT\n{Text("$N")}TEXT\n";
            return change with
            {
                Apply = $"{change.Apply}{FindNic}\n{Apply}\n",
                Recipe = new Recipe($"{FindNic}\n{rewrite}{Apply}\n"),
            };
        }
        if (facts["notify"] == "1") return null;

        var summary = $"net.ipv6.conf.{facts["interface"]}.ndisc_notify = 1";
        return new Change("apply", summary, $"{FindNic}\n{Apply}\n");
    }

    public override string? Remark(Facts facts) => wanted
        ? null
        : $"EFM does not announce the IPv6 virtual IP {host.Cluster.VirtualIp}: "
            + "after each move clients on its network may reach the old owner for about 40 s.";

    protected override string Edit(string? current, Facts facts) => Text(facts["interface"]);

    // Slashes as separators allow dots in the interface's name, as VLANs have them (sysctl.d(5)).
    static string Text(string nic) => $"""
        # Written by PemHa: announce the virtual IP, an IPv6 address, to the neighbours when this node takes it.
        # New-PemEfmCluster -VirtualIpAnnouncer None removes this file.
        net/ipv6/conf/{nic}/ndisc_notify = 1

        """;

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NicName();
}
