using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;

namespace PemHa.Commands;

/// <summary>Makes a cluster of a topology file: gives what it holds to <c>New-PemCluster</c> and <c>New-PemHost</c>, and tells where what these refuse is written.</summary>
sealed class TopologyReader(TopologyProblems problems)
{
    // A command with a parameter that it does not have binds, and so judges, the others, and then does not run.
    const string Unknown = "PemTopologyJudgesOnly";

    /// <summary>The hosts; of no use when there are problems.</summary>
    public IReadOnlyList<PemHost> Read(TopologyTable file)
    {
        var hosts = file.Entries.FirstOrDefault(e => Same(e.Key, TopologySchema.Hosts));
        var keys = Known(file, TopologySchema.Cluster, TopologySchema.Hosts);
        var cluster = (PemCluster?)Make<NewPemClusterCommand>(file, keys, TopologySchema.Cluster, []);
        if (hosts is null || hosts.Value is TopologyList { Items.Count: 0 } or TopologyValue { Value: null })
        {
            problems.Add(hosts?.At ?? file.At, $"{TopologySchema.Hosts} is missing: a list of tables, @( @{{ Address = …; Role = … }} ).");
            return [];
        }
        // Hosts can be judged although their cluster cannot be made.
        cluster ??= new PemCluster("efm", keys.GetValueOrDefault("VirtualIp")?.Value is TopologyValue { Value: string ip } && ip.Split('/')[0] is { Length: > 0 } address && address.Trim().Length > 0 ? address : "0.0.0.0");
        foreach (var item in hosts.Value is TopologyList list ? list.Items : [hosts.Value])
        {
            if (item is TopologyTable host)
                Make<NewPemHostCommand>(host, Known(host, TopologySchema.Host), TopologySchema.Host, new() { [nameof(NewPemHostCommand.Cluster)] = cluster });
            else if (item is not TopologyRefused) problems.Add(item.At, "A host is a table, @{ Address = …; Role = … }.");
        }
        return cluster.Hosts;
    }

