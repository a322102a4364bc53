using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Engine.Assumptions;

/// <summary>How well public evidence proves an assumption.</summary>
enum Verdict
{
    /// <summary>The vendor's manual, the vendor's own automation or a recorded real output shows it.</summary>
    Proven,

    /// <summary>Only indirect evidence was found.</summary>
    Plausible,

    /// <summary>No public evidence was found.</summary>
    Unproven,
}

/// <summary>The product that an assumption is about.</summary>
enum Product
{
    /// <summary>The database server.</summary>
    Server,

    /// <summary>EDB Failover Manager.</summary>
    Efm,

    /// <summary>Postgres Enterprise Manager.</summary>
    Pem,

    /// <summary>The distribution.</summary>
    Linux,
}

/// <summary>
/// A property of a product that PemHa relies on. docs/assumptions.md is generated from all assumptions.
/// </summary>
/// <param name="Id">The stable name, such as <c>efm.unit</c>.</param>
/// <param name="Statement">The assumption, as a sentence.</param>
/// <param name="Place">The source file that depends on it.</param>
/// <param name="Evidence">The sources that show it, or a note that none was found.</param>
/// <param name="Verdict">How well the evidence proves it.</param>
sealed record Assumption(string Id, Product Product, string Statement, string Place, string Evidence, Verdict Verdict)
{
    /// <summary>
    /// Checks the assumption on a host before the first change that depends on it; null where only
    /// <see cref="ShownBy"/> is possible.
    /// </summary>
    public Guard? Guard { get; init; }

    /// <summary>
    /// For an assumption that cannot be checked beforehand: the part of the step that waits for the outcome and fails
    /// before anything else depends on it.
    /// </summary>
    public string? ShownBy { get; init; }
}

/// <summary>Checks on a host whether the product is as assumed.</summary>
/// <param name="Steps">The steps that depend on the assumption.</param>
/// <param name="Probe">POSIX sh that reports facts; it runs only where the product is installed.</param>
/// <param name="Differs">What was found instead, to follow "Found: "; null when the product is as assumed.</param>
/// <param name="Breaks">What a difference would have broken, as a sentence.</param>
/// <param name="Remedy">What to do about a difference, as a sentence.</param>
sealed record Guard(
    string[] Steps, Func<PemHost, string> Probe, Func<PemHost, Facts, string?> Differs, string Breaks, string Remedy)
{
    /// <summary>The hosts on which it is checked.</summary>
    public Func<PemHost, bool> On { get; init; } = _ => true;

    /// <summary>
    /// Whether an earlier step installs what is missing, so that it is not a finding before the first change.
    /// </summary>
    public bool Brought { get; init; }

    /// <summary>Whether a difference is only a warning, because it breaks nothing.</summary>
    public bool WarnsOnly { get; init; }

    /// <summary>
    /// A <see cref="Differs"/> for a probe that reports what it does not find as the fact <c>missing</c>.
    /// </summary>
    /// <param name="text">The text for the host and the value of that fact.</param>
    public static Func<PemHost, Facts, string?> Missing(Func<PemHost, string, string> text) =>
        (host, facts) => facts.Has("missing") ? text(host, facts["missing"]) : null;
}
