using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PemHa.Engine.Remote;

/// <summary>
/// Finds the address of a node that was described by its name. Rules, configuration files and other nodes need the address that the node
/// itself carries, and no other machine's word is taken for it.
/// </summary>
static class NodeAddress
{
    /// <summary>An address and a port as one word; an IPv6 address stands in brackets.</summary>
    public static string At(string address, int port) =>
        string.Create(CultureInfo.InvariantCulture, $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{port}");

    /// <summary>Asks a node for its address, where that is not known, and notes the name that it was reached under.</summary>
    /// <exception cref="PemException">The name stands for none of the node's addresses, or for several; or the address is another node's.</exception>
    public static async Task FindAsync(PemHost host, SshRoute route, SshSession session, CancellationToken ct)
    {
        var described = host.HostName;
        var reached = route.Node.HostName;
        if (!host.AddressKnown)
        {
            string[] names = [.. new[] { described!, reached }.Distinct()];
            var found = Found.Parse(await session.AskAsync(Script(names), ct), names);
            // Behind a jump host the admin's machine may know another machine by the name.
            var here = route.Jumps.Count == 0 ? await HereAsync(reached, ct) : [];
            var address = Choose(host, found, here);
            try
            {
                host.Resolve(address);
            }
            catch (ArgumentException e)
            {
                throw new PemException("HostConflict", Trouble.InvalidArgument, $"{described} is {address}: {e.Message.Split(" (Parameter", 2)[0]}",
                    "Describe each node once, by a name of its own.");
            }
            if (found.Named[0].Count > 0) host.DnsName = described;
        }
        if (!IPAddress.TryParse(reached, out _)) host.DnsName = reached;
    }

    /// <summary>Every node's address goes into the files of the others, so no step begins before all are known.</summary>
    /// <exception cref="PemException">A node was described by its name and never connected.</exception>
    public static void Require(PemCluster cluster, string step)
    {
        if (cluster.Hosts.FirstOrDefault(h => !h.AddressKnown) is { } host)
            throw new PemException("AddressUnknown", Trouble.ObjectNotFound, $"Nobody has asked {host.Name} yet which address {host.Address} is.",
                $"Connect-PemHost asks it; of a node that is down, say it: New-PemHost -Address IP -HostName {host.Address}.")
            { Host = host, Step = step };
    }

    /// <summary>What a node says of its addresses.</summary>
    /// <param name="Own">The addresses that it carries, with their prefix lengths; none of loopback or of one link only.</param>
    /// <param name="Named">What each name stands for there.</param>
    /// <param name="Endpoint">The address under which the connection reached it.</param>
    internal sealed record Found(IReadOnlyList<(IPAddress Address, int Prefix)> Own, IReadOnlyList<IReadOnlyList<IPAddress>> Named, IPAddress? Endpoint)
    {
        /// <summary>Reads what <see cref="Script"/> says.</summary>
        public static Found Parse(string output, IReadOnlyList<string> names)
        {
            var lines = output.Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(w => w.Length > 1).ToList();
            var own = new List<(IPAddress, int)>();
            foreach (var words in lines.Where(w => w[0] == "own" && w.Length > 4))
            {
                // own 2: eth0 inet 172.16.161.200/24 brd 172.16.161.255 scope global eth0 …
                var scope = words.SkipWhile(w => w != "scope").ElementAtOrDefault(1);
                var parts = words[4].Split('/');
                if (scope is "host" or "link" || !IPAddress.TryParse(parts[0], out var address)) continue;
                var most = 8 * address.GetAddressBytes().Length;
                var prefix = parts.Length > 1 ? Digits.Whole(parts[1]) : most;
                if (prefix <= most) own.Add((address, prefix.Value));
            }
            return new Found(own,
                [.. names.Select((n, i) => (IReadOnlyList<IPAddress>)[.. lines.Where(w => w[0] == FormattableString.Invariant($"name{i}")).Select(w => Address(w[1])).OfType<IPAddress>().Distinct()])],
                lines.Where(w => w[0] == "endpoint" && w.Length > 3).Select(w => Address(w[3])).FirstOrDefault());
        }
    }

    /// <summary>The shell that tells: not as root, since sudo hides how the connection came in.</summary>
    internal static string Script(IReadOnlyList<string> names) => "PATH=$PATH:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL\nip -o addr | sed 's/^/own /'\n"
        + string.Concat(names.Select((n, i) => $"timeout 10 getent ahosts {Sh.Quote(n)} </dev/null | sed 's/^/name{i.ToString(CultureInfo.InvariantCulture)} /'\n"))
        + "echo \"endpoint ${SSH_CONNECTION:-}\"\n";

    /// <summary>The one address that is meant.</summary>
    /// <param name="here">What the name stands for on the admin's machine.</param>
    internal static string Choose(PemHost host, Found found, IReadOnlyList<IPAddress> here)
    {
        var cluster = host.Cluster;
        var virtualIp = IPAddress.Parse(cluster.VirtualIp);
        // The node's own word first; a name that it maps to loopback, or does not know, says nothing.
        IEnumerable<IPAddress>[] words = [.. found.Named, found.Endpoint is null ? here : here.Append(found.Endpoint)];
        var carried = words.Select(w => found.Own.Where(o => w.Contains(o.Address) && !o.Address.Equals(virtualIp)).DistinctBy(o => o.Address).ToList())
            .FirstOrDefault(c => c.Count > 0) ?? [];
        var meant = Narrow(Narrow(Narrow(carried,
            o => o.Address.AddressFamily == virtualIp.AddressFamily),
            o => InNetwork(virtualIp, o.Address, o.Prefix)),
            o => o.Address.Equals(found.Endpoint));
        return meant.Count == 1 ? meant[0].Address.ToString()
            : throw new PemException("AddressUnknown", Trouble.ObjectNotFound,
                meant.Count == 0 ? $"{host.HostName} stands for none of the node's own addresses ({Joined(found.Own)})."
                    : $"{host.HostName} stands for several of the node's own addresses: {Joined(meant)}.",
                $"Say which one the cluster uses: New-PemHost -Address IP -HostName {host.HostName}.");
    }

    static List<(IPAddress Address, int Prefix)> Narrow(List<(IPAddress Address, int Prefix)> among, Func<(IPAddress Address, int Prefix), bool> better) =>
        among.Count > 1 && among.Where(better).ToList() is { Count: > 0 } narrowed ? narrowed : among;

    static bool InNetwork(IPAddress one, IPAddress other, int prefix)
    {
        byte[] a = one.GetAddressBytes(), b = other.GetAddressBytes();
        return a.Length == b.Length && Enumerable.Range(0, prefix).All(bit => ((a[bit / 8] ^ b[bit / 8]) & (0x80 >> (bit % 8))) == 0);
    }

    static string Joined(IEnumerable<(IPAddress Address, int)> addresses) =>
        string.Join(", ", addresses.Select(a => a.Address.ToString())) is { Length: > 0 } text ? text : "it carries none";

    static IPAddress? Address(string text) => IPAddress.TryParse(text.Split('%')[0], out var address) ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address : null;

    static async Task<IReadOnlyList<IPAddress>> HereAsync(string name, CancellationToken ct)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(name, ct);
        }
        catch (SocketException)
        {
            return [];
        }
    }
}
