using System.Diagnostics;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Two data nodes and a witness on which nothing is yet but what the exported runbook does, over plain ssh.</summary>
public sealed class RunbookLab : ProcedureLab
{
    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 1 };

    // Nobody's password is easier than these, in any of the places where a password has to be written.
    internal static readonly IReadOnlyDictionary<string, string> Passwords = new Dictionary<string, string>
    {
        ["PASSWORD_repl"] = "a b:c\\d'e\"f$HOME`id`@%é€",
        ["PASSWORD_efm"] = "\\$''\"`:@% é",
        ["PASSWORD_pemsuper"] = "a\\\\b $(id) '\"`:@%/?#é; x",
        // This password must not be difficult: a URI contains it (B22).
        ["PASSWORD_pem_user_settings"] = "a-Z~0._9",
        ["AUTHORITY_PASSWORD"] = "of 'the' $authority",
    };

    Task<(ProcedureReport Exported, CommandResult Unset, CommandResult Run, CommandResult Again, ProcedureReport After)>? _story;

    internal Task<(ProcedureReport Exported, CommandResult Unset, CommandResult Run, CommandResult Again, ProcedureReport After)> StoryAsync() => _story ??= TellAsync();

    async Task<(ProcedureReport, CommandResult, CommandResult, CommandResult, ProcedureReport)> TellAsync()
    {
        var lab = await LabAsync();
        var before = await SnapshotAsync();
        var exported = await PowerShellAsync($$"""
            {{Describe}}
            Report { $nodes | Export-PemRunbook @with -Path "$state/change"; $nodes | Export-PemRunbook @with -Path "$state/change" }
            """);
        AssertSame(before, await SnapshotAsync());
        var script = Path.Combine(StateFolder, "change.sh");
        if (!File.Exists(script)) throw new LabException($"Nothing was exported: {exported}");
        var ssh = Path.Combine(StateFolder, "ssh");
        await File.WriteAllTextAsync(ssh, $"""
            #!/bin/sh
            exec ssh -F none -i "$PEMHA_LAB_KEY" -o IdentitiesOnly=yes -o UserKnownHostsFile="$PEMHA_LAB_KNOWN_HOSTS" -o BatchMode=yes "$@"

            """, Cancellation);
        var environment = Passwords.Append(new("SSH", $"sh {ssh}")).ToDictionary();
        var unset = await lab.EnterAsync(["sh", script], new Dictionary<string, string> { ["SSH"] = $"sh {ssh}" }, cancellation: Cancellation);
        // Whoever is stopped in the middle has the host finish what it is at; the next run knows of it.
        var cut = await lab.EnterAsync(["sh", "-c", """
            sh "$0" > "$0.out" 2>&1 & p=$!
            until grep -q 'create standby' "$0.out" || ! kill -0 $p; do sleep 0.1; done
            kill -TERM $p; wait $p
            """, script], environment, cancellation: Cancellation);
        if (cut.ExitCode != 130) throw new LabException($"The cut run ended with {cut.ExitCode}: {await File.ReadAllTextAsync(script + ".out", Cancellation)}");
        var run = await lab.EnterAsync(["sh", script], environment, cancellation: Cancellation);
        var again = await lab.EnterAsync(["sh", script], environment, cancellation: Cancellation);
        var after = await PowerShellAsync($$"""
            {{Describe}}
            Report {
                foreach ($c in ($nodes | Get-PemPlan @with)) { "left $($c.HostName): $($c.Step) $($c.Action) $($c.Resource) $($c.Difference)" }
                foreach ($n in ($nodes | Get-PemClusterStatus)) { "status $($n.Name) $($n.Role) $($n.Database) $($n.VirtualIp) $($n.Finding -join '; ')" }
            }
            """);
        return (exported, unset, run, again, after);
    }

    string Describe => $$"""
        $nodes = $hosts | Connect-PemHost @login
        function Secret($user, $text) {
            $secret = [securestring]::new()
            foreach ($c in $text.ToCharArray()) { $secret.AppendChar($c) }
            [pscredential]::new($user, $secret)
        }
        $with = @{
            Replication = Secret repl {{Quoted("PASSWORD_repl")}}
            Efm = Secret efm {{Quoted("PASSWORD_efm")}}
            UserSettings = Secret pem_user_settings {{Quoted("PASSWORD_pem_user_settings")}}
            SuperUser = Secret pemsuper {{Quoted("PASSWORD_pemsuper")}}
            AuthorityPath = "$state/ca"; AuthorityPassword = (Secret authority {{Quoted("AUTHORITY_PASSWORD")}}).Password
            EfmProperty = {{ProcedureLab.Timings}}
        }
        """;

    static string Quoted(string variable) => $"'{Passwords[variable].Replace("'", "''", StringComparison.Ordinal)}'";
}

/// <summary>Export-PemRunbook: what a person with ssh, and no PemHa, is told to do is what PemHa would have done.</summary>
public sealed class ProcedureRunbookTests(RunbookLab lab) : IClassFixture<RunbookLab>
{
    [Fact]
    [Spec("P4", "P7", "P11", "P12", "P18", "P24", "P26", "P33", "P36")]
    public async Task The_script_stopped_once_and_run_by_plain_ssh_leaves_PemHa_nothing_to_change()
    {
        var (_, _, run, _, after) = await lab.StoryAsync();
        Assert.True(run.ExitCode == 0, run.Stdout + run.Stderr);
        Assert.True(after.Errors.Count == 0, after.ToString());
        Assert.Equal(["status node1 Primary UP True ", "status node2 Standby UP False ", "status witness1 Witness N/A False "], after.Lines);
    }

    [Fact]
    public async Task Run_again_it_does_nothing_that_is_done()
    {
        var (_, _, _, again, _) = await lab.StoryAsync();
        Assert.Equal((0, "Done: every change is made.\n"), (again.ExitCode, again.Stdout));
    }

    [Fact]
    public async Task Without_a_password_it_says_which_one_and_begins_nothing()
    {
        var (_, unset, _, _, _) = await lab.StoryAsync();
        Assert.Equal((2, "", "PASSWORD_repl is not set: password of the database role repl\n"), (unset.ExitCode, unset.Stdout, unset.Stderr));
    }

    [Fact]
    [Spec("P7")]
    public async Task Neither_file_nor_the_hosts_logs_hold_a_password_and_no_file_is_replaced_unasked()
    {
        var (exported, _, run, _, _) = await lab.StoryAsync();
        Assert.Equal("FileExists", Assert.Single(exported.Errors).Id);
        var texts = new[] { "change.md", "change.sh" }.Select(f => File.ReadAllText(Path.Combine(lab.StateFolder, f))).Append(run.Stdout + run.Stderr).ToList();
        texts.Add(await lab.RootAsync("node1", "cat /var/lib/edb/as17/data/log/*; journalctl --no-pager; cat /usr/edb/pem/logs/*"));
        foreach (var text in texts)
        {
            Assert.All(RunbookLab.Passwords.Values, p => Assert.DoesNotContain(p, text, StringComparison.Ordinal));
            Assert.DoesNotContain("PRIVATE KEY", text, StringComparison.Ordinal);
        }
        Assert.Contains("`PASSWORD_repl`: password of the database role repl", texts[0], StringComparison.Ordinal);
        Assert.Contains("   +hostssl pem +pem_agent 127.0.0.1/32 cert", texts[0], StringComparison.Ordinal);
    }
}
