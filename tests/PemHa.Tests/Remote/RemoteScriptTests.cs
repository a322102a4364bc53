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
        var shared = new RemoteScript("", HostLock.Shared, TimeSpan.FromSeconds(5)).Render();
        var exclusive = new RemoteScript("", HostLock.Exclusive, TimeSpan.FromSeconds(5)).Render();
        Assert.Contains("flock -s -w 5 9 || exit 98", shared, StringComparison.Ordinal);
        Assert.Contains("flock -x -w 5 9 || exit 98", exclusive, StringComparison.Ordinal);
        Assert.DoesNotContain("flock", New().Render(), StringComparison.Ordinal);
    }

    static RemoteScript New() => new("", null, TimeSpan.Zero);

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
