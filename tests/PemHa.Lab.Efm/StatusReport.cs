using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace PemHa.Lab.Efm;

/// <summary>The status as text and as JSON, in the documented shape, with the documented exit code. [F1] [F2] [F3]</summary>
static class StatusReport
{
    internal const string Safe = "Standby database(s) in sync with primary. It is safe to promote.";
    internal const string NotInSync = "One or more standby databases are not in sync with the primary database.";
    internal const string NoStandby = "No standby databases were found.";
    internal const string NoPrimary = "No primary database was found.";

    /// <summary>With the mutation B11, both forms write addresses as Java does.</summary>
    internal static string Text(StatusData status) => Text(status, Mutations.Has("B11"));

    internal static string Text(StatusData status, bool asJava)
    {
        if (asJava) status = AsJava(status);
        var width = status.Nodes.Select(n => n.Address.Length).Append(20).Max();
        var text = new StringBuilder();
        text.Append($"Cluster Status: {status.Cluster}\n\n");
        text.Append($"\tAgent Type  {"Address".PadRight(width)} DB       VIP\n");
        text.Append('\t').Append('-', 44 + width).Append('\n');
        foreach (var node in Sorted(status.Nodes, n => n.Address))
            Row(text, $"{node.Type,-11} {node.Address.PadRight(width)} {node.Db,-8} {node.Vip}{(node.VipActive ? "*" : "")}");
        text.Append($"\nAllowed node host list:\n\t{List(status.Allowed)}\n");
        text.Append($"\nMembership coordinator: {status.Coordinator}\n");
        // The report of a lone node ends here. [R3]
        if (status.Nodes.Count == 1) return text.ToString();
        text.Append($"\nStandby priority host list:\n\t{List(status.Priority)}\n");
        Promote(status, width, text);
        var idle = Sorted(status.Wal.Where(w => w.Idle), w => w.Address).ToList();
        if (idle.Count == 0) return text.ToString();
        text.Append("\nIdle Node Status (idle nodes ignored in WAL LSN comparisons):\n\n");
        text.Append($"\t{"Address".PadRight(width)} WAL Received LSN   WAL Replayed LSN   Info\n");
        text.Append('\t').Append('-', 43 + width).Append('\n');
        foreach (var row in idle)
            Row(text, $"{row.Address.PadRight(width)} {row.Received,-18} {row.Replayed,-18} {row.Info}");
        return text.ToString();
    }

    internal static string Json(StatusData status) => Json(status, Mutations.Has("B11"));

