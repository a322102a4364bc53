namespace PemHa.Engine.State;

/// <summary>What would change, and the commands that change it.</summary>
/// <param name="Action">A verb for people: <c>install</c>, <c>edit</c>, <c>start</c>.</param>
/// <param name="Difference">A unified diff for a file; the SQL or the commands otherwise. No secrets.</param>
/// <param name="Apply">POSIX sh, run as root; fails when it could not do it. May hold secrets.</param>
sealed record Change(string Action, string Difference, string Apply)
{
    readonly Recipe? _recipe;

    /// <summary>SHA-256 of a file before, as <c>sha256sum</c> writes it; null for what is no file, and where a guess at a secret could be tried on it.</summary>
    public string? Before { get; init; }

    /// <summary>The same afterwards.</summary>
    public string? After { get; init; }

    /// <summary>The same for a runbook; <see cref="Apply"/> itself where that holds no secret and nothing that only a look at the host can tell.</summary>
    public Recipe Recipe
    {
        get => _recipe ?? new Recipe(Apply);
        init => _recipe = value;
    }
}

/// <summary>A thing on a host with a wanted state: probe says what is, compare says what would change, the change does it, and the probe must then agree.</summary>
abstract class Resource
{
    /// <summary>What it is, as people see it in a plan: <c>package edb-as17-server</c>.</summary>
    public abstract string Name { get; }

    /// <summary>POSIX sh that tells by <c>fact NAME VALUE</c> how things are; changes nothing.</summary>
    public abstract string Probe { get; }

    /// <summary>Resources before this one, on the same host, after whose change this one must act too (a reload after an edit).</summary>
    public IReadOnlyList<Resource> After { get; init; } = [];

    /// <summary>How things are against how they should be.</summary>
    /// <param name="facts">What the probe found.</param>
    /// <param name="triggered">Whether one of <see cref="After"/> changes.</param>
    /// <returns>What to change; null when all is as wanted.</returns>
    /// <exception cref="PemException">It cannot or must not be changed.</exception>
    public abstract Change? Compare(Facts facts, bool triggered);

    /// <summary>Where to look while a change of this takes long, and the shell that prints <c>percent TAB text</c>; null when the seconds must do.</summary>
    public virtual (PemHost Host, string Script)? Watch => null;

    /// <summary>
    /// Whether its answer explains why another probe on the host fails: it is then judged all the same, and first.
    /// </summary>
    public virtual bool Explains => false;

    /// <summary>What a preview compares with where the steps before this one have not run yet; null when it cannot tell.</summary>
    public virtual Facts? Blank => null;

    /// <summary>Something a person should know although nothing is changed for it; null when there is nothing to tell.</summary>
    public virtual string? Remark(Facts facts) => null;
}

/// <summary>Something that must hold before a step may change anything; nothing that the step itself could mend.</summary>
/// <param name="name">What must hold.</param>
/// <param name="probe">Tells the facts.</param>
/// <param name="check">Gives the reason for stopping, or null.</param>
sealed class Requirement(string name, string probe, Func<Facts, PemException?> check) : Resource
{
    public override string Name => name;

    public override string Probe => probe;

    public override Change? Compare(Facts facts, bool triggered) => check(facts) is { } refusal ? throw refusal : null;
}
