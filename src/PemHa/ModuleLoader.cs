using System.Reflection;
using System.Runtime.Loader;

namespace PemHa;

/// <summary>Loads the cmdlets and what they depend on into a load context of their own, so that they cannot clash with other modules.</summary>
public static class ModuleLoader
{
    static readonly object Gate = new();
    static Assembly? _commands;

    /// <summary>The assembly with the cmdlets; loaded once in a process, also when the module is imported again with <c>-Force</c>.</summary>
    /// <returns>The assembly to give to <c>Import-Module -Assembly</c>.</returns>
    /// <exception cref="FileNotFoundException">The module's folder is not complete.</exception>
    public static Assembly Load()
    {
        lock (Gate)
        {
            return _commands ??= new Context(Path.GetDirectoryName(typeof(ModuleLoader).Assembly.Location)!)
                .LoadFromAssemblyName(new AssemblyName("PemHa.Commands"));
        }
    }

    sealed class Context(string folder) : AssemblyLoadContext("PemHa")
    {
        /// <summary>This assembly and PowerShell's stay shared; whatever else lies beside us is ours alone.</summary>
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            if (assemblyName.Name == typeof(ModuleLoader).Assembly.GetName().Name) return typeof(ModuleLoader).Assembly;
            var path = Path.Combine(folder, assemblyName.Name + ".dll");
            return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
        }
    }
}
