using PemHa.Engine.State;

namespace PemHa.Tests.State;

/// <summary>The shell functions that changes are written in, run by the real sh.</summary>
public sealed class PreludeTests
{
    /// <summary>A dnf that ends so, one status for each call.</summary>
    static Shell.Result Dnf(params int[] statuses)
    {
        using var tools = new TemporaryFolder();
        var count = tools["count"];
        var stand = $"n=$(cat '{count}' 2>/dev/null || echo 0); n=$((n + 1)); echo $n > '{count}'; echo \"dnf $*\"; set -- {string.Join(' ', statuses)}; shift $((n - 1)); exit $1";
        File.WriteAllText(tools["dnf"], $"#!/bin/sh\n{stand}\n");
        return Shell.Sh($"set -eu\nchmod +x {tools["dnf"]}\n{Prelude.For(new Example().Cluster)}\nPATH={tools.Path}:$PATH\ninstalling() {{ return 1; }}\ndnf -qy install p\necho done\n");
    }

    [Fact]
    public void A_dnf_that_meets_another_ones_lock_is_called_again()
    {
        var result = Dnf(200, 0);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("dnf --setopt=exit_on_lock=True -qy install p\ndnf --setopt=exit_on_lock=True -qy install p\ndone\n", result.Output);
    }

    [Fact]
    public void A_dnf_that_fails_fails_with_its_own_status()
    {
        var result = Dnf(1, 0);
        Assert.Equal(1, result.ExitCode);
        Assert.DoesNotContain("done", result.Output, StringComparison.Ordinal);
    }
}
