using System.Text.RegularExpressions;

namespace PemHa.Lab;

/// <summary>Which hosts a lab has, and its name, which keeps two labs at once apart.</summary>
sealed record LabOptions
{
    public const string NameVariable = "PEMHA_LAB_NAME";

    static readonly Regex ValidName = new("^[a-z][a-z0-9-]{0,30}$", RegexOptions.CultureInvariant);

    /// <summary>The name that a lab gets when nobody says one.</summary>
    public static string DefaultName => Environment.GetEnvironmentVariable(NameVariable) is { Length: > 0 } name ? name : "lab";

    public string Name { get; init; } = DefaultName;

    public int DataNodes { get; init; } = 3;

    public int Witnesses { get; init; } = 1;

    /// <summary>Refuses what cannot become a lab.</summary>
    public void Validate()
    {
        if (!ValidName.IsMatch(Name))
            throw new LabException($"A lab's name is lower-case letters, digits and hyphens, at most 31: '{Name}' is not one.");
        if (DataNodes < 1 || Witnesses < 0 || DataNodes + Witnesses > 40)
            throw new LabException($"A lab has 1 to 40 hosts, at least one of them a data node; not {DataNodes} + {Witnesses}.");
    }
}
