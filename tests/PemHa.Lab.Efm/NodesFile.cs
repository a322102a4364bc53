using System.Net;

namespace PemHa.Lab.Efm;

/// <summary>The cluster members file: address:port entries separated by white space, without this node's own. [F5]</summary>
static class NodesFile
{
    internal static List<IPEndPoint> Read(string path) => Parse(File.ReadAllText(path));

    internal static List<IPEndPoint> Parse(string text) =>
    [
        .. text.Split('\n').Where(l => !l.TrimStart().StartsWith('#'))
            .SelectMany(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Select(w => IPEndPoint.TryParse(w, out var node) && node.Port > 0 ? node : null).OfType<IPEndPoint>().Distinct(),
    ];

    internal static string Format(ClusterView view, string me) =>
        "# List of node address:port combinations separated by whitespace.\n"
        + string.Join(' ', view.Members.Concat(view.Down).Where(m => m != me).Select(m => $"{Bracketed(m)}:{view.Ports.GetValueOrDefault(m, 7800)}"))
        + "\n";

    static string Bracketed(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
}
