using Xunit.v3;

namespace PemHa.Lab.Tests;

/// <summary>The statements of the procedure (P, T, F) that a test is for, so that their coverage can be counted.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class SpecAttribute(params string[] numbers) : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<string> Numbers => numbers;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [.. numbers.Select(n => KeyValuePair.Create("Spec", n))];
}
