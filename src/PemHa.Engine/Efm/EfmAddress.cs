using System.Globalization;
using System.Net;

namespace PemHa.Engine.Efm;

/// <summary>
/// The forms in which EFM may print a node. An IPv6 address can have Java's form, <c>fd16:161:0:0:0:0:0:200</c>, and
/// EFM 5.1 prints the name of a node whose <c>bind.address</c> holds one. PemHa compares addresses in the form of
/// <see cref="IPAddress"/> only.
/// </summary>
static class EfmAddress
{
    /// <summary>The usual form of an IPv6 address; any other word stays as it is.</summary>
    public static string Canonical(string word) =>
        word.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(word, out var address)
            ? address.ToString()
            : word;

    /// <summary>
    /// The address of the described node that a word in EFM's output refers to; the word itself if it matches no node.
    /// </summary>
    public static string Of(PemCluster cluster, string word)
    {
        var canonical = Canonical(word);
        if (cluster.Hosts.Any(h => h.Address == canonical)) return canonical;

        var named = cluster.Hosts.FirstOrDefault(h => Names(h).Contains(canonical, StringComparer.OrdinalIgnoreCase));
        return named?.Address ?? canonical;
    }

    /// <summary>Every form in which EFM may print a node, in lower case.</summary>
    public static IReadOnlyList<string> Spellings(PemHost host) =>
        [
            .. Names(host)
                .Prepend(AsJava(host.Address))
                .Prepend(host.Address)
                .Select(w => w.ToLowerInvariant())
                .Distinct(),
        ];

    /// <summary>
    /// Eight groups without leading zeros and without <c>::</c>, as Java's <c>Inet6Address.getHostAddress</c> prints
    /// them.
    /// </summary>
    public static string AsJava(string address)
    {
        if (!address.Contains(':', StringComparison.Ordinal)) return address;
        if (!IPAddress.TryParse(address, out var ip)) return address;

        var groups = ip.GetAddressBytes()
            .Chunk(2)
            .Select(b => ((b[0] << 8) | b[1]).ToString("x", CultureInfo.InvariantCulture));
        return string.Join(':', groups);
    }

    static IEnumerable<string> Names(PemHost host) => new[] { host.Name, host.HostName, host.DnsName }.OfType<string>();
}
