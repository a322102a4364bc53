using System.Management.Automation;
using System.Reflection;
using System.Xml.Linq;

namespace PemHa.Tests.Hosted;

/// <summary>The conventions of the PowerShell surface, over the cmdlets as they are found.</summary>
public class ConventionTests
{
    public static TheoryData<string> Names => [.. Cmdlets.Types.Select(Cmdlets.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_verb_is_approved_and_its_noun_is_ours(string name)
    {
        var type = Type(name);
        var approved = typeof(VerbsCommon).Assembly.GetExportedTypes().Where(t => t.Name.StartsWith("Verbs", StringComparison.Ordinal))
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(f => (string)f.GetValue(null)!)
                .ToHashSet(StringComparer.Ordinal);
        Assert.Contains(Cmdlets.Attribute(type).VerbName, approved);
        Assert.Matches("^Pem[A-Z][A-Za-z]+$", Cmdlets.Attribute(type).NounName);
        Assert.Equal($"{name.Replace("-", "", StringComparison.Ordinal)}Command", type.Name);
        Assert.True(type.IsSealed);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_says_what_it_puts_out(string name)
    {
        var outputs = Type(name).GetCustomAttributes<OutputTypeAttribute>().SelectMany(o => o.Type).ToList();
        // The ones that end a pipeline.
        if (name is "Disconnect-PemHost" or "Export-PemTopology") Assert.Empty(outputs);
        else Assert.Single(outputs, o => o.Type != typeof(Job));
        Assert.Equal(Cmdlets.Parameters(Type(name)).Any(p => p.Name == "AsJob"), outputs.Any(o => o.Type == typeof(Job)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_changes_a_host_or_keeps_a_file_can_be_previewed(string name)
    {
        var type = Type(name);
        var changes = Cmdlets.Parameters(type).Any(p => p.Name == "PemHost") && Cmdlets.Attribute(type)
            .VerbName is not ("Connect" or "Disconnect" or "Get" or "Test" or "Measure") || name is "Test-PemVirtualIp" or "New-PemCredential";
        Assert.Equal(changes, Cmdlets.Attribute(type).SupportsShouldProcess);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_can_lose_data_or_stop_writes_asks_first(string name)
    {
        var high = name is "Initialize-PemReplica" or "Invoke-PemRollingRestart" or "Install-PemCluster";
        Assert.Equal(high, Cmdlets.Attribute(Type(name)).ConfirmImpact == ConfirmImpact.High);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Hosts_come_through_the_pipeline_and_secrets_are_no_plain_texts(string name)
    {
        foreach (var parameter in Cmdlets.Parameters(Type(name)))
        {
            var attribute = parameter.GetCustomAttribute<ParameterAttribute>();
            if (parameter.PropertyType == typeof(PemHost[])) Assert.True(attribute is
            {
                ValueFromPipeline: true, Mandatory: true,
                Position: 0
            });
            if (parameter.Name.Contains("Password", StringComparison.Ordinal)) Assert.Equal(typeof(System.Security.SecureString),
                parameter.PropertyType);
            if (parameter.Name == "Credential") Assert.Equal(typeof(PSCredential), parameter.PropertyType);
        }
    }

    [Fact]
    public void Every_cmdlet_and_every_parameter_of_its_own_is_described()
    {
        var file = Directory.GetFiles(Path.Combine(ModuleAssemblies.Root, "src", "PemHa.Commands", "bin"), "PemHa.Commands.xml",
            SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc)!;
        var described = XDocument.Load(file).Descendants("member").Where(m => m.Element("summary")?.Value.Trim().Length > 5)
            .Select(m => m.Attribute("name")!.Value).ToHashSet();
        foreach (var type in Cmdlets.Types)
        {
            Assert.Contains($"T:{type.FullName}", described);
            foreach (var parameter in Cmdlets.Parameters(type)) Assert.Contains($"P:{parameter.DeclaringType!.FullName}.{parameter.Name}",
                described);
        }
    }

    static Type Type(string name) => Cmdlets.Types.Single(t => Cmdlets.Name(t) == name);
}
