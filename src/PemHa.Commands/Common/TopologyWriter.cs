using System.Globalization;
using System.Management.Automation.Language;
using System.Reflection;
using System.Text;

namespace PemHa.Commands;

/// <summary>Writes a cluster as a topology file: what <see cref="TopologyReader"/> makes the same cluster of.</summary>
static class TopologyWriter
{
    public static string Write(PemCluster cluster)
    {
        // What a cluster of these names and versions has by itself needs no line.
        var plain = new PemCluster(cluster.Name, cluster.VirtualIp) { PostgresVersion = cluster.PostgresVersion };
        var text = new StringBuilder("@{\n");
        foreach (var (key, parameter) in TopologySchema.Cluster)
        {
            var value = Value(cluster, key);
            if (key == nameof(PemCluster.Name) || TopologySchema.IsMandatory(parameter) || key == nameof(PemCluster.PostgresVersion)
                || Literal(value) != Literal(Value(plain, key)))
                text.Append(CultureInfo.InvariantCulture, $"    {key} = {Literal(value)}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"    {TopologySchema.Hosts} = @(\n");
        foreach (var host in cluster.Hosts)
        {
            var entries = TopologySchema.Host.Keys.Select(key => (key, value: Value(host, key))).Where(e => e.value is not null)
                .Select(e => $"{e.key} = {Literal(e.value)}");
            text.Append(CultureInfo.InvariantCulture, $"        @{{ {string.Join("; ", entries)} }}\n");
        }
        return text.Append("    )\n}\n").ToString();
    }

    static object? Value(object model, string key) =>
        model is PemCluster { VirtualIpPrefix: { } prefix } cluster && key == nameof(PemCluster.VirtualIp)
            ? string.Create(CultureInfo.InvariantCulture, $"{cluster.VirtualIp}/{prefix}")
            : model.GetType().GetProperty(key, BindingFlags.Instance | BindingFlags.Public)!.GetValue(model);

    static string Literal(object? value) => value switch
    {
        null => "$null",
        bool truth => truth ? "$true" : "$false",
        int number => number.ToString(CultureInfo.InvariantCulture),
        IReadOnlyDictionary<string, string> { Count: 0 } => "@{}",
        IReadOnlyDictionary<string, string> table => $"@{{\n{string.Concat(table.OrderBy(e => e.Key, StringComparer.Ordinal)
            .Select(e => $"        {Literal(e.Key)} = {Literal(e.Value)}\n"))}    }}",
        IEnumerable<string> list => $"@({string.Join(", ", list.Select(Literal))})",
        _ => $"'{CodeGeneration.EscapeSingleQuotedStringContent(Convert.ToString(value, CultureInfo.InvariantCulture))}'",
    };
}
