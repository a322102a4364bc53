using PemHa.Lab.Faults;

namespace PemHa.Lab.Verbs;

/// <summary>The verb that writes docs/faults.md.</summary>
static class FaultsVerb
{
    public static IEnumerable<Verb> All =>
        [new("faults", "", "writes docs/faults.md from the table of faults and their outcomes", async (_, cancellation) =>
        {
            await File.WriteAllTextAsync(FaultPage.File, FaultPage.Text(), cancellation);
            return 0;
        })];
}
