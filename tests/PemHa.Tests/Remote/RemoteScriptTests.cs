using CsCheck;
using PemHa.Engine.Remote;

namespace PemHa.Tests.Remote;

/// <summary>One round trip: rendered, run by the real shell where this is root, taken apart again.</summary>
public class RemoteScriptTests
{
    [Fact]
    public void Every_fragment_answers_with_its_status_output_and_error()
    {
        var script = New();
        script.Add("echo one; echo two >&2", true);
        script.Add("printf 'no newline'; exit 7", false);
        script.Add(":", true);
        Expect(script, new(0, "one\n", "two\n"), new(7, "no newline", ""), new(0, "", ""));
    }

    [Fact]
    public void Nothing_runs_after_a_fragment_that_must_not_fail()
    {
        var script = New();
        script.Add("echo one", true);
        script.Add("set -e; false; echo not here", true);
        script.Add("echo never", true);
        Expect(script, new(0, "one\n", ""), new(1, "", ""));
    }

    [Fact]
    public void Output_that_looks_like_a_frame_stays_output()
    {
        var lure = "\nABCDEF0123456789ABCDEF01 out 0 0\nx\nABCDEF0123456789ABCDEF01 err 0\ny\nABCDEF0123456789ABCDEF01 end 0\n";
        var script = New();
        script.Add($"printf '%s' {Sh.Quote(lure)}; printf '%s' {Sh.Quote(lure)} >&2", true);
        script.Add("frame out 0 0", true);
        script.Add("echo last", true);
        var results = Run(script);
        if (results is null) Assert.Skip("the script wants root");
        Assert.Equal(new(0, lure, lure), results[0]);
        Assert.Equal(new(0, "last\n", ""), results[^1]);
    }

    [Fact]
    public void Fragments_see_no_standard_input_and_no_lock()
    {
        var script = New();
        script.Add("cat; ls /proc/self/fd | grep -x 9; :", true);
        script.Add("echo still here", true);
        Expect(script, new(0, "", ""), new(0, "still here\n", ""));
    }

    [Fact]
    public void A_script_cut_anywhere_runs_nothing()
    {
        using var folder = new TemporaryFolder();
        var script = New();
        for (var i = 0; i < 5; i++) script.Add($"echo touched > {Sh.Quote(folder[$"file{i}"])}\ncat <<'PEMHA'\ntext\nPEMHA", true);
        var text = script.Render();
        // Only the last line break may be missing: then everything has arrived.
        Gen.Int[0, text.Length - 3].Holds(length =>
        {
            Shell.Sh(text[..length]);
            Assert.Empty(Directory.GetFiles(folder.Path));
        }, cases: 150, threads: 2);
        Assert.Equal(0, Shell.Sh(text, "-n").ExitCode);
    }

    [Fact]
    public void An_answer_cut_anywhere_gives_only_whole_results()
    {
        var script = New();
        for (var i = 0; i < 3; i++) script.Add("echo x", true);
        var nonce = script.Render().Split("printf '\\n")[1].Split(' ')[0];
        var answer = string.Concat(Enumerable.Range(0, 3)
            .Select(i => $"\n{nonce} out {i}\nout{i}\n\n{nonce} err {i} 0\nerr{i}\n\n{nonce} end {i}\n"));
        FragmentResult[] whole = [.. Enumerable.Range(0, 3).Select(i => new FragmentResult(0, $"out{i}\n", $"err{i}\n"))];
        Assert.Equal(whole, script.Parse(answer));
        for (var length = 0; length < answer.Length; length++)
        {
            var results = script.Parse(answer[..length]);
            Assert.Equal(whole[..results.Count], results);
        }
    }