    /// <summary>The entries that a command has a parameter for; $null is as if left out.</summary>
    Dictionary<string, TopologyEntry> Known(TopologyTable table, IReadOnlyDictionary<string, PropertyInfo> schema, params string[] more)
    {
        var known = new Dictionary<string, TopologyEntry>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in table.Entries)
        {
            if (schema.ContainsKey(entry.Key))
            {
                if (entry.Value is not TopologyValue { Value: null }) known.Add(entry.Key, entry);
            }
            else if (TextTable.IsSecret(entry.Key)) problems.Add(entry.At, TextTable.NoSecrets(entry.Key) + ".");
            else if (!more.Contains(entry.Key, StringComparer.OrdinalIgnoreCase))
                problems.Add(entry.At, $"{entry.Key} is no key here{Near(entry.Key, [.. schema.Values.Select(p => p.Name), .. more])}");
        }
        return known;
    }

    object? Make<TCommand>(TopologyTable table, Dictionary<string, TopologyEntry> keys, IReadOnlyDictionary<string, PropertyInfo> schema, Dictionary<string, object?> fixedOnes)
    {
        var missing = schema.Values.Where(p => TopologySchema.IsMandatory(p) && !keys.ContainsKey(p.Name)).Select(p => p.Name).ToList();
        if (missing.Count > 0) problems.Add(table.At, $"{string.Join(" and ", missing)} {(missing.Count > 1 ? "are" : "is")} missing.");
        var given = keys.Where(k => Fits(k.Value, schema[k.Key].PropertyType)).ToDictionary(k => k.Key, k => k.Value, StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            // A command that misses a mandatory parameter would ask for it.
            var whole = schema.Values.All(p => !TopologySchema.IsMandatory(p) || given.ContainsKey(p.Name));
            RuntimeException? refusal = null;
            try
            {
                if (whole) return Invoke<TCommand>(fixedOnes.Concat(given.Select(g => KeyValuePair.Create(g.Key, Value(g.Value.Value)))));
            }
            catch (RuntimeException e)
            {
                refusal = e;
            }
            var bad = given.Values.Where(e => !Binds<TCommand>(e)).Select(e => e.Key).ToList();
            if (bad.Count == 0 && refusal is not null) bad = Locate(refusal, table, given.Values) is { } key ? [key] : [];
            // What is left is judged once more without them: the body of a command tells one thing at a time.
            if (bad.Count == 0) return null;
            foreach (var key in bad) given.Remove(key);
        }
    }

    /// <summary>Whether a value has the shape of its parameter; PowerShell would make something of nearly everything.</summary>
    bool Fits(TopologyEntry entry, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(Hashtable))
        {
            if (entry.Value is not TopologyTable table) return entry.Value is TopologyRefused ? false : Wrong(entry.Value, "must be a table, @{ … }");
            return table.Entries.Select(e => e.Value switch
            {
                TopologyRefused => false,
                TopologyValue { Value: not null } => true,
                _ => Wrong(e.Value, $"must hold one value for {e.Key}"),
            }).ToList().TrueForAll(f => f);
        }
        var one = type.IsArray ? type.GetElementType()! : type;
        if (entry.Value is TopologyList list)
            return type.IsArray ? list.Items.Select(i => One(i, one)).ToList().TrueForAll(f => f) : Wrong(list, "must be one value, not a list");
        return One(entry.Value, one);

        bool One(TopologyNode node, Type want) => node switch
        {
            TopologyRefused => false,
            TopologyValue { Value: null } => Wrong(node, "cannot hold $null"),
            TopologyValue { Value: bool } when want != typeof(bool) && want != typeof(SwitchParameter) => Wrong(node, "cannot be $true or $false"),
            TopologyValue { Value: not string } when want.IsEnum => Wrong(node, $"must be one of {string.Join(", ", Enum.GetNames(want))}"),
            TopologyValue { Fraction: true } when want == typeof(int) => Wrong(node, "must be a whole number"),
            TopologyValue => true,
            _ => Wrong(node, node is TopologyTable ? "cannot be a table" : "cannot hold a list in a list"),
        };

        bool Wrong(TopologyNode node, string why)
        {
            problems.Add(node.At, $"{entry.Key} {why}.");
            return false;
        }
    }

    bool Binds<TCommand>(TopologyEntry entry)
    {
        // Of a list each value is judged by itself, so that the one can be told.
        if (entry.Value is TopologyList { Items: [_, _, ..] } list) return list.Items.Select(i => Binds<TCommand>(entry with { Value = i })).ToList().TrueForAll(b => b);
        try
        {
            Invoke<TCommand>([new(entry.Key, Value(entry.Value)!), new(Unknown, true)]);
        }
        catch (ParameterBindingException e) when (!Same(e.ParameterName, Unknown))
        {
            problems.Add(entry.Value.At, $"{entry.Key}: {(e.InnerException ?? e).Message}");
            return false;
        }
        catch (ParameterBindingException)
        {
            // All others were bound.
        }
        return true;
    }

    /// <summary>Reports a refusal where what it is about is written; the key, when it is one's.</summary>
    string? Locate(RuntimeException refusal, TopologyTable table, IEnumerable<TopologyEntry> entries)
    {
        var record = refusal.ErrorRecord;
        var about = (record.Exception.InnerException as ArgumentException)?.ParamName;
        foreach (var entry in entries)
        {
            var at = Same(entry.Key, about) ? entry.Value.At : about is null ? About(entry.Value, record.TargetObject) : null;
            if (at is null) continue;
            problems.Add(at, record.Exception.InnerException is ArgumentException inner ? Plain(inner) : record.Exception.Message);
            return entry.Key;
        }
        problems.Add(table.At, record.Exception.Message);
        return null;
    }

    // The command says it without the name of a parameter in C#.
    static string Plain(ArgumentException e) => e.Message.Split(" (Parameter '", 2)[0];

    static IScriptExtent? About(TopologyNode node, object? target) => node switch
    {
        TopologyValue { Value: { } value } when Same(value.ToString(), target?.ToString()) => node.At,
        TopologyList list => list.Items.Select(i => About(i, target)).FirstOrDefault(a => a is not null),
        TopologyTable table => table.Entries.FirstOrDefault(e => Same(e.Key, target?.ToString()))?.At,
        _ => null,
    };

    static object? Value(TopologyNode node) => node switch
    {
        TopologyValue one => one.Value,
        TopologyList list => list.Items.Select(Value).ToArray(),
        TopologyTable table => table.Entries.Aggregate(new Hashtable(StringComparer.Ordinal), (t, e) =>
        {
            t[e.Key] = Value(e.Value);
            return t;
        }),
        _ => null,
    };

    static object? Invoke<TCommand>(IEnumerable<KeyValuePair<string, object?>> parameters)
    {
        var name = typeof(TCommand).GetCustomAttribute<CmdletAttribute>()!;
        // By its class: whatever a session calls by that name is not run.
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace).AddCommand(new CmdletInfo($"{name.VerbName}-{name.NounName}", typeof(TCommand)));
        foreach (var (key, value) in parameters) shell.AddParameter(key, value);
        return shell.Invoke().Single().BaseObject;
    }

    static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    static string Near(string key, IReadOnlyList<string> names)
    {
        var (name, distance) = names.Select(n => (n, Distance(key.ToUpperInvariant(), n.ToUpperInvariant()))).MinBy(n => n.Item2);
        return distance <= Math.Max(2, key.Length / 3) ? $"; is {name} meant?" : $": there are {string.Join(", ", names)}.";
    }

    static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var (diagonal, left) = (row[0], row[0] = i);
            for (var j = 1; j <= b.Length; j++)
            {
                left = Math.Min(Math.Min(row[j], left) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                (diagonal, row[j]) = (row[j], left);
            }
        }
        return row[^1];
    }
}
