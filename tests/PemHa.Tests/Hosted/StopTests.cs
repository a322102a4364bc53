using System.Diagnostics;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace PemHa.Tests.Hosted;

/// <summary>Ctrl-C, whenever it comes: it is over within a second, and the person knows what was left.</summary>
public sealed class StopTests : IDisposable
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    readonly HostedEngine _engine = new();
    readonly TemporaryFolder _folder = new();
    readonly Example _c1;
    readonly List<FakeHost> _hosts;

    public StopTests()
    {
        _c1 = new Example(_folder["journal"]);
        _hosts = [.. _c1.Cluster.Hosts.Select(h => new FakeHost(h))];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_host_in_the_middle_of_a_change_is_left_and_named_whether_it_sees_the_stop_or_not(bool sees)
    {
        _hosts[1].Does = sees
            ? (script, ct) =>
            {
                if (!FakeHost.Changes(script)) return Task.CompletedTask;
                _hosts[1].Changing.SetResult();
                return Task.Delay(Timeout.Infinite, ct);
            }
        : FakeHost.Silent(_hosts[1]);
        const string Step = "Set-PemPassFile, .pgpass: create file /var/lib/edb/.pgpass";
        bool OthersAreDone() => Changed(_folder["journal"]) == 2;
        var others = Task.Run(
            () => Assert.True(SpinWait.SpinUntil(OthersAreDone, TimeSpan.FromSeconds(60)), "The others did not go on."),
            TestContext.Current.CancellationToken);
        await StopAsync(
            "param($hosts) $hosts | Set-PemPassFile -Credential (New-PemCredential repl)",
            Task.WhenAll(_hosts[1].Changing.Task, others));
        Assert.Equal([null, Step, null, null], _c1.Cluster.Hosts.Select(h => h.Unfinished));
        var warning = Assert.Single(_engine.Shown.Split('\n'), l => l.StartsWith("WARNING: ", StringComparison.Ordinal));
        Assert.StartsWith($"WARNING: node2 was in the middle of {Step}.", warning, StringComparison.Ordinal);
        // The others had answered, and the journal says what was done and what was not.
        var journal = File.ReadAllLines(_folder["journal"]).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(["node1", "node3"], journal.Where(e => e.GetProperty("Kind").GetString() == "change").Select(e => e.GetProperty("Host").GetString()).Order());
        if (sees) Assert.Equal("node2", Assert.Single(journal, e => e.GetProperty("Kind").GetString() == "stopped").GetProperty("Host").GetString());

        // The next run goes on from what is there.
        _hosts[1].Does = (_, _) => Task.CompletedTask;
        var output = _engine.Run("param($hosts) $hosts | Set-PemPassFile -Credential (New-PemCredential repl) -Verbose 4>&1", _c1.Cluster.Hosts);
        Assert.Contains($"node2: an earlier run was cut off in the middle of {Step}; this one goes on from what is there now",
            output.Select(o => o.BaseObject).OfType<VerboseRecord>().Select(v => v.Message));
        Assert.Equal(4, output.Count(o => o.BaseObject is PemHost));
        Assert.All(_c1.Cluster.Hosts, h => Assert.Null(h.Unfinished));
    }

    [Fact]
    public async Task A_host_that_says_nothing_when_it_is_looked_at_is_not_waited_for()
    {
        var asked = new TaskCompletionSource();
        _hosts[0].Does = (_, _) =>
        {
            asked.TrySetResult();
            return Task.Delay(Timeout.Infinite, CancellationToken.None);
        };
        await StopAsync("param($hosts) $hosts | Set-PemPassFile -Credential (New-PemCredential repl)", asked.Task);
        // Looking changes nothing: there is nothing to tell.
        Assert.DoesNotContain("WARNING", _engine.Shown, StringComparison.Ordinal);
        await StopAsync("param($hosts) $hosts | Get-PemClusterStatus", Task.CompletedTask);
    }

    [Fact]
    public async Task A_host_that_floods_is_not_listened_to_any_more()
    {
        var asked = new TaskCompletionSource();
        _hosts[0].Says = _ =>
        {
            asked.TrySetResult();
            return new string('x', 50_000_000);
        };
        _hosts[0].Does = async (_, ct) =>
        {
            // What comes keeps a processor busy, and asks nobody whether it may.
            if (asked.Task.IsCompleted) await Task.Run(() => { while (!ct.IsCancellationRequested) Thread.SpinWait(100_000); }, CancellationToken.None);
        };
        await StopAsync("param($hosts) 1..1000 | ForEach-Object { $hosts | Set-PemPassFile -Credential (New-PemCredential repl) -WhatIf }", asked.Task);
    }

    [Fact]
    public async Task A_question_that_nobody_has_answered_holds_nothing_up_and_nothing_is_changed()
    {
        _engine.Answers = new Answers();
        await StopAsync("param($hosts) $hosts | Set-PemPassFile -Credential (New-PemCredential repl) -Confirm", _engine.Answers.Asked.Task, _engine.Answers.Interrupt);
        Assert.All(_hosts, h => Assert.False(h.Changing.Task.IsCompleted));
        Assert.Empty(_c1.Primary.Changes);
        Assert.DoesNotContain("WARNING", _engine.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_that_is_to_stop_does_so_and_says_what_it_left()
    {
        // One step after another: what node1 did wrong ends the pipeline while nobody is at anything.
        _hosts[0].Instead = (1, "", "no shell here");
        var error = _engine.Fails("param($hosts) $hosts | Set-PemPassFile -Credential (New-PemCredential repl) -ErrorAction Stop", _c1.Cluster.Hosts);
        Assert.StartsWith("ScriptFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(_c1.Primary, error.TargetObject);
        Assert.All(_c1.Cluster.Hosts, h => Assert.Null(h.Unfinished));
    }

    [Fact]
    public async Task A_thread_pool_that_others_keep_busy_makes_nobody_wait()
    {
        var lines = await FreshSession.RunAsync("""
            param($manifest)
            Import-Module $manifest
            $cluster = New-PemCluster efm -VirtualIp 172.16.161.245 -PingServer 172.16.161.1
            $node = New-PemHost 172.16.161.200 Primary -Cluster $cluster -Name node1
            $shell = [powershell]::Create([System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault2())
            $null = $shell.AddScript('param($manifest) Import-Module $manifest').AddArgument($manifest).Invoke()
            $shell.Commands.Clear()

            $threads = [System.Environment]::ProcessorCount
            $null = [System.Threading.ThreadPool]::SetMinThreads(1, 1)
            "all taken $([System.Threading.ThreadPool]::SetMaxThreads($threads, $threads))"
            $gate = [System.Threading.ManualResetEventSlim]::new()
            $wait = $gate.GetType().GetMethod('Wait', [type[]]@()).CreateDelegate([System.Action], $gate)
            foreach ($i in 1..(2 * $threads)) { $null = [System.Threading.Tasks.Task]::Run($wait) }
            while ([System.Threading.ThreadPool]::ThreadCount -lt $threads) { [System.Threading.Thread]::Sleep(10) }

            $began = [System.Threading.ManualResetEventSlim]::new()
            $null = $shell.AddScript('param($node, $began) $node | ForEach-Object { $_; $began.Set() } | Get-PemClusterStatus').AddArgument($node).AddArgument($began).BeginInvoke()
            "began $($began.Wait(20000))"
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $stopping = $shell.BeginStop($null, $null)
            "over $($stopping.AsyncWaitHandle.WaitOne(20000)) $($shell.InvocationStateInfo.State)"
            "in time $($watch.Elapsed.TotalSeconds -lt 1)"
            $gate.Set()
            """, ModuleAssemblies.Manifest);
        Assert.Equal(["all taken True", "began True", "over True Stopped", "in time True"], lines);
    }

    [Fact]
    public void Nothing_is_kept_for_the_whole_process()
    {
        // The loader's, since an assembly is loaded once.
        string[] known = ["ModuleLoader._commands"];
        foreach (var type in new[] { typeof(PemHost).Assembly, ModuleLoader.Load(), typeof(PemHa.Engine.PemException).Assembly }.SelectMany(a => a.GetTypes())
            .Where(t => !t.IsDefined(typeof(CompilerGeneratedAttribute), false) && !t.FullName!.Contains('<', StringComparison.Ordinal)))
        {
            foreach (var field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (field.IsLiteral || known.Contains($"{type.Name}.{field.Name}")) continue;
                Assert.True(field.IsInitOnly, $"{type}.{field.Name} can be set.");
                // What can be added to at any time would be shared by runspaces that know nothing of each other.
                Assert.False(field.FieldType.Namespace == "System.Collections.Concurrent" || field.FieldType.Name.StartsWith("List`", StringComparison.Ordinal),
                    $"{type}.{field.Name} is a {field.FieldType}.");
            }
        }
    }

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    static int Changed(string journal) => File.Exists(journal) ? File.ReadAllLines(journal).Count(l => l.Contains("\"change\"", StringComparison.Ordinal)) : 0;

    async Task StopAsync(string script, Task moment, Action? interrupt = null)
    {
        using var shell = _engine.Shell(script, _c1.Cluster.Hosts);
        var running = shell.BeginInvoke();
        await moment.WaitAsync(TimeSpan.FromSeconds(60));
        // On a thread of its own, as in pwsh: what is measured is not how busy the other tests are.
        var seconds = await Task.Factory.StartNew(() =>
        {
            var watch = Stopwatch.StartNew();
            // As pwsh does: whoever reads the keyboard is told as well.
            interrupt?.Invoke();
            shell.Stop();
            return watch.Elapsed;
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.InRange(seconds, TimeSpan.Zero, Second);
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Throws<PipelineStoppedException>(() => shell.EndInvoke(running));
    }
}
