using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The tests of one host's packages share one; each takes names, ports and directories of its own.</summary>
[CollectionDefinition(Name)]
public sealed class OneHostTests : ICollectionFixture<OneHost>
{
    public const string Name = "One host";
}

/// <summary>
/// One host with the stand-ins of all versions of the server and of EFM installed, nothing initialised or started.
/// </summary>
public sealed class OneHost : LabFixture
{
    const string Install =
        """
        dnf -qy install java-17-openjdk-headless edb-as17-server edb-as16-server edb-efm54 edb-efm53 edb-efm52 \
            edb-efm51 >/dev/null
        """;

    Task<CommandResult>? _installed;

    internal override LabOptions Options => base.Options with { DataNodes = 1, Witnesses = 0 };

    /// <summary>What a command of root's says and how it ends, whichever that is.</summary>
    internal async Task<CommandResult> RunAsync(string script)
    {
        var lab = await LabAsync();
        (await (_installed ??= lab.SshAsync("node1", "bash -es", Install))).Check("Installing");
        return await lab.SshAsync("node1", "bash -es", script, TestContext.Current.CancellationToken);
    }

    /// <summary>What a script of root's says; it must succeed.</summary>
    internal async Task<string> RootAsync(string script) => (await RunAsync(script)).Check("The script").Stdout.Trim();

    /// <summary>Asks the server on a port over the local socket, as the database's owner.</summary>
    internal Task<string> SqlAsync(int port, string query) => RootAsync(
        $"runuser -u enterprisedb -- /usr/edb/as17/bin/psql -XAtq -v ON_ERROR_STOP=1 -p {port} -d postgres <<'SQL'\n{query}\nSQL");
}
