using PemHa.Engine.State;

namespace PemHa.Engine.Checks;

/// <summary>What a check says of a host.</summary>
/// <param name="Why">What was seen.</param>
/// <param name="Remedy">What to do about it.</param>
sealed record Verdict(PemCheckState State, string Why, string Remedy = "")
{
    public static Verdict Passed(string why) => new(PemCheckState.Passed, why);

    public static Verdict Warning(string why, string remedy) => new(PemCheckState.Warning, why, remedy);

    public static Verdict Failed(string why, string remedy) => new(PemCheckState.Failed, why, remedy);

    public static Verdict Unknown(string why, string remedy) => new(PemCheckState.Unknown, why, remedy);

    /// <summary>What a step would refuse with.</summary>
    public static Verdict Of(PemException refusal) => Failed(refusal.Message, refusal.Remedy);
}

/// <summary>The facts of one check, of every host that answered; some things show only when several are compared.</summary>
sealed class Sights : Dictionary<PemHost, Facts>;

/// <summary>Something that is looked at on every host before the first change: a probe that changes nothing, and a pure judgement.</summary>
/// <param name="Name">What it is, as people see it.</param>
/// <param name="Spec">The numbers that it is about.</param>
/// <param name="Probe">POSIX sh that tells facts; never fails for want of something to find.</param>
/// <param name="Judge">The verdict on one host, which has answered; null when there is nothing to say of it.</param>
sealed record Check(string Name, string[] Spec, Func<PemHost, string> Probe, Func<PemHost, Sights, Verdict?> Judge)
{
    /// <summary>The group of checks that it belongs to, such as <c>Products</c>.</summary>
    public string Area { get; init; } = "";

    /// <summary>The hosts that it is about.</summary>
    public Func<PemHost, bool> On { get; init; } = _ => true;

    /// <summary>What there is to say of the cluster as a whole, of however many hosts answered.</summary>
    public Func<PemCluster, Sights, Verdict?>? JudgeCluster { get; init; }

    /// <summary>Data nodes only.</summary>
    public static bool IsData(PemHost host) => host.Role != PemRole.Witness;

    /// <summary>What a step itself requires: what it would refuse is a failure, what it would remark on a warning, what it would change no matter.</summary>
    /// <param name="passed">What is said when nothing is wrong.</param>
    /// <param name="applies">Whether there is anything to judge yet; an earlier step may still have to bring it.</param>
    public static Check Of(string name, string[] spec, Func<PemHost, Resource> resource, Func<Facts, string> passed, Func<Facts, bool>? applies = null) =>
        new(name, spec, host => resource(host).Probe, (host, sights) =>
        {
            var facts = sights[host];
            return applies?.Invoke(facts) == false ? Verdict.Passed(passed(facts)) : Of(resource(host), facts) ?? Verdict.Passed(passed(facts));
        });

    /// <summary>What a step's requirement says of facts; null when it is content.</summary>
    public static Verdict? Of(Resource resource, Facts facts)
    {
        try
        {
            resource.Compare(facts, false);
        }
        catch (PemException refusal)
        {
            return Verdict.Of(refusal);
        }
        return resource.Remark(facts) is { } remark ? Verdict.Warning(remark, "") : null;
    }
}
