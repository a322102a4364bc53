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

    /// <summary>
    /// The fragment that reports the output of <c>efm cluster-status-json</c> as fact <c>status</c>, empty when no
    /// agent responds, and its error messages as <c>status.error</c>. The exit status is ignored: it says nothing about
    /// the output (row 35 of the assumptions).
    /// </summary>
    public static string Probe(PemCluster cluster) => $$"""
        fact64 status <<E
        $({{Sh.Quote(cluster.EfmCommand)}} cluster-status-json {{Sh.Quote(cluster.Name)}} 2>"$T/efm.error")
        E
        fact64 status.error < "$T/efm.error"
        :
        """;

    /// <summary>
    /// A shell function for wait loops, which run on the host without a JSON parser: <c>efm_status</c> puts the status
    /// into <c>$S</c>, without white space and in lower case.
    /// </summary>
    public static string Function(PemCluster cluster) => $$"""
        efm_status() {
            S=$({{Sh.Quote(cluster.EfmCommand)}} cluster-status-json {{Sh.Quote(cluster.Name)}} 2>/dev/null |
                tr -d ' \t\n' | tr A-Z a-z)
        }
        """;

    /// <summary>
    /// A shell condition: the variable contains one of the spellings of the node, followed by <paramref name="after"/>.
    /// </summary>
    public static string Mentions(string variable, PemHost host, string after)
    {
        var patterns = EfmAddress.Spellings(host).Select(s => $"*{Sh.Quote($"\"{s}\"{after}")}*");

        return $"case \"${variable}\" in {string.Join('|', patterns)}) ;; *) return 1;; esac";
    }

    /// <summary>Reads the JSON text.</summary>
    /// <param name="json">What the command printed.</param>
    /// <param name="cluster">The described cluster: its nodes get their described addresses. Null without a
    /// description.</param>
    /// <returns>Null when it is not such a status.</returns>
    public static EfmStatus? Parse(string json, PemCluster? cluster = null)
    {
        try
        {
            // Java, or a wrapper script around efm, may print messages before the JSON.
            var (from, to) = (json.IndexOf('{', StringComparison.Ordinal), json.LastIndexOf('}'));
            if (to < from || from < 0) return null;
            using var document = JsonDocument.Parse(json.AsMemory(from, to - from + 1));
            return Of(document.RootElement, cluster);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // Half a surrogate pair is no text either.
            return null;
        }
    }

    /// <summary>The status in a JSON value; null when there is none. Values of an unexpected kind count as missing.</summary>
    public static EfmStatus? Of(JsonElement root, PemCluster? cluster = null)
    {
        string Address(string word) => cluster is null ? EfmAddress.Canonical(word) : EfmAddress.Of(cluster, word);

        try
        {
            if (Property(root, "nodes") is not { ValueKind: JsonValueKind.Object } nodes) return null;
            return new EfmStatus
            {
                Nodes = nodes.EnumerateObject().DistinctBy(n => Address(n.Name))
                    .ToDictionary(n => Address(n.Name), n => Node(n.Value), StringComparer.Ordinal),
                AllowedNodes = [.. List(root, "allowednodes").Select(Address)],
                Coordinator = Text(root, "membershipcoordinator") is { } coordinator ? Address(coordinator) : null,
                FailoverPriority = [.. List(root, "failoverpriority").Select(Address)],
                MissingNodes = [.. List(root, "missingnodes").Select(Address)],
                MinimumStandbys = Property(root, "minimumstandbys") is { ValueKind: JsonValueKind.Number } least
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
        Text(node, "agent") == "DOWN" ? "DOWN" : Text(node, "type") ?? "",
        Text(node, "db") ?? "",
        EfmAddress.Canonical(Text(node, "vip") ?? ""),
        Flag(node, "vip_active"),
        Lsn(node, "lsnReceive", "xlogReceive"),
        Lsn(node, "lsn", "xlog"),
        Text(node, "lsnInfo") ?? Text(node, "xloginfo"));

    static string? Lsn(JsonElement node, string name, string older) =>
        (Text(node, name) ?? Text(node, older)) is { } lsn && lsn != EfmNode.Unknown ? lsn : null;

    /// <summary>
    /// A property, its name in any case: sources differ about <c>xlogReceive</c> and <c>xLogReceive</c> (B17).
    /// </summary>
    static JsonElement? Property(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object) return null;
        if (element.TryGetProperty(name, out var exact)) return exact;

        var other = element.EnumerateObject()
            .FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            .Value;
        return other.ValueKind == JsonValueKind.Undefined ? null : other;
    }

    static string? Text(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.String } value
            && value.GetString() is { Length: > 0 } text
                ? text
                : null;

    /// <summary>A boolean, or the text that node-status-json prints instead (B17).</summary>
    static bool Flag(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.True }
        || "true".Equals(Text(element, name), StringComparison.OrdinalIgnoreCase);

    static IReadOnlyList<string> List(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.Array } value
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

    /// <summary>
    /// The database type in the node's row where it differs from the agent's type, as after a manual promotion. The
    /// text report only.
    /// </summary>
    public string? RowType { get; init; }

    /// <summary>
    /// Whether EFM reports that the database accepts writes although its agent is not the primary's: an old primary
    /// that was started by hand after a failover is Idle, and its text is "DB is not in recovery." (R1, B3).
    /// </summary>
    public bool WritesBesides => Type is not ("Primary" or "Promoting")
        && (RowType == "Primary" || Info?.Contains("not in recovery", StringComparison.OrdinalIgnoreCase) == true);
}
