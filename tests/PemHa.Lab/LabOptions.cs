using System.Text.RegularExpressions;

namespace PemHa.Lab;

/// <summary>Which hosts a lab has, and its name, which keeps two labs at once apart.</summary>
sealed record LabOptions
{
    public const string NameVariable = "PEMHA_LAB_NAME";

    static readonly Regex ValidNic = new("^[a-z][a-z0-9]{1,14}$", RegexOptions.CultureInvariant);
    static readonly Regex ValidName = new("^[a-z][a-z0-9-]{0,30}$", RegexOptions.CultureInvariant);

    /// <summary>The name that a lab gets when nobody says one.</summary>
    public static string DefaultName => Environment.GetEnvironmentVariable(NameVariable) is { Length: > 0 } name ? name : "lab";

    public string Name { get; init; } = DefaultName;

    public int DataNodes { get; init; } = 3;

    public int Witnesses { get; init; } = 1;

    /// <summary>What the network card of a host is called, where it is not eth0.</summary>
    public IReadOnlyDictionary<string, string> Nics { get; init; } = new Dictionary<string, string>();

    /// <summary>2: every host has a second card, eth1, on a network of its own.</summary>
    public int Networks { get; init; } = 1;

    /// <summary>The firewalld zone that the hosts' first card is in.</summary>
    public string Zone { get; init; } = "public";

    /// <summary>The disks that the hosts begin with; which hosts there are is then said by them. Null: new hosts, as installed.</summary>
    public LabDisks? Disks { get; init; }

    /// <summary>The hosts' names, in the order of their addresses.</summary>
    public IEnumerable<string> HostNames => Enumerable.Range(1, DataNodes).Select(i => $"node{i}")
        .Concat(Enumerable.Range(1, Witnesses).Select(i => $"witness{i}"));

    /// <summary>Refuses what cannot become a lab.</summary>
    public void Validate()
    {
        if (!ValidName.IsMatch(Name))
            throw new LabException($"A lab's name is lower-case letters, digits and hyphens, at most 31: '{Name}' is not one.");
        if (DataNodes < 1 || Witnesses < 0 || DataNodes + Witnesses > 40)
            throw new LabException($"A lab has 1 to 40 hosts, at least one of them a data node; not {DataNodes} + {Witnesses}.");
        if (Networks is not (1 or 2))
            throw new LabException($"A lab has 1 or 2 networks, not {Networks}.");
        if (Nics.Keys.FirstOrDefault(h => !HostNames.Contains(h)) is { } nobody)
            throw new LabException($"There is no host '{nobody}' whose network card could be called {Nics[nobody]}.");
        if (Nics.Values.FirstOrDefault(n => !ValidNic.IsMatch(n) || n is "lo" or LabSwitch.SecondNic) is { } nic)
            throw new LabException($"A network card cannot be called '{nic}' here.");
        if (!ValidName.IsMatch(Zone))
            throw new LabException($"'{Zone}' is no firewalld zone.");
    }
}
