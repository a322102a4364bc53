namespace PemHa.Lab.Verbs;

/// <summary>The README's first command.</summary>
static class RehearseVerb
{
    public static IEnumerable<Verb> All =>
    [
        new("rehearse", "", "deploy, deploy again, fail over, take down", (arguments, cancellation) =>
        {
            arguments.Exactly(0);
            // A lab of its own, so that a rehearsal never meets the one that a person works with.
            return Rehearsals.Rehearsal.RunAsync(new LabOptions { Name = $"rehearse-{Environment.ProcessId}" }, cancellation);
        }),
    ];
}
