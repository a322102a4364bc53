using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using PemHa.Engine.Procedure;

namespace PemHa.Commands;

/// <summary>Completes a parameter's values from what is known here: the session and the module. Never asks a host.</summary>
abstract class PemCompleter : IArgumentCompleter
{
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var word = wordToComplete.Trim('\'', '"');
        return Values(parameterName).Where(v => v.Word.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(v => new CompletionResult(v.Text, v.Word, CompletionResultType.ParameterValue, v.About));
    }

    /// <summary>What the parameter may be given: as a person types it, as it is put in, and what it is.</summary>
    protected abstract IEnumerable<(string Word, string Text, string About)> Values(string parameter);

    /// <summary>The session's variables, as objects.</summary>
    protected static IEnumerable<(string Name, object? Value)> Variables() =>
        ScriptBlock.Create("$ExecutionContext.InvokeProvider.ChildItem.Get('variable:', $false)").Invoke()
            .Select(v => v.BaseObject).OfType<PSVariable>().Where(v => v.Name is not ("_" or "PSItem" or "this" or "input"))
            .Select(v => (v.Name, v.Value is PSObject o ? o.BaseObject : (object?)v.Value));

    /// <summary>The hosts that an object is or holds; none when it holds anything else.</summary>
    protected static IReadOnlyList<PemHost> Hosts(object? value)
    {
        var all = value is IList list ? list.Cast<object?>().ToList() : [value];
        var hosts = all.Select(o => o is PSObject p ? p.BaseObject : o).OfType<PemHost>().ToList();
        return hosts.Count == all.Count ? hosts : [];
    }
}

/// <summary>Hosts: variables that hold some, and by its name a single one of them.</summary>
sealed class HostCompleter : PemCompleter
{
    protected override IEnumerable<(string Word, string Text, string About)> Values(string parameter)
    {
        var held = Variables().Select(v => (v.Name, Hosts: Hosts(v.Value))).Where(v => v.Hosts.Count > 0).ToList();
        return held.Select(v => ($"${v.Name}", $"${v.Name}", string.Join(", ", v.Hosts))).Concat(held.Where(v => v.Hosts.Count > 1)
            .SelectMany(v => v.Hosts.Select(h => (Host: h, Text: $"({'$'}{v.Name} | Where-Object Name -EQ '{h.Name}')"))).DistinctBy(h => h.Host)
            .Select(h => (h.Host.Name, h.Text, $"{h.Host.Role} {h.Host.Address}")));
    }
}

/// <summary>Clusters: variables that hold one, and those of hosts in variables.</summary>
sealed class ClusterCompleter : PemCompleter
{
    protected override IEnumerable<(string Word, string Text, string About)> Values(string parameter)
    {
        var variables = Variables().ToList();
        return variables.Where(v => v.Value is PemCluster).Select(v => (Name: $"${v.Name}", Cluster: (PemCluster)v.Value!))
            .Concat(variables.Select(v => (v.Name, Hosts: Hosts(v.Value))).Where(v => v.Hosts.Count > 0).Select(v => (Name: v.Hosts.Count > 1 ? $"${v.Name}[0].Cluster" : $"${v.Name}.Cluster", v.Hosts[0].Cluster)))
            .Select(c => (c.Name, c.Name, $"{c.Cluster} at {c.Cluster.VirtualIp}"));
    }
}

/// <summary>Names of the steps of the order.</summary>
sealed class StepCompleter : PemCompleter
{
    protected override IEnumerable<(string Word, string Text, string About)> Values(string parameter) =>
        Deployment.Names.Select((name, i) => (name, name, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"step {i + 1} of {Deployment.Names.Length}")));
}

/// <summary>What the procedure, the products and firewalld call things, where others are allowed as well.</summary>
sealed class UsualCompleter : PemCompleter
{
    /// <summary>By parameter; a parameter that is not in here has no use for this.</summary>
    internal static IReadOnlyDictionary<string, string[]> Usual { get; } = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase)
    {
        ["PostgresVersion"] = ["17", "16"],
        ["EfmVersion"] = ["5.2", "5.1"],
        ["UserName"] = ["repl", "efm", "pemsuper", "pem_user_settings"],
        ["SuperUser"] = ["pemsuper"],
        ["AgentUser"] = ["common_agent_user"],
        ["FirewallZone"] = ["public", "internal", "trusted", "work", "home", "dmz", "external"],
    };

    protected override IEnumerable<(string Word, string Text, string About)> Values(string parameter) => Usual[parameter].Select(v => (v, v, v));
}
