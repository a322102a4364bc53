using System.Text.RegularExpressions;

namespace PemHa.Lab.Mutating;

/// <summary>
/// One way in which a product may differ from what PemHa assumes: a script of assets/mutations that makes the stand-in
/// differ in exactly that, and the outcome that PemHa must reach.
/// </summary>
/// <param name="Path">The script.</param>
/// <param name="Assumption">The entry of the register that it contradicts.</param>
/// <param name="What">The difference, in words.</param>
/// <param name="At">The step that encounters it.</param>
/// <param name="On">The hosts: <c>all</c>, <c>data</c>, <c>standbys</c>, <c>witness</c> or a host's name.</param>
/// <param name="Refusal">The error that the step must report; null when the step must work nevertheless.</param>
sealed partial record Mutation(string Path, string Assumption, string What, string At, string On, string? Refusal)
{
    /// <summary>PowerShell that describes the cluster so that a step encounters it; usually empty.</summary>
    public string With { get; init; } = "";

    /// <summary>The program on a host that applies mutations and undoes them.</summary>
    public static string Program { get; } = System.IO.Path.Combine(LabPaths.Assets, "mutate");

    /// <summary>
    /// Shell that succeeds only on a host with this mutation; for the mutations with which PemHa works.
    /// </summary>
    public string Shows { get; init; } = "";

    /// <summary>Its name.</summary>
    public string Id => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyList<Mutation> All { get; } =
    [
        .. Directory.GetFiles(System.IO.Path.Combine(LabPaths.Assets, "mutations"), "*.sh")
            .Order(StringComparer.Ordinal)
            .Select(Read),
    ];

    public static Mutation Of(string id) => All.FirstOrDefault(m => m.Id == id)
        ?? throw new LabException($"There is no mutation '{id}'; docs/mutations.md lists them.");

    public bool IsOn(LabHost host) => On switch
    {
        "all" => true,
        "data" => !host.IsWitness,
        "standbys" => !host.IsWitness && host.Name != "node1",
        "witness" => host.IsWitness,
        _ => host.Name == On,
    };

    /// <inheritdoc/>
    public override string ToString() => Id;

    static Mutation Read(string path)
    {
        var file = System.IO.Path.GetFileName(path);
        var head = Head().Matches(File.ReadAllText(path))
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value.Trim());
        string Field(string name) =>
            head.GetValueOrDefault(name) ?? throw new LabException($"{file} has no line '# {name}: …'.");
        var outcome = Field("outcome").Split(' ');
        return new(path, Field("breaks"), Field("what"), Field("at"), Field("on"), outcome switch
        {
            ["works"] => null,
            ["refused", var id] => id,
            _ => throw new LabException($"{file}: the outcome is 'works' or 'refused ERROR'."),
        })
        {
            With = head.GetValueOrDefault("with", ""),
            Shows = outcome is ["works"] ? Field("shows") : "",
        };
    }

    [GeneratedRegex("^# (breaks|what|at|on|outcome|with|shows): (.+)$", RegexOptions.Multiline)]
    private static partial Regex Head();
}
