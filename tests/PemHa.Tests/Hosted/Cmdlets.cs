using System.Management.Automation;
using System.Reflection;

namespace PemHa.Tests.Hosted;

/// <summary>The module's cmdlets, as its assembly declares them.</summary>
static class Cmdlets
{
    public static IReadOnlyList<Type> Types { get; } =
        [.. ModuleLoader.Load().GetExportedTypes().Where(t => t.GetCustomAttribute<CmdletAttribute>() is not null)];

    public static CmdletAttribute Attribute(Type type) => type.GetCustomAttribute<CmdletAttribute>()!;

    public static string Name(Type type) => $"{Attribute(type).VerbName}-{Attribute(type).NounName}";

    public static IEnumerable<PropertyInfo> Parameters(Type type) =>
        type.GetProperties().Where(p => p.GetCustomAttribute<ParameterAttribute>() is not null);
}
