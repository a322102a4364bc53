using System.Management.Automation;
using System.Reflection;

namespace PemHa.Tests.Hosted;

/// <summary>What the Tab key gives, for every parameter that can have one of a number of values.</summary>
public sealed class CompletionTests : IDisposable
{
    readonly HostedEngine _engine = new();
    readonly Example _c1 = new();
    readonly TemporaryFolder _home = new();
    int _asked;

    public CompletionTests()
    {
        Directory.CreateDirectory(Path.Combine(_home.Path, ".ssh"));
        File.WriteAllText(Path.Combine(_home.Path, ".ssh", "config"), "Host db1 bastion\n  User admin\nHost *.example.com !no\n  Port 2222\n");
        _engine.Run("param($folder) $null = $ExecutionContext.InvokeProvider.Item.Set('variable:global:HOME', $folder, $true, $true)", _home.Path);
        foreach (var host in _c1.Cluster.Hosts)
            new FakeHost(host).Does = (_, _) =>
            {
                Interlocked.Increment(ref _asked);
                return Task.CompletedTask;
            };
        _engine.Run("param($all) $global:hosts = $all; $global:primary = $all[0]; $global:cluster = $all[0].Cluster; $global:others = 1, 2; $global:none = @()", _c1.Cluster.Hosts);
    }

    /// <summary>The kinds of parameters, and what of each there must be.</summary>
    static readonly (Func<PropertyInfo, bool> Is, string[] Gives)[] Kinds =
    [
        (p => p.PropertyType == typeof(PemHost[]), ["$hosts", "$primary", "($hosts | Where-Object Name -EQ 'node2')"]),
        (p => p.PropertyType == typeof(PemCluster), ["$cluster", "$hosts[0].Cluster", "$primary.Cluster"]),
        (p => Enum(p) == typeof(PemRole), ["Primary", "Standby", "Witness"]),
        (p => Enum(p) == typeof(PemSslModel), ["ExternalCA", "LocalCA", "SslUtils"]),
        (p => p.Name is "StartAt" or "StopAfter", ["Install-PemEpas", "Invoke-PemRollingRestart", "Set-PemWebApplication"]),
        (p => p.Name is "HostName" or "JumpHost" || (p.Name == "Address" && p.DeclaringType!.Name == "NewPemHostCommand"), ["db1", "bastion"]),
        (p => p.Name == "PostgresVersion", ["17"]),
        (p => p.Name == "EfmVersion", ["5.2"]),
        (p => p.Name == "FirewallZone", ["public", "trusted"]),
        (p => p.Name == "AgentUser", ["common_agent_user"]),
        (p => p.Name == "SuperUser" && p.PropertyType == typeof(string), ["pemsuper"]),
    ];

    public static TheoryData<string, string> Parameters =>
    [
        .. Cmdlets.Types.SelectMany(t => Cmdlets.Parameters(t).Select(p => (Command: Cmdlets.Name(t), p)))
            .Where(c => Kinds.Any(k => k.Is(c.p)) || Enum(c.p).IsEnum || c.p.IsDefined(typeof(ValidateSetAttribute)) || c.p.IsDefined(typeof(ArgumentCompleterAttribute)))
            .Select(c => (c.Command, c.p.Name)),
    ];

    [Theory]
    [MemberData(nameof(Parameters))]
    public void It_completes_and_asks_no_host(string command, string parameter)
    {
        var property = Cmdlets.Parameters(Cmdlets.Types.Single(t => Cmdlets.Name(t) == command)).Single(p => p.Name == parameter);
        var given = Complete($"{command} -{parameter} ");
        Assert.NotEmpty(given);
        foreach (var (_, gives) in Kinds.Where(k => k.Is(property))) Assert.Subset(given.ToHashSet(), gives.ToHashSet());
        if (property.GetCustomAttribute<ValidateSetAttribute>() is { } set) Assert.Equal(set.ValidValues.Order(), given.Order());
        if (Enum(property).IsEnum) Assert.Equal(System.Enum.GetNames(Enum(property)).Order(), given.Order());
        // What is typed already narrows it down, and what nobody offers gives nothing of ours.
        var first = given[0];
        if (!first.StartsWith('$')) Assert.Contains(first, Complete($"{command} -{parameter} {first[..1]}"));
        Assert.DoesNotContain(first, Complete($"{command} -{parameter} qqq"));
        Assert.Equal(0, _asked);
    }

    [Fact]
    public void A_host_is_found_by_its_name_and_what_is_put_in_is_that_host()
    {
        Assert.Equal(["($hosts | Where-Object Name -EQ 'witness1')"], Complete("Set-PemSsl -PemHost wit"));
        Assert.Equal(_c1.Witness, Assert.Single(_engine.Run("($hosts | Where-Object Name -EQ 'witness1')")).BaseObject);
        Assert.DoesNotContain("$others", Complete("Set-PemSsl -PemHost "));
        Assert.DoesNotContain("$none", Complete("Set-PemSsl -PemHost "));
    }

    [Fact]
    public void Hosts_of_the_ssh_config_file_that_the_line_gives_are_offered_and_nothing_where_it_cannot_be_read()
    {
        var own = Path.Combine(_home.Path, "own");
        File.WriteAllText(own, "Host jump1 jump2\n");
        Assert.Equal(["jump1", "jump2"], Complete($"Connect-PemHost -SshConfigFile '{own}' -JumpHost "));
        Assert.Equal(["bastion"], Complete("New-PemHost -HostName ba"));
        File.WriteAllText(own, "Host \"jump1\n");
        Assert.DoesNotContain("jump1", Complete($"Connect-PemHost -SshConfigFile '{own}' -JumpHost "));
    }

    public void Dispose()
    {
        _engine.Dispose();
        _home.Dispose();
    }

    static Type Enum(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    List<string> Complete(string text)
    {
        using var shell = _engine.Shell("");
        shell.Commands.Clear();
        return [.. CommandCompletion.CompleteInput(text, text.Length, null, shell).CompletionMatches.Select(m => m.CompletionText)];
    }
}
