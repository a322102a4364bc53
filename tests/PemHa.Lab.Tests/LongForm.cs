namespace PemHa.Lab.Tests;

/// <summary>The long form of the suite, which a night has time for: more cases of the same tests, never other tests.</summary>
static class LongForm
{
    /// <summary>Whether <c>PEMHA_LONG=1</c> asks for it.</summary>
    public static bool Asked { get; } = Environment.GetEnvironmentVariable("PEMHA_LONG") == "1";
}
