using PemHa.Engine.Procedure;
using PemHa.Engine.Runbooks;
using PemHa.Engine.State;

namespace PemHa.Tests.Runbooks;

/// <summary>The runbook's shell script, by the real shells, with an <c>ssh</c> of the test's own.</summary>
public sealed class ShellRunbookTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly Example _c1 = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Signals => new(
        from shell in new[] { "sh", "bash" }
        from signal in new[] { "HUP", "INT", "PIPE", "QUIT", "TERM" }
        select (shell, signal));

    [Theory]
    [MemberData(nameof(Signals))]
    public void Given_up_twice_it_leaves_no_key_of_an_authority(string shell, string signal)
    {
        // Whoever is told that it is over gives the signal once more.
        Ssh($"case \"$*\" in *'-O exit'*) kill -s {signal} $PPID; sleep 0.05 ;; esac");
        var script = Script($"mkdir \"$W/ca\"; echo key > \"$W/ca/ca_key.key\"; cp -r \"$W\" '{_folder["seen"]}'; kill -s {signal} $$");
        Assert.Equal(130, Run(shell, script).ExitCode);
        Assert.True(File.Exists(_folder["seen/ca/ca_key.key"]));
        Assert.Empty(Directory.GetFileSystemEntries(_folder["tmp"]));
    }

    [Theory]
    [MemberData(nameof(Signals))]
    public void Given_up_before_it_has_anything_it_takes_nothing_away(string shell, string signal)
    {
        Ssh("");
        File.WriteAllText(_folder["rm"], $"#!/bin/sh\necho \"$*\" >> '{_folder["removed"]}'\n");
        var script = Script("").Replace("W=$(mktemp", $"kill -s {signal} $$; W=$(mktemp", StringComparison.Ordinal);
        Assert.Equal(130, Run(shell, $"chmod 755 '{_folder["rm"]}'; PATH='{_folder.Path}':$PATH\n{script}").ExitCode);
        Assert.False(File.Exists(_folder["removed"]));
    }

    [Fact]
    public void To_the_end_it_leaves_nothing_either_and_remembers_what_is_done()
    {
        Ssh("cat >/dev/null");
        var result = Run("sh", Script("mkdir \"$W/ca\""));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.EndsWith("Done: every change is made.\n", result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder["tmp"]));
    }

    /// <summary>A runbook of one change, which begins with this on the admin's machine.</summary>
    string Script(string local)
    {
        foreach (var host in _c1.Cluster.Hosts) _ = new FakeHost(host);
        var change = new PlannedChange(new PemChange("node1", "Set-PemHba", "rules", "set", ""), new Recipe("true") { Local = local });
        return new ShellRunbook(_c1.Cluster, _c1.Cluster.Hosts, [change], DateTimeOffset.UnixEpoch).Text();
    }

    void Ssh(string does) => File.WriteAllText(_folder["ssh"], $"#!/bin/sh\n{does}\nexit 0\n");

    Shell.Result Run(string shell, string script)
    {
        Directory.CreateDirectory(_folder["tmp"]);
        // What is done it writes beside itself.
        return Shell.WithSignals(shell, $"TMPDIR='{_folder["tmp"]}'; SSH='sh {_folder["ssh"]}'\n{script.Replace("${0%.sh}", _folder["change"], StringComparison.Ordinal)}");
    }
}
