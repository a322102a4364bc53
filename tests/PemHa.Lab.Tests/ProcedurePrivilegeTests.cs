using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The operator of docs/security.md may do what the procedure needs, and nothing else.</summary>
[Collection(ProcedureTests.Name)]
public sealed class ProcedurePrivilegeTests(ProcedureCluster cluster)
{
    /// <summary>Everything but the one command line; <see cref="ProcedureOrderTests"/> runs sections A and B with the form without a password.</summary>
    internal static readonly string[] Others =
        ["id", "sh -c id", "setsid sh", "setsid -w bash", "setsid -w sh -c id", "setsid -w /bin/sh", "/usr/bin/sh", "-u nobody setsid -w sh", "-i", "-s"];

    [Fact]
    public async Task The_whole_procedure_runs_with_a_user_who_may_run_one_command_line_and_no_other()
    {
        var record = await cluster.DeployedAsync();
        Assert.True(record.First.ExitCode == 0, record.First.Output);
        var changes = record.First.Journal.Where(l => (string?)l["Kind"] == "change").ToList();
        Assert.NotEmpty(changes);
        Assert.All(changes, c => Assert.Equal(LeastPrivilege.User, (string?)c["Login"]));
        foreach (var host in new[] { "node1", "witness1" })
        {
            // The hosts' own journals tell of the same user, and of the one command line.
            var said = await cluster.RootAsync(host, "journalctl -q --no-pager -o cat -t sudo | grep '^ *pemha : ' | grep -o 'USER=.*COMMAND=.*' | sort | uniq");
            Assert.Equal("USER=root ; COMMAND=/usr/bin/setsid -w sh", said);
            var password = cluster.Secrets()[LeastPrivilege.User];
            Assert.Equal(["setsid -w sh: 0"], await LeastPrivilege.TryAsync(cluster, host, password, "setsid -w sh"));
            var refused = await LeastPrivilege.TryAsync(cluster, host, password, Others);
            Assert.Equal(Others.Length, refused.Count);
            Assert.All(refused, r => Assert.Contains("is not allowed to execute", r, StringComparison.Ordinal));
            Assert.DoesNotMatch("^setsid -w sh: 0$", string.Join('\n', await LeastPrivilege.TryAsync(cluster, host, "not the password", "setsid -w sh")));
        }
    }
}
