using System.Text.Json;
using PemHa.Engine.Remote;

namespace PemHa.Engine.Efm;

/// <summary>What <c>efm cluster-status-json</c> tells (F2), of EFM 4 and 5.</summary>
sealed record EfmStatus
{
    public required IReadOnlyDictionary<string, EfmNode> Nodes { get; init; }

    public IReadOnlyList<string> AllowedNodes { get; init; } = [];

    public string? Coordinator { get; init; }

    public IReadOnlyList<string> FailoverPriority { get; init; } = [];

    public IReadOnlyList<string> MissingNodes { get; init; } = [];

    public IReadOnlyList<string> Messages { get; init; } = [];

    /// <summary>The fragment that tells the JSON text as fact <c>status</c>; empty when no agent answers.</summary>
    public static string Probe(PemCluster cluster) =>
        $"fact64 status <<E\n$({Sh.Quote(cluster.EfmCommand)} cluster-status-json {Sh.Quote(cluster.Name)} 2>/dev/null)\nE\n:";

    /// <summary>Reads the JSON text.</summary>
    /// <returns>Null when it is not such a status.</returns>
    public static EfmStatus? Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("nodes", out var nodes) || nodes.ValueKind != JsonValueKind.Object) return null;
            return new EfmStatus
            {
                Nodes = nodes.EnumerateObject().DistinctBy(n => n.Name).ToDictionary(n => n.Name, n => Node(n.Value), StringComparer.Ordinal),
                AllowedNodes = List(root, "allowednodes"),
                Coordinator = Text(root, "membershipcoordinator"),
                FailoverPriority = List(root, "failoverpriority"),
                MissingNodes = List(root, "missingnodes"),
                Messages = List(root, "messages"),
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static EfmNode Node(JsonElement node) => new(
        Text(node, "type") ?? "", Text(node, "db") ?? "", Text(node, "vip") ?? "",
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty("vip_active", out var active) && active.ValueKind == JsonValueKind.True,
        Text(node, "lsnReceive") ?? Text(node, "xlogReceive"), Text(node, "lsn") ?? Text(node, "xlog"), Text(node, "lsnInfo") ?? Text(node, "xloginfo"));

    static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    static IReadOnlyList<string> List(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)] : [];
}

/// <summary>One node of an <see cref="EfmStatus"/>.</summary>
/// <param name="Type">Primary, Standby, Witness, Idle, Promoting (F1).</param>
/// <param name="Database">UP, DOWN, UNKNOWN, N/A.</param>
sealed record EfmNode(string Type, string Database, string VirtualIp, bool VirtualIpActive, string? ReceivedLsn, string? Lsn, string? Info);
