using System.Management.Automation;

namespace PemHa.Tests.Hosted;

/// <summary>What goes on which stream, and how a person chooses.</summary>
public sealed class StreamTests : IDisposable
{
    const string Step = "$hosts | Set-PemPassFile -Credential ([pscredential]::new('repl', $password))";
    const string Head = "param($hosts) $password = [securestring]::new(); foreach ($c in 's3cret-Word'.ToCharArray()) { $password.AppendChar($c) }; ";

    readonly HostedEngine _engine = new();
    readonly Example _c1 = new();
    readonly List<FakeHost> _hosts;

    public StreamTests() => _hosts = [.. _c1.Cluster.Hosts.Select(h => new FakeHost(h))];

    [Fact]
    public void Verbose_tells_decisions_Debug_the_commands_without_secrets_and_Information_what_is_done()
    {
        using var shell = _engine.Shell(Head + Step + " -Verbose -Debug", _c1.Cluster.Hosts);
        shell.Invoke();
        var verbose = shell.Streams.Verbose.Select(v => v.Message).ToList();
        Assert.Contains("node1: .pgpass: create file /var/lib/edb/.pgpass", verbose);
        Assert.Contains("witness1: Set-PemPassFile is not about it", verbose);
        var debug = string.Join('\n', shell.Streams.Debug.Select(d => d.Message));
        Assert.Contains("node1:\n", debug, StringComparison.Ordinal);
        Assert.Contains("put_file", debug, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-Word", debug + string.Join('\n', verbose), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String("s3cret-Word"u8)[..12], debug, StringComparison.Ordinal);
        var done = Assert.Single(shell.Streams.Information);
        Assert.StartsWith("Set-PemPassFile: 3 changes on 3 hosts in ", done.MessageData.ToString(), StringComparison.Ordinal);
        Assert.Equal(["PemHa"], done.Tags);
        // A second run has nothing to do, and says so.
        using var again = _engine.Shell(Head + Step + " -Verbose", _c1.Cluster.Hosts);
        again.Invoke();
        Assert.Contains("node1: .pgpass: all is as wanted", again.Streams.Verbose.Select(v => v.Message));
        Assert.Empty(again.Streams.Debug);
    }

    [Theory]
    [InlineData("", false, false)]
    [InlineData(" -InformationAction Continue", true, false)]
    [InlineData(" -Verbose", false, true)]
    public void What_is_shown_is_the_persons_choice(string given, bool information, bool verbose)
    {
        _engine.Run(Head + Step + given, _c1.Cluster.Hosts);
        Assert.Equal(information, _engine.Shown.Contains("3 changes on 3 hosts", StringComparison.Ordinal));
        Assert.Equal(verbose, _engine.Shown.Contains("VERBOSE: node1: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Defaults_of_the_session_are_taken_for_every_cmdlet_of_ours()
    {
        _engine.Run("$global:PSDefaultParameterValues = @{ '*-Pem*:Verbose' = $true; 'Set-Pem*:InformationAction' = 'Continue'; '*-Pem*:ThrottleLimit' = 1 }");
        _engine.Run(Head + Step, _c1.Cluster.Hosts);
        Assert.Contains("VERBOSE: node1: ", _engine.Shown, StringComparison.Ordinal);
        Assert.Contains("3 changes on 3 hosts", _engine.Shown, StringComparison.Ordinal);
        // And those of preference variables.
        using var other = new HostedEngine();
        other.Run("$global:VerbosePreference = 'Continue'; $global:InformationPreference = 'Continue'");
        other.Run(Head + Step, _c1.Cluster.Hosts);
        Assert.Contains("VERBOSE: node1: ", other.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_is_told_for_each_host_and_ends()
    {
        using var shell = _engine.Shell(Head + Step, _c1.Cluster.Hosts);
        shell.Invoke();
        var bars = shell.Streams.Progress.GroupBy(p => p.ActivityId).ToList();
        Assert.Equal(["Set-PemPassFile node1", "Set-PemPassFile node2", "Set-PemPassFile node3"], bars.Select(b => b.First().Activity).Order());
        Assert.All(bars, b => Assert.Equal((ProgressRecordType.Completed, ProgressRecordType.Processing), (b.Last().RecordType, b.First().RecordType)));
        Assert.Contains(shell.Streams.Progress, p => p.StatusDescription.StartsWith(".pgpass: create file /var/lib/edb/.pgpass (", StringComparison.Ordinal));
    }

    [Fact]
    [Spec("T5")]
    public void A_base_backup_tells_how_far_it_is_and_how_long_it_will_still_take()
    {
        var percent = 0;
        _hosts[0].Says = fragment => fragment.Contains("pg_stat_progress_basebackup", StringComparison.Ordinal)
            ? $"{percent += 20}\tstreaming database files, {percent} MB\n"
            : "up\t=1\nrecovery\t=false\nsysid\t=77\nstreaming\t=2\nfolder\t=PG_17_202406281\n";
        _hosts[1].Does = async (script, ct) =>
        {
            if (FakeHost.Changes(script)) while (percent < 60) await Task.Delay(20, ct);
        };
        using var shell = _engine.Shell(Head + "$hosts[0], $hosts[1] | Initialize-PemReplica -Confirm:$false -ErrorAction SilentlyContinue", _c1.Cluster.Hosts);
        shell.Invoke();
        var told = shell.Streams.Progress.Where(p => p.Activity == "Initialize-PemReplica node2" && p.PercentComplete is > 0 and < 100).ToList();
        Assert.Equal([20, 40, 60], told.Select(p => p.PercentComplete).Take(3));
        Assert.Contains("streaming database files, 40 MB", told[1].StatusDescription, StringComparison.Ordinal);
        // 20 % a second: nothing can be said at the first look, then about 3 s, then about 2.
        Assert.Equal(-1, told[0].SecondsRemaining);
        Assert.InRange(told[1].SecondsRemaining, 2, 30);
        Assert.InRange(told[2].SecondsRemaining, 1, 20);
    }

    public void Dispose() => _engine.Dispose();
}
