using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using System.Runtime.Loader;

namespace PemHa.Tests.Hosted;

/// <summary>What importing the module brings, and what it keeps apart.</summary>
public sealed class ImportTests : IDisposable
{
    readonly HostedEngine _engine = new();

    [Fact]
    public void The_module_exports_what_its_manifest_names_and_that_is_every_cmdlet_there_is()
    {
        var manifest = (System.Collections.Hashtable)Parser.ParseFile(ModuleAssemblies.Manifest, out _, out _)
            .Find(a => a is HashtableAst, false)!.SafeGetValue();
        var named = ((object[])manifest["CmdletsToExport"]!).Cast<string>().Order().ToList();
        Assert.Equal(named, Exported());
        Assert.Equal(named, Cmdlets.Types.Select(Cmdlets.Name).Order());
        Assert.Equal(named.Count, named.Distinct().Count());
    }

    [Fact]
    public void Importing_again_by_force_keeps_every_command()
    {
        var before = Exported();
        Assert.NotEmpty(before);
        for (var i = 0; i < 2; i++) _engine.Run("param($manifest) Import-Module $manifest -Force -ErrorAction Stop",
            ModuleAssemblies.Manifest);
        Assert.Equal(before, Exported());
        var cluster = _engine.Run("New-PemCluster efm -VirtualIp 10.0.0.9 -VirtualIpInterface eth0 -PingServer 10.0.0.1");
        Assert.Equal("efm", Assert.Single(cluster).Properties["Name"].Value);
    }

    [Fact]
    public void Removing_the_module_removes_its_commands()
    {
        _engine.Run("Remove-Module PemHa -ErrorAction Stop");
        Assert.Empty(Exported());
        _engine.Run("param($manifest) Import-Module $manifest -ErrorAction Stop", ModuleAssemblies.Manifest);
        Assert.NotEmpty(Exported());
    }

    [Fact]
    public void Only_the_public_models_are_in_the_default_load_context()
    {
        _ = ModuleLoader.Load();
        // The SSH library is loaded with the first type of it.
        Assert.NotNull(Assembly.Load("PemHa.Engine")
            .GetType("PemHa.Engine.Remote.SshConnection")!.GetProperty("Client")!.PropertyType);
        var shared = AssemblyLoadContext.Default.Assemblies.Select(a => a.GetName().Name).ToList();
        Assert.Contains("PemHa", shared);
        foreach (var name in new[] { "PemHa.Commands", "PemHa.Engine", "Renci.SshNet",
            "BouncyCastle.Cryptography" }) Assert.DoesNotContain(name, shared);
        var own = AssemblyLoadContext.All.Single(c => c.Name == "PemHa");
        Assert.Subset(own.Assemblies.Select(a => a.GetName().Name).ToHashSet(),
            new HashSet<string?> { "PemHa.Commands", "PemHa.Engine", "Renci.SshNet" });
        Assert.DoesNotContain("PemHa", own.Assemblies.Select(a => a.GetName().Name));
    }

    [Fact]
    public void The_engine_knows_no_PowerShell_and_the_models_know_nothing_of_others()
    {
        Assert.DoesNotContain(Assembly.Load("PemHa.Engine").GetReferencedAssemblies(), a => a.Name == "System.Management.Automation");
        Assert.All(typeof(PemHost).Assembly.GetReferencedAssemblies(), a => Assert.Matches("^(System\\..*|netstandard|mscorlib)$", a.Name));
    }

    [Fact]
    public void No_public_signature_shows_a_type_of_a_dependency()
    {
        foreach (var type in typeof(PemHost).Assembly.GetExportedTypes().Concat(ModuleLoader.Load().GetExportedTypes()))
        {
            const BindingFlags Declared =
                BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            var types = type.GetMethods(Declared).Where(m => m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly)
                .SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType))
                .Concat(type.GetConstructors(Declared).Where(c => c.IsPublic || c.IsFamily)
                    .SelectMany(c => c.GetParameters().Select(p => p.ParameterType)))
                .Concat(type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily).Select(f => f.FieldType))
                    .Concat(type.GetInterfaces()).Append(type.BaseType ?? typeof(object));
            Assert.All(types.SelectMany(Parts), t => Assert.Matches(@"^(PemHa|PemHa\.Commands|System\..*)$", t.Assembly.GetName().Name));
        }
    }

    public void Dispose() => _engine.Dispose();

    static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!) : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts)
        .Append(type) : [type];

    List<string> Exported() => [.. _engine.Run("Get-Command -Module PemHa").Select(c => ((CommandInfo)c.BaseObject).Name).Order()];
}
