namespace PemHa.Lab.Verbs;

/// <summary>The verb that writes docs/error-ids.md.</summary>
static class ErrorsVerb
{
    public static IEnumerable<Verb> All =>
        [new("errors", "", "writes docs/error-ids.md from the table in the source", async (_, cancellation) =>
        {
            await File.WriteAllTextAsync(ErrorIds.Page, ErrorIds.Text(), cancellation);
            return 0;
        })];
}
