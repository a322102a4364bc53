using System.Globalization;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Linux;

/// <summary>TCP ports open in a firewalld zone, permanent and live (P5, P37). Without firewalld there is nothing to open.</summary>
sealed class FirewallPorts(string zone, IReadOnlyList<int> ports) : Resource
{
    public override string Name => $"firewall ports {string.Join(", ", ports)}/tcp in zone {zone}";

    // firewall-cmd takes a third of a second to say one thing; the bus and the zone's file say all of it at once.
    public override string Probe => $$"""
        Z={{Sh.Quote(zone)}}
        fact64 live <<E
        $(busctl --auto-start=no call org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 org.fedoraproject.FirewallD1.zone getPorts s "$Z" 2>&1)
        E
        F=/etc/firewalld/zones/$Z.xml; [ -f "$F" ] || F=/usr/lib/firewalld/zones/$Z.xml
        [ -f "$F" ] && fact64 permanent < "$F"
        :
        """;

    public override string? Remark(Facts facts) => Off(facts)
        ? $"firewalld does not run: the ports {string.Join(", ", ports)} are not opened; see to it if another firewall does." : null;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (Off(facts)) return null;
        if (!facts["live"].StartsWith("aas ", StringComparison.Ordinal))
            throw new PemException("FirewallZoneMissing", Trouble.InvalidArgument, $"firewalld does not know the zone {zone}: {facts["live"].Trim()}",
                "Give New-PemCluster -FirewallZone the zone of the cluster's interface (firewall-cmd --get-active-zones).");
        var live = Missing(p => IsOpen(facts, p));
        var permanent = Missing(p => facts["permanent"].Contains($"<port port=\"{p}\" protocol=\"tcp\"/>", StringComparison.Ordinal)
            || facts["permanent"].Contains($"<port protocol=\"tcp\" port=\"{p}\"/>", StringComparison.Ordinal));
        var commands = new List<string>();
        if (permanent.Count > 0) commands.Add($"firewall-cmd -q --permanent {Add(permanent)}");
        if (live.Count > 0) commands.Add($"firewall-cmd -q {Add(live)}");
        var text = string.Join('\n', commands);
        return commands.Count == 0 ? null : new Change("open", text, text);
    }

    /// <summary>Whether a port is open in the zone now.</summary>
    public static bool IsOpen(Facts facts, string port) => facts["live"].Contains($"\"{port}\" \"tcp\"", StringComparison.Ordinal);

    /// <summary>Nobody on the bus answers for it; firewalld's own refusals have names of their own.</summary>
    public static bool Off(Facts facts) => !facts["live"].StartsWith("aas ", StringComparison.Ordinal) && !facts["live"].Contains("ZONE", StringComparison.Ordinal);

    List<string> Missing(Func<string, bool> there) =>
        [.. ports.Select(p => p.ToString(CultureInfo.InvariantCulture)).Where(p => !there(p))];

    string Add(IEnumerable<string> missing) => $"--zone={Sh.Quote(zone)} " + string.Join(' ', missing.Select(p => $"--add-port={p}/tcp"));
}