    internal static string Json(StatusData status, bool asJava)
    {
        if (asJava) status = AsJava(status);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, IndentSize = 4 }))
        {
            json.WriteStartObject();
            json.WriteStartObject("nodes");
            foreach (var node in Sorted(status.Nodes, n => n.Address))
                Node(json, node, status.Wal.FirstOrDefault(w => w.Address == node.Address));
            json.WriteEndObject();
            Array(json, "allowednodes", status.Allowed);
            json.WriteString("membershipcoordinator", status.Coordinator);
            Array(json, "failoverpriority", status.Priority);
            json.WriteNumber("minimumstandbys", status.MinimumStandbys);
            Array(json, "missingnodes", status.Missing);
            Array(json, "messages", Problem(status) is { } problem ? [problem] : []);
            json.WriteEndObject();
        }
        return Differing(Encoding.UTF8.GetString(buffer.ToArray()) + "\n");
    }

    /// <summary>
    /// The forms that a real product may print as well: names in other case, a boolean as text, a line before the JSON.
    /// [B17]
    /// </summary>
    static string Differing(string json)
    {
        if (Mutations.Has("KEYCASE"))
        {
            json = json
                .Replace("\"nodes\"", "\"Nodes\"", StringComparison.Ordinal)
                .Replace("\"lsnReceive\"", "\"LsnReceive\"", StringComparison.Ordinal)
                .Replace("\"allowednodes\"", "\"allowedNodes\"", StringComparison.Ordinal);
        }
        if (Mutations.Has("VIPTEXT"))
        {
            json = json.Replace("\"vip_active\": true", "\"vip_active\": \"true\"", StringComparison.Ordinal)
                .Replace("\"vip_active\": false", "\"vip_active\": \"false\"", StringComparison.Ordinal);
        }
        return Mutations.Has("SAYSMORE") ? "WARNING: a method of sun.misc.Unsafe is deprecated\n" + json : json;
    }

    internal static string NodeJson(NodeInfo node)
    {
        static string Quote(string text) => "\"" + JsonEncodedText.Encode(text) + "\"";
        return $"{{\n  \"type\":{Quote(node.Type.ToString())},\n  \"address\":{Quote(node.Address)},\n  \"db\":{Quote(node.Db)},\n"
            + $"  \"vip\":{Quote(node.Vip)},\n  \"vip_active\":\"{(node.VipActive ? "true" : "false")}\"\n}}\n";
    }

    /// <summary>0 only when every agent runs, every database is up and every standby is in sync.</summary>
    internal static int ExitCode(StatusData status)
    {
        var healthy = status.Nodes.All(n =>
            n.Type is AgentType.Primary or AgentType.Standby or AgentType.Witness && n.Db is "UP" or "N/A");
        return !Mutations.Has("ENDSWITH1") && healthy && Problem(status) == null ? 0 : 1;
    }

    internal static int NodeExitCode(NodeInfo node) => node.Type is AgentType.Idle || node.Db is "DOWN" or "UNKNOWN" ? 1 : 0;

    /// <summary>What stands in the way of a switchover, in the words of the report; null when nothing does.</summary>
    internal static string? Problem(StatusData status)
    {
        var rows = status.Wal.Where(w => !w.Idle).ToList();
        // Also while the agents still report the node with the unknown database as the primary. [R1, B10]
        if (rows.All(w => w.DbType != "Primary")) return NoPrimary;
        if (rows.Any(w => w.DbType == "UNKNOWN")) return NotInSync;
        var standbys = rows.Where(w => w.DbType == "Standby").ToList();
        if (standbys.Count == 0) return NoStandby;
        var primary = Lsn.Parse(rows.First(w => w.DbType == "Primary").Replayed);
        return Decisions.InSync(primary, standbys.Select(s => Lsn.Parse(s.Replayed))) ? null : NotInSync;
    }

    static void Promote(StatusData status, int width, StringBuilder text)
    {
        text.Append("\nPromote Status:\n\n");
        text.Append($"\tDB Type     {"Address".PadRight(width)} WAL Received LSN   WAL Replayed LSN   Info\n");
        text.Append('\t').Append('-', 55 + width).Append('\n');
        // Databases that could not be reached come first. [R1]
        var rows = status.Wal.Where(w => !w.Idle)
            .OrderBy(w => w.DbType switch { "UNKNOWN" => 0, "Primary" => 1, _ => 2 })
            .ThenBy(w => Number(w.Address))
            .ToList();
        foreach (var row in rows)
        {
            var received = row.DbType == "Primary" ? "" : row.Received;
            Row(text, $"{row.DbType,-11} {row.Address.PadRight(width)} {received,-18} {row.Replayed,-18} {row.Info}");
        }
        text.Append($"\n\t{Problem(status) ?? Safe}\n");
    }

    static void Node(Utf8JsonWriter json, NodeInfo node, WalRow? wal)
    {
        json.WriteStartObject(node.Address);
        json.WriteString("type", node.Type.ToString());
        json.WriteString("db", node.Db);
        json.WriteString("vip", node.Vip);
        json.WriteBoolean("vip_active", node.VipActive);
        if (wal != null)
        {
            json.WriteString("lsnReceive", wal is { DbType: "Primary", Idle: false } ? wal.Replayed : wal.Received);
            json.WriteString("lsn", wal.Replayed);
            json.WriteString("lsnInfo", wal.Info);
        }
        json.WriteEndObject();
    }

    static void Array(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    static string List(List<string> addresses) => addresses.Count == 0 ? "(List is empty.)" : string.Join(' ', addresses);

    static void Row(StringBuilder text, string row) => text.Append('\t').Append(row.TrimEnd()).Append('\n');

    static IEnumerable<T> Sorted<T>(IEnumerable<T> items, Func<T, string> address) =>
        items.OrderBy(i => Number(address(i)), StringComparer.Ordinal);

    static StatusData AsJava(StatusData status) => status with
    {
        Nodes = [.. status.Nodes.Select(n => n with { Address = AsJava(n.Address), Vip = AsJava(n.Vip) })],
        Allowed = [.. status.Allowed.Select(AsJava)],
        Coordinator = AsJava(status.Coordinator),
        Priority = [.. status.Priority.Select(AsJava)],
        Missing = [.. status.Missing.Select(AsJava)],
        Wal = [.. status.Wal.Select(w => w with { Address = AsJava(w.Address) })],
    };

    /// <summary>
    /// The form of <c>Inet6Address.getHostAddress</c>: eight groups, none omitted, without leading zeros. [B11]
    /// </summary>
    internal static string AsJava(string address)
    {
        if (!address.Contains(':', StringComparison.Ordinal) || !IPAddress.TryParse(address, out var ip))
            return address;
        return string.Join(':', ip.GetAddressBytes().Chunk(2)
            .Select(b => (b[0] << 8 | b[1]).ToString("x", CultureInfo.InvariantCulture)));
    }

    static string Number(string address) => IPAddress.TryParse(address, out var ip)
        ? string.Concat(ip.GetAddressBytes().Select(b => b.ToString("x2", CultureInfo.InvariantCulture)))
        : address;
}
