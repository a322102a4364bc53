namespace PemHa.Lab.Verbs;

/// <summary>The verb that writes docs/coverage.md.</summary>
static class CoverageVerb
{
    public static IEnumerable<Verb> All =>
        [new("coverage", "", "writes docs/coverage.md from the tests", async (_, cancellation) =>
        {
            await File.WriteAllTextAsync(Coverage.File, Coverage.Text(), cancellation);
            return 0;
        })];
}
