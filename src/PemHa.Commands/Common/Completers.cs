using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;
using PemHa.Engine;
using PemHa.Engine.Procedure;
using PemHa.Engine.Remote;

namespace PemHa.Commands;

/// <summary>Completes a parameter's values from what is known here: the session and the module. Never asks a host.</summary>
abstract class PemCompleter : IArgumentCompleter
{
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var word = wordToComplete.Trim('\'', '"');
        return Values(parameterName, fakeBoundParameters).Where(v => v.Word.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(v => new CompletionResult(v.Text, v.Word, CompletionResultType.ParameterValue, v.About));
    }

    /// <summary>What the parameter may be given: as a person types it, as it is put in, and what it is.</summary>
    /// <param name="bound">What the line gives to other parameters, as far as it can be told.</param>
    protected abstract IEnumerable<(string Word, string Text, string About)> Values(string parameter, IDictionary bound);

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
    protected override IEnumerable<(string Word, string Text, string About)> Values(string parameter, IDictionary bound)
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
    protected override IEnumerable<(string Word, string Text, string About)> Values(string parameter, IDictionary bound)
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
    protected override IEnumerable<(string Word, string Text, string About)> Values(string parameter, IDictionary bound) =>
        Deployment.Names.Select((name, i) => (name, name, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"step {i + 1} of {Deployment.Names.Length}")));
}

/// <summary>What the procedure, the products and firewalld call things, where others are allowed as well.</summary>
sealed class UsualCompleter : PemCompleter
{
    /// <summary>By parameter; a parameter that is not in here has no use for this.</summary>
    internal static IReadOnlyDictionary<string, string[]> Usual { get; } = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase)
    {
        ["PostgresVersion"] = ["17", "16"],
        ["EfmVersion"] = ["5.4", "5.3", "5.2", "5.1"],
        ["UserName"] = ["repl", "efm", "pemsuper", "pem_user_settings"],
        ["SuperUser"] = ["pemsuper"],
        ["AgentUser"] = ["common_agent_user"],
        ["FirewallZone"] = ["public", "internal", "trusted", "work", "home", "dmz", "external"],
    };

    protected override IEnumerable<(string Word, string Text, string About)> Values(string parameter, IDictionary bound) => Usual[parameter].Select(v => (v, v, v));
}

/// <summary>Hosts that ssh_config names: the user's own file, or the one that the line gives.</summary>
sealed partial class AliasCompleter : PemCompleter
{
    protected override IEnumerable<(string Word, string Text, string About)> Values(string parameter, IDictionary bound)
    {
        var home = (string?)Variables().First(v => v.Name.Equals("HOME", StringComparison.OrdinalIgnoreCase)).Value ?? "";
        try
        {
            var file = bound["SshConfigFile"] as string;
            if (file is not (null or "" or "none")) file = (string)ScriptBlock.Create("$ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($args[0])").Invoke(file)[0].BaseObject;
            return SshConfig.Choose(file, home).Aliases().Where(a => Name().IsMatch(a.Alias)).Select(a => (a.Alias, a.Alias, a.Where));
        }
        catch (Exception e) when (e is PemException or RuntimeException)
        {
            // Connect-PemHost says what is wrong with the file; a key pressed for help does not.
            return [];
        }
    }

    [GeneratedRegex(@"\A(?:" + Addresses.Pattern + @")\z")]
    private static partial Regex Name();
}
