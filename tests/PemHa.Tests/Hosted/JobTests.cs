using System.Management.Automation;
using System.Reflection;

namespace PemHa.Tests.Hosted;

/// <summary>The long steps as jobs, and several runs at once.</summary>
public sealed class JobTests : IDisposable
{
    const string Restart = "$hosts | Invoke-PemRollingRestart -Force -AsJob -Confirm:$false";

    readonly HostedEngine _engine = new();
    readonly Example _c1 = new();
    readonly List<FakeHost> _hosts;

    public JobTests() => _hosts = [.. _c1.Cluster.Hosts.Select(h => Healthy(h))];

    [Fact]
    public void The_long_ones_can_be_jobs()
    {
        var able = Cmdlets.Types.Where(t => Cmdlets.Parameters(t).Any(p => p.Name == "AsJob")).ToList();
        Assert.Equal(["Initialize-PemReplica", "Install-PemCluster", "Install-PemEpas", "Install-PemServer", "Invoke-PemRollingRestart"], able.Select(Cmdlets.Name).Order());
        Assert.All(able, t => Assert.Contains(typeof(Job), t.GetCustomAttributes<OutputTypeAttribute>().SelectMany(o => o.Type).Select(o => o.Type)));
    }

    [Fact]
    public void A_job_gives_what_the_command_gives_on_every_stream()
    {
        var output = _engine.Run($"param($hosts) $job = {Restart} -Verbose -Debug; $job; $null = Wait-Job $job -Timeout 60", _c1.Cluster.Hosts);
        var job = Assert.IsAssignableFrom<Job>(Assert.Single(output).BaseObject);
        Assert.Equal((JobState.Completed, "PemJob", "node1, node2, node3, witness1"), (job.JobStateInfo.State, job.PSJobTypeName, job.Location));
        Assert.True(job.HasMoreData);
        Assert.NotEmpty(job.Progress);
        Assert.NotEmpty(job.Debug);
        Assert.Contains("Invoke-PemRollingRestart: 3 changes on 3 hosts", Assert.Single(job.Information).MessageData.ToString(), StringComparison.Ordinal);
        Assert.Equal(_c1.Cluster.Hosts, _engine.Run("param($job) Receive-Job $job", job).Select(o => o.BaseObject));
        // It worked on the session's own hosts.
        Assert.All(_c1.Cluster.DataNodes, h => Assert.Single(h.Changes));
        Assert.Equal(job.Id, ((Job)Assert.Single(_engine.Run("Get-Job")).BaseObject).Id);
        _engine.Run("Get-Job | Remove-Job");
    }

    [Fact]
    public void An_error_of_a_job_keeps_its_name_its_host_and_its_remedy()
    {
        _hosts[1].Instead = (1, "", "no shell");
        var (_, errors) = _engine.Try($"param($hosts) {Restart} | Wait-Job -Timeout 60 | Receive-Job", _c1.Cluster.Hosts);
        var error = Assert.Single(errors);
        Assert.StartsWith("ScriptFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("node2", error.TargetObject.ToString());
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
        // One that ends the command ends the job.
        foreach (var host in _c1.Cluster.Hosts) host.Session = null;
        _c1.Cluster.Seen = null;
        (_, errors) = _engine.Try($"param($hosts) $global:job = {Restart}; $job | Wait-Job -Timeout 60 | Receive-Job", _c1.Cluster.Hosts);
        Assert.StartsWith("PrimaryUnreachable,", Assert.Single(errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(JobState.Failed, ((Job)_engine.Run("$job")[0].BaseObject).JobStateInfo.State);
    }

    [Fact]
    public async Task A_job_can_be_stopped_and_tells_what_it_left()
    {
        _hosts[1].Does = FakeHost.Silent(_hosts[1]);
        var job = (Job)_engine.Run($"param($hosts) {Restart}", _c1.Cluster.Hosts)[0].BaseObject;
        await _hosts[1].Changing.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        _engine.Run("param($job) Stop-Job $job", job);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(JobState.Stopped, job.JobStateInfo.State);
        Assert.Equal($"node2: Invoke-PemRollingRestart, restart: restart service {_c1.Cluster.ServiceName}", job.StatusMessage);
        _engine.Run("param($job) Remove-Job $job", job);
    }

    [Fact]
    public void What_asks_asks_before_and_a_preview_is_no_job()
    {
        var (output, _) = _engine.Try("param($hosts) $hosts | Invoke-PemRollingRestart -Force -AsJob -WhatIf", _c1.Cluster.Hosts);
        Assert.Equal(_c1.Cluster.Hosts, output.Select(o => o.BaseObject));
        Assert.Contains("What if: ", _engine.Shown, StringComparison.Ordinal);
        // Nobody is there to say yes.
        var (none, errors) = _engine.Try("param($hosts) $hosts | Invoke-PemRollingRestart -Force -AsJob", _c1.Cluster.Hosts);
        Assert.Empty(none);
        Assert.NotEmpty(errors);
        Assert.All(_c1.Cluster.Hosts, h => Assert.Empty(h.Changes));
        Assert.Empty(_engine.Run("Get-Job"));
    }

    [Fact]
    public async Task Runspaces_that_work_at_once_do_not_disturb_each_other()
    {
        var runs = Enumerable.Range(0, 8).Select(i => Task.Run(() =>
        {
            using var engine = new HostedEngine();
            var cluster = new Example();
            var hosts = cluster.Cluster.Hosts.Select(h => new FakeHost(h)).ToList();
            if (i % 2 == 1) hosts[i % 3].Instead = (1, "", "no shell");
            var (output, errors) = engine.Try("param($hosts) $hosts | Set-PemPassFile -Credential (New-PemCredential repl)", cluster.Cluster.Hosts);
            return (Output: output.Count, Errors: errors.Select(e => e.TargetObject).ToList(), Failed: i % 2 == 1 ? cluster.Cluster.Hosts[i % 3] : null);
        })).ToList();
        foreach (var (output, errors, failed) in await Task.WhenAll(runs))
        {
            Assert.Equal(failed is null ? 4 : 3, output);
            Assert.Equal(failed is null ? [] : [failed], errors);
        }
    }

    public void Dispose() => _engine.Dispose();

    /// <summary>A node of a cluster that runs.</summary>
    internal static FakeHost Healthy(PemHost host) => new(host)
    {
        Says = _ => host.Role switch
        {
            PemRole.Primary => "up\t=1\nrecovery\t=false\nsysid\t=77\nstreaming\t=2\n",
            PemRole.Standby => "up\t=1\nrecovery\t=true\nsysid\t=77\nreceiver\t=streaming 172.16.161.200\n",
            _ => "",
        },
    };
}
