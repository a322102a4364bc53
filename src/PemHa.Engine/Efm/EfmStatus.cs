using System.Text.Json;
using PemHa.Engine.Remote;

namespace PemHa.Engine.Efm;

/// <summary>What EFM 4 and 5 tell of a cluster, as JSON (F2) or as text (F1).</summary>
sealed record EfmStatus
{
    /// <summary>The cluster's name; only the text tells it.</summary>
    public string? Cluster { get; init; }

    public required IReadOnlyDictionary<string, EfmNode> Nodes { get; init; }

    public IReadOnlyList<string> AllowedNodes { get; init; } = [];

    public string? Coordinator { get; init; }

    public IReadOnlyList<string> FailoverPriority { get; init; } = [];

    public IReadOnlyList<string> MissingNodes { get; init; } = [];

    /// <summary>As many standbys must be left after a failover; only the JSON tells it.</summary>
    public int MinimumStandbys { get; init; }

    /// <summary>What EFM thinks is wrong; in the text its last sentence, unless that says that all is well.</summary>
    public IReadOnlyList<string> Messages { get; init; } = [];

    /// <summary>A standby's place in the failover order, from 1; null when it has none.</summary>
    public int? Place(string address) =>
        FailoverPriority.Contains(address) ? 1 + FailoverPriority.TakeWhile(a => a != address).Count() : null;

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
            return Of(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // Half a surrogate pair is no text either.
            return null;
        }
    }

    /// <summary>The status in a JSON value; null when there is none. Values of an unexpected kind count as missing.</summary>
    public static EfmStatus? Of(JsonElement root)
    {
        try
        {
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("nodes", out var nodes)
                || nodes.ValueKind != JsonValueKind.Object) return null;
            return new EfmStatus
            {
                Nodes = nodes.EnumerateObject().DistinctBy(n => n.Name)
                    .ToDictionary(n => n.Name, n => Node(n.Value), StringComparer.Ordinal),
                AllowedNodes = List(root, "allowednodes"),
                Coordinator = Text(root, "membershipcoordinator"),
                FailoverPriority = List(root, "failoverpriority"),
                MissingNodes = List(root, "missingnodes"),
                MinimumStandbys = root.TryGetProperty("minimumstandbys", out var least) && least.ValueKind == JsonValueKind.Number
                    && least.TryGetInt32(out var n) ? n : 0,
                Messages = List(root, "messages"),
            };
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in an escape, in a name or a value: JSON by its grammar, but no text.
            return null;
        }
    }

    static EfmNode Node(JsonElement node) => new(
        Text(node, "agent") == "DOWN" ? "DOWN" : Text(node, "type") ?? "", Text(node, "db") ?? "", Text(node, "vip") ?? "",
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty("vip_active", out var active)
            && active.ValueKind == JsonValueKind.True,
        Lsn(node, "lsnReceive", "xlogReceive"), Lsn(node, "lsn", "xlog"), Text(node, "lsnInfo") ?? Text(node, "xloginfo"));

    static string? Lsn(JsonElement node, string name, string older) =>
        (Text(node, name) ?? Text(node, older)) is { } lsn && lsn != EfmNode.Unknown ? lsn : null;

    static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            && value.GetString() is { Length: > 0 } text ? text : null;

    static IReadOnlyList<string> List(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)] : [];
}

/// <summary>One node of an <see cref="EfmStatus"/>.</summary>
/// <param name="Type">Primary, Standby, Witness, Idle, Promoting, DOWN (F1).</param>
/// <param name="Database">UP, DOWN, UNKNOWN, N/A.</param>
/// <param name="ReceivedLsn">Null when it is unknown, or the node has none; so is <paramref name="Lsn"/>.</param>
sealed record EfmNode(string Type, string Database, string VirtualIp, bool VirtualIpActive, string? ReceivedLsn, string? Lsn, string? Info)
{
    /// <summary>What both forms say in the place of an LSN that the database did not tell.</summary>
    public const string Unknown = "UNKNOWN";
}
