using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The tests on a cluster without PEM run one after another; each leaves it well.</summary>
[CollectionDefinition(Name)]
public sealed class TrapTests : ICollectionFixture<TrapCluster>
{
    public const string Name = "A cluster without PEM";
}

/// <summary>
/// Two data nodes and a witness, built by PemHa as far as EFM (sections A, B, D, C), over a slow network and with passwords that need
/// escaping. Tests may turn the roles around, and leave all three well.
/// </summary>
public sealed class TrapCluster : ProcedureLab
{
    /// <summary>T3: both of .pgpass's own characters.</summary>
    internal const string ReplicationPassword = @"a:b\c d'""$";

    /// <summary>Steps as a person writes them; the lab's timings, with time for a database to stop when its host is shut down.</summary>
    internal const string Steps = """
        function Credential($user, $password) {
            $secure = [securestring]::new(); foreach ($c in $password.ToCharArray()) { $secure.AppendChar($c) }
            [pscredential]::new($user, $secure)
        }
        $repl = Credential repl 'a:b\c d''"$'
        $efm = New-PemCredential efm -Path $state
        $authority = @{ AuthorityPath = "$state/ca"; AuthorityPassword = (New-PemCredential authority -Path $state).Password }
        $properties = @{
            'local.period' = 1; 'local.timeout' = 15; 'local.timeout.final' = 1
            'remote.timeout' = 5; 'node.timeout' = 3
        }

        """;

    /// <summary>A query that tells how many bytes of the standbys' copies are on their way.</summary>
    const string Table = "CREATE TABLE weight AS SELECT n, repeat('0123456789abcdef', 60) AS text FROM generate_series(1, 40000) n; CHECKPOINT";

    Task<TrapRecord>? _deployed;

    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 1 };

    /// <summary>What the first asker caused; the same for all.</summary>
    internal async Task<TrapRecord> DeployedAsync()
    {
        await LabAsync();
        return await (_deployed ??= DeployTrapsAsync());
    }

    /// <summary>The names of the data nodes as they are now.</summary>
    internal async Task<(string Primary, string Standby)> RolesAsync() =>
        await SqlAsync("node1", "SELECT pg_is_in_recovery()") == "f" ? ("node1", "node2") : ("node2", "node1");

    async Task<TrapRecord> DeployTrapsAsync()
    {
        var replication = await PowerShellAsync(Steps + """
            Report {
                $hosts | Connect-PemHost @login | Install-PemEpas | Enable-PemReplication -Credential $repl |
                    Set-PemPassFile -Credential $repl
            }
            """);
        Assert.True(replication.Errors.Count == 0 && replication.Lines.Count == 3, replication.ToString());
        // T5: a database of some size, and a line on which its copy takes seconds.
        await SqlAsync("node1", Table);
        await RootAsync("node1", "tc qdisc add dev eth0 root tbf rate 160mbit burst 128kb latency 100ms");
        var replica = await PowerShellAsync(Steps + """
            $env:PEMHA_LAB_PROGRESS = '1'
            Report { $hosts | Connect-PemHost @login | Initialize-PemReplica -Confirm:$false }
            """);
        await RootAsync("node1", "tc qdisc del dev eth0 root");
        var rest = await PowerShellAsync(Steps + """
            Report {
                $hosts | Connect-PemHost @login | New-PemCertificate @authority | Set-PemSsl | Set-PemHba |
                    New-PemEfmCluster -Credential $efm -Property $properties -AutoResumeStartupPeriod 2
            }
            foreach ($step in $cluster.Steps) { "$($step.Step) $($step.ChangeCount)" }
            """);
        Assert.True(rest.Errors.Count == 0 && rest.Lines.Count == 7, rest.ToString());
        return new TrapRecord(replica, rest);
    }
}

/// <summary>What the steps said.</summary>
sealed record TrapRecord(ProcedureReport Replica, ProcedureReport Rest);
