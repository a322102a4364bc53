namespace PemHa.Lab.Tests;

/// <summary>The lab's console program, as a person starts it.</summary>
static class LabProgram
{
    public static IReadOnlyList<string> Line(params string[] args) =>
        [Path.Combine(LabPaths.DotnetRoot, "dotnet"), typeof(Lab).Assembly.Location, .. args];
}
