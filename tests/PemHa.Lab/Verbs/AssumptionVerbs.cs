using System.Runtime.Loader;
using PemHa.Lab.Mutating;

namespace PemHa.Lab.Verbs;

/// <summary>The verbs that write docs/assumptions.md and docs/mutations.md.</summary>
static class AssumptionVerbs
{
    public static IEnumerable<Verb> All =>
    [
        new("assumptions", "", "writes docs/assumptions.md from the register in the source",
            (_, cancellation) => WriteAsync(AssumptionPage.Path, () => AssumptionPage.Text(), cancellation)),
        new("mutations", "", "writes docs/mutations.md from the mutations of the stand-ins",
            (_, cancellation) => WriteAsync(MutationPage.Path, MutationPage.Text, cancellation)),
    ];

    static async Task<int> WriteAsync(string path, Func<string> text, CancellationToken cancellation)
    {
        // The engine is in the module's folder, not in the lab's.
        var folder = Path.Combine(LabPaths.Checkout, "src", "Module", "bin");
        AssemblyLoadContext.Default.Resolving += (context, name) =>
        {
            var file = Path.Combine(folder, $"{name.Name}.dll");
            return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
        };
        await File.WriteAllTextAsync(path, text(), cancellation);
        return 0;
    }
}
