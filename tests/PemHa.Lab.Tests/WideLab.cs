using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The tests of names, families, cards and zones share one lab.</summary>
[CollectionDefinition(Name)]
public sealed class WideLabTests : ICollectionFixture<WideLab>
{
    public const string Name = "A wide lab";
}

/// <summary>Two data nodes and a witness with two cards each, another name for one of them, in the firewall's zone internal.</summary>
public sealed class WideLab : LabFixture
{
    internal override LabOptions Options => base.Options with
    {
        DataNodes = 2,
        Witnesses = 1,
        Nics = new Dictionary<string, string> { ["node2"] = "ens33" },
        Networks = 2,
        Zone = "internal",
    };

    /// <summary>What a script of root's says; it must succeed.</summary>
    internal async Task<string> RootAsync(string host, string script) =>
        (await (await LabAsync()).SshAsync(host, "bash -es", script, TestContext.Current.CancellationToken))
            .Check($"The script on {host}").Stdout.Trim();
}
