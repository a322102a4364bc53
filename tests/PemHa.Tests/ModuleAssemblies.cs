using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace PemHa.Tests;

/// <summary>Where the checkout is, and how its assemblies come into this process: as the module itself brings them.</summary>
static class ModuleAssemblies
{
    /// <summary>The root of the checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The module's manifest.</summary>
    public static string Manifest => Path.Combine(Root, "PemHa.psd1");

    /// <summary>The engine under test is the one in the module's own load context; a copy in the default one would hide a leak.</summary>
    [ModuleInitializer]
    internal static void Resolve()
    {
        AssemblyLoadContext.Default.Resolving += (context, name) => name.Name switch
        {
            "PemHa" => context.LoadFromAssemblyPath(Path.Combine(Root, "src", "Module", "bin", "PemHa.dll")),
            "PemHa.Engine" or "PemHa.Commands" => OfModule(name),
            _ => null,
        };
        // A process that a test started is no test program.
        State.JournalWriter.WriteWhereTold();
    }

    // Apart from the above, since this one needs PemHa.dll already.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static Assembly OfModule(AssemblyName name) => AssemblyLoadContext.GetLoadContext(ModuleLoader.Load())!.LoadFromAssemblyName(name);

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "PemHa.psd1"))) return folder.FullName;
        throw new DirectoryNotFoundException("The tests run from a checkout: no folder above them holds PemHa.psd1.");
    }
}
