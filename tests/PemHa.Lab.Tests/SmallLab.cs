using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The tests of the lab itself share one lab of two data nodes and a witness, one after another.</summary>
[CollectionDefinition(Name)]
public sealed class SmallLabTests : ICollectionFixture<SmallLab>
{
    public const string Name = "The lab itself";
}

/// <summary>Just enough hosts to see one from another.</summary>
public sealed class SmallLab : LabFixture
{
    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 1 };
}