    [Fact]
    public void The_lock_is_taken_before_anything_runs()
    {
        var shared = new RemoteScript("", HostLock.Shared).Render();
        var exclusive = new RemoteScript("", HostLock.Exclusive).Render();
        Assert.Contains("flock -s -w 1 9 || exit 98", shared, StringComparison.Ordinal);
        Assert.Contains("flock -x -w 1 9 || exit 98", exclusive, StringComparison.Ordinal);
        Assert.DoesNotContain("flock", New().Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_is_at_work_is_in_the_locks_file_while_it_is_and_only_a_mark_afterwards()
    {
        NeedRoot();
        using var folder = new TemporaryFolder();
        var script = Changing("Set-PemHba");
        script.Add($"cat {Sh.Quote(folder["lock"])}", true, "edit pg_hba.conf");
        var result = Assert.Single(script.Parse(Locked(script, folder).Output));
        Assert.Matches($@"^{script.Mark}\t\d+\t\d+\t[^\t]+@[^\t]+\t{Environment.ProcessId}\tSet-PemHba: edit pg_hba\.conf\n$", result.Output);
        Assert.Equal(script.Mark + "\n", File.ReadAllText(folder["lock"]));
        Assert.Equal(("", null), (script.Seen, script.TakenOver));
    }

    [Fact]
    public void What_another_run_has_changed_since_the_look_is_not_changed_by_what_was_seen_then()
    {
        NeedRoot();
        using var folder = new TemporaryFolder();
        var look = new RemoteScript("", HostLock.Shared);
        look.Add(":", false);
        look.Parse(Locked(look, folder).Output);
        Assert.Equal("", look.Seen);
        var first = Changing("first", look.Seen);
        first.Add("echo done", true);
        Assert.Equal([new(0, "done\n", "")], first.Parse(Locked(first, folder).Output));
        var second = Changing("second", look.Seen);
        second.Add("echo twice", true);
        Assert.Equal((RemoteScript.Outdated, 0), (Locked(second, folder).ExitCode, second.Parse(Locked(second, folder).Output).Count));
        look.Parse(Locked(look, folder).Output);
        Assert.Equal(first.Mark, look.Seen);
        var third = Changing("third", look.Seen);
        third.Add("echo again", true);
        Assert.Single(third.Parse(Locked(third, folder).Output));
    }

    [Fact]
    public void A_run_whose_shell_was_killed_is_waited_for_while_its_command_lives_and_taken_over_afterwards()
    {
        NeedRoot();
        using var folder = new TemporaryFolder();
        var killed = Changing("Install-PemEpas");
        killed.Add($"echo $$ > {Sh.Quote(folder["shell"])}; while [ -e {Sh.Quote(folder["shell"])} ]; do sleep 0.1; done", true, "install package");
        var text = killed.Render().Replace("/run/lock/pemha.lock", folder["lock"], StringComparison.Ordinal);
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("setsid", "-w sh")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        shell.StandardInput.Write(text);
        shell.StandardInput.Close();
        bool Started() => File.Exists(folder["shell"]) && File.ReadAllText(folder["shell"]).EndsWith('\n');
        Assert.True(SpinWait.SpinUntil(Started, TimeSpan.FromSeconds(60)));
        var number = File.ReadAllText(folder["shell"]).Trim();
        Assert.Equal(0, Shell.Sh($"kill -9 {number}; while [ -d /proc/{number} ]; do sleep 0.05; done").ExitCode);
        // What it had written, which may be secret, goes with the next one.
        var left = $"/run/pemha.{number}";
        Assert.Equal("700", Shell.Mode(left));

        var next = Changing("Install-PemEpas");
        next.Add("echo next", true);
        var refused = Locked(next, folder);
        Assert.Equal((RemoteScript.Locked, 0), (refused.ExitCode, next.Parse(refused.Output).Count));
        var holder = LockHolder.Parse(refused.Error)!;
        Assert.Equal((number, "Install-PemEpas: install package", true), ($"{holder.Process}", holder.What, holder.Forsaken));

        File.Delete(folder["shell"]);
        Assert.True(SpinWait.SpinUntil(
            () => next.Parse(Locked(next, folder).Output).Count == 1, TimeSpan.FromSeconds(60)));
        Assert.Equal(holder.Process, next.TakenOver?.Process);
        Assert.Equal(next.Mark + "\n", File.ReadAllText(folder["lock"]));
        Assert.False(Directory.Exists(left));
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("bash")]
    public void A_signal_at_any_moment_leaves_nothing(string shell)
    {
        NeedRoot();
        using var folder = new TemporaryFolder();
        var script = Changing("Set-PemHba");
        script.Add($"echo secret > \"$T/secret\"; echo \"$T\" >> {Sh.Quote(folder["used"])}", true, "edit");
        const string ends = "trap '' HUP INT PIPE TERM; rm -rf";
        var text = script.Render().Replace("/run/lock/pemha.lock", folder["lock"], StringComparison.Ordinal)
            .Replace("/run/pemha.", folder["pemha."], StringComparison.Ordinal);
        Assert.Contains(ends, text, StringComparison.Ordinal);
        var lines = text.Split('\n');
        foreach (var signal in new[] { "HUP", "INT", "PIPE", "TERM" })
        {
            // Once between any two of its lines, and in the middle of what is done at its end.
            foreach (var killed in Enumerable.Range(1, lines.Length - 3)
                .Select(at => string.Join('\n', [.. lines[..at], $"kill -s {signal} $$", .. lines[at..]]))
                .Append(text.Replace(ends, $"[ \"${{K-}}\" ] || {{ K=1; kill -s {signal} $$; }}; {ends}", StringComparison.Ordinal)))
            {
                var result = Shell.WithSignals(shell, killed);
                Assert.True(Directory.GetDirectories(folder.Path).Length == 0, $"{killed}\n{result.Output}{result.Error}");
                Assert.True(!File.Exists(folder["lock"]) || !File.ReadAllText(folder["lock"]).Contains('\t', StringComparison.Ordinal), killed);
            }
        }
        Assert.NotEmpty(File.ReadAllLines(folder["used"]));
    }

    [Fact]
    public void Whose_run_it_is_is_told_by_user_machine_and_process()
    {
        LockHolder Of(string who, int process) => LockHolder.Parse($"sudo: noise\nat work: {who} (process {process} there, 12 here), for 75 s: Step: install (x), y\n")!;
        var me = $"{Environment.UserName}@{Environment.MachineName}";
        Assert.Equal(new LockHolder("a b@c", 1, 12, 75, "Step: install (x), y"), Of("a b@c", 1));
        Assert.True(Of(me, Environment.ProcessId).Forsaken);
        Assert.True(Of(me, int.MaxValue).Forsaken);
        Assert.False(Of(me, 1).Forsaken);
        Assert.False(Of("else@" + Environment.MachineName, int.MaxValue).Forsaken);
        Assert.Null(LockHolder.Parse("at work: x (process 99999999999 there, 1 here), for 1 s: y"));
        Assert.Null(LockHolder.Parse(""));
    }

    static void NeedRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "the script wants root");

    static RemoteScript Changing(string step, string? seen = null) => new("", HostLock.Exclusive) { Step = step, Expected = seen };

    /// <summary>Runs a script with a lock of the test's own.</summary>
    static Shell.Result Locked(RemoteScript script, TemporaryFolder folder) =>
        Shell.Sh(script.Render().Replace("/run/lock/pemha.lock", folder["lock"], StringComparison.Ordinal));

    static RemoteScript New() => new("", null);

    static void Expect(RemoteScript script, params FragmentResult[] expected)
    {
        if (Run(script) is { } results) Assert.Equal(expected, results);
    }

    /// <summary>Null where this is not root: then the shell only reads the script.</summary>
    static IReadOnlyList<FragmentResult>? Run(RemoteScript script)
    {
        var text = script.Render();
        Assert.Equal("", Shell.Sh(text, "-n").Error);
        if (!Environment.IsPrivilegedProcess) return null;
        var result = Shell.Sh(text);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return script.Parse(result.Output);
    }
}
