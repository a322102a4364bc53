using System.Management.Automation;
using System.Reflection;

namespace PemHa.Commands;

/// <summary>The keys of a topology file: the parameters of <c>New-PemCluster</c> and <c>New-PemHost</c>, as these declare them.</summary>
static class TopologySchema
{
    /// <summary>The key of the list of hosts.</summary>
    public const string Hosts = "Hosts";

    public static IReadOnlyDictionary<string, PropertyInfo> Cluster { get; } = Keys(typeof(NewPemClusterCommand));

    /// <summary>Without the cluster, which is the file itself.</summary>
    public static IReadOnlyDictionary<string, PropertyInfo> Host { get; } = Keys(typeof(NewPemHostCommand));

    public static bool IsMandatory(PropertyInfo key) => key.GetCustomAttributes<ParameterAttribute>().Any(p => p.Mandatory);

    static Dictionary<string, PropertyInfo> Keys(Type command) => command.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
        .Where(p => p.GetCustomAttributes<ParameterAttribute>().Any() && p.PropertyType != typeof(PemCluster))
        .ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
}
