using System.Globalization;
using System.Net;

namespace PemHa.Lab.Efm;

/// <summary>A properties file that was read and found valid.</summary>
sealed class EfmProperties
{
    readonly Dictionary<string, string> values;

    EfmProperties(string cluster, Dictionary<string, string> values)
    {
        Cluster = cluster;
        this.values = values;
        BindAddress = IPEndPoint.TryParse(values.GetValueOrDefault("bind.address", ""), out var bind)
            ? bind
            : new IPEndPoint(IPAddress.None, 0);
    }

    internal string Cluster { get; }

    internal IPEndPoint BindAddress { get; }

    internal string Address => BindAddress.Address.ToString();

    internal bool IsWitness => Flag("is.witness");

    /// <summary>The port on which load balancers look for the primary; null when there is none. [G5]</summary>
    internal int? HealthPort => values.GetValueOrDefault("primary.health.check.port", "") is { Length: > 0 } port
        ? int.Parse(port, CultureInfo.InvariantCulture)
        : null;

    internal string VirtualIp => this["virtual.ip"];

    internal bool HasVirtualIp => VirtualIp.Length > 0;

    /// <summary>The value; empty for a property that this version does not know.</summary>
    internal string this[string name] => values.TryGetValue(name, out var v) && v.Length > 0 ? v : Default(name);

    /// <summary>Whether it is set otherwise; one that this version does not know is not.</summary>
    internal bool IsChanged(string name) => values.ContainsKey(name) && this[name] != Default(name);

    internal bool Flag(string name) => this[name] == "true";

    internal int Number(string name) => int.Parse(this[name], CultureInfo.InvariantCulture);

    internal TimeSpan Seconds(string name) => TimeSpan.FromSeconds(Number(name));

    /// <summary>What all agents of a cluster must agree on, in a form that can be compared and shown.</summary>
    internal Dictionary<string, string> Shared()
    {
        var shared = PropertyCatalogue.All.Where(p => p.SameEverywhere).ToDictionary(p => p.Name, p => this[p.Name]);
        if (Flag("virtual.ip.single")) shared["virtual.ip"] = VirtualIp;
        return shared;
    }

    /// <summary>Reads the key=value form: no quotes, backslash at the end of a line continues it, later lines win.</summary>
    internal static Dictionary<string, string> Read(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var pending = "";
        foreach (var raw in text.Split('\n'))
        {
            var line = pending + raw.TrimEnd('\r').TrimStart();
            pending = "";
            if (line.Length == 0 || line[0] is '#' or '!') continue;
            if (line.EndsWith('\\'))
            {
                pending = line[..^1];
                continue;
            }
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) values[line.Trim()] = "";
            else values[line[..equals].Trim()] = line[(equals + 1)..].Trim();
        }
        return values;
    }

    /// <summary>Every reason why an agent must not start with this file; empty when it may. [F5]</summary>
    internal static EfmProperties Parse(string cluster, string text, out List<string> errors)
    {
        var values = Read(text);
        var found = errors = [];
        foreach (var name in values.Keys.Where(n => PropertyCatalogue.All.All(p => p.Name != n)))
            found.Add($"Invalid property name found in the properties file: {name}");
        var witness = values.GetValueOrDefault("is.witness") == "true";
        foreach (var fact in PropertyCatalogue.All)
        {
            var value = values.GetValueOrDefault(fact.Name, "");
            if (value.Length == 0)
            {
                var scripted = values.GetValueOrDefault("script.db.password", "").Length > 0;
                if (fact.Name == "db.password.encrypted" && scripted) continue;
                if (fact.Needed == Needed.Always || (fact.Needed == Needed.DataNode && !witness))
                    found.Add($"The required property {fact.Name} has no value.");
                continue;
            }
            if (value is ['\'', ..] or ['"', ..]) found.Add($"Quoted values are not allowed: {fact.Name}");
            else if (!Fits(fact.Kind, value)) found.Add($"Invalid value for property {fact.Name}: {value}");
        }
        var properties = new EfmProperties(cluster, values);
        Check(properties, values, found);
        return properties;
    }

    static void Check(EfmProperties properties, Dictionary<string, string> values, List<string> found)
    {
        if (values.GetValueOrDefault("bind.address", "").Length > 0
            && (properties.BindAddress.Port == 0 || !values["bind.address"].Contains(':', StringComparison.Ordinal)))
            found.Add($"Invalid value for property bind.address: {values["bind.address"]} (the form is <ip>:<port>)");
        // verify-full exists from 5.3 on [G4].
        var modes = string.CompareOrdinal(StandIn.Version, "5.3") < 0
            ? "disable, verify-ca and require"
            : "disable, verify-ca, verify-full and require";
        if (!modes.Split(", ").SelectMany(m => m.Split(" and ")).Contains(properties["jdbc.sslmode"]))
        {
            found.Add(
                $"Invalid value for property jdbc.sslmode: {properties["jdbc.sslmode"]} "
                    + $"({StandIn.Version} knows {modes})");
        }
        if (properties["notification.level"] is not ("INFO" or "WARNING" or "SEVERE"))
            found.Add($"Invalid value for property notification.level: {properties["notification.level"]}");
        if (properties["user.email"].Length == 0 && properties["script.notification"].Length == 0)
            found.Add("One of the properties user.email and script.notification must have a value.");
        if (!properties.HasVirtualIp) return;
        foreach (var name in new[] { "virtual.ip.interface", "virtual.ip.prefix" })
            if (properties[name].Length == 0) found.Add($"The property {name} is required when virtual.ip is set.");
        if (properties["virtual.ip.prefix"] is { Length: > 0 } prefix && (!int.TryParse(prefix, out var bits) || bits is < 1 or > 128))
            found.Add($"Invalid value for property virtual.ip.prefix: {prefix}");
    }

    static string Default(string name) => PropertyCatalogue.All.FirstOrDefault(p => p.Name == name)?.Default ?? "";

    static bool Fits(PropertyKind kind, string value) => kind switch
    {
        PropertyKind.Flag => value is "true" or "false",
        PropertyKind.Seconds => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _),
        PropertyKind.Port => ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0,
        _ => true,
    };
}
