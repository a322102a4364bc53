using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Engine.Assumptions;

/// <summary>How well an assumption is proven by public evidence.</summary>
enum Verdict
{
    /// <summary>The vendor's manual, the vendor's own automation or a recorded real output shows it.</summary>
    Proven,

    /// <summary>Something indirect speaks for it.</summary>
    Plausible,

    /// <summary>Nothing public was found.</summary>
    Unproven,
}

/// <summary>What an assumption is about.</summary>
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
/// Something about a product that PemHa relies on. docs/assumptions.md is generated from all of them.
/// </summary>
/// <param name="Id">Its stable name, such as <c>efm.unit</c>.</param>
/// <param name="Statement">What is assumed, as a sentence.</param>
/// <param name="Place">The source file that rests on it.</param>
/// <param name="Evidence">Where it is shown, or that nothing was found.</param>
/// <param name="Verdict">How well it is proven.</param>
sealed record Assumption(string Id, Product Product, string Statement, string Place, string Evidence, Verdict Verdict)
{
    /// <summary>
    /// How a host is asked before the first change that rests on it; null where <see cref="ShownBy"/> has to do.
    /// </summary>
    public Guard? Guard { get; init; }

    /// <summary>
    /// For what cannot be asked beforehand: the part of the step that waits for the outcome and fails before anything
    /// else is built on it.
    /// </summary>
    public string? ShownBy { get; init; }
}

/// <summary>A question to a host: is the product as it is assumed to be?</summary>
/// <param name="Steps">The steps that rest on it.</param>
/// <param name="Probe">POSIX sh that reports facts; it runs only where the product is installed.</param>
/// <param name="Differs">What was found instead, as the rest of "found …"; null when it is as assumed.</param>
/// <param name="Breaks">What a difference would have broken, as a sentence.</param>
/// <param name="Remedy">What to do about it, as a sentence.</param>
sealed record Guard(
    string[] Steps, Func<PemHost, string> Probe, Func<PemHost, Facts, string?> Differs, string Breaks, string Remedy)
{
    /// <summary>The hosts that it is asked on.</summary>
    public Func<PemHost, bool> On { get; init; } = _ => true;

    /// <summary>
    /// Whether an earlier step brings what is missing: then it is not a finding before the first change.
    /// </summary>
    public bool Brought { get; init; }

    /// <summary>A difference that is worth knowing, but breaks nothing.</summary>
    public bool WarnsOnly { get; init; }
}
