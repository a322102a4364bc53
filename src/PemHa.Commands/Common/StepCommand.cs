using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>A step of the procedure: gathers the hosts of the pipeline, brings them all to what the step wants, and passes on those that are.</summary>
public abstract class StepCommand : AsyncCommand
{
    readonly List<PemHost> _hosts = [];
    CmdletReporter? _reporter;

    /// <summary>The nodes; the whole cluster's, as steps need to know each other's hosts.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0)]
    [ArgumentCompleter(typeof(HostCompleter))]
    public PemHost[] PemHost { get; set; } = [];

    /// <summary>How many hosts are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 32;

    /// <summary>Whether -WhatIf is in force, given or inherited.</summary>
    internal bool IsPreview { get; private set; }

    /// <summary>The hosts of the pipeline.</summary>
    private protected IReadOnlyList<PemHost> Hosts => [.. _hosts.Distinct()];

    /// <inheritdoc/>
    protected override void ProcessRecord() => _hosts.AddRange(PemHost);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        IsPreview = Preference.WhatIf(this);
        Pump(async ct =>
        {
            var reporter = _reporter = new CmdletReporter(this, IsPreview, Post, AskAsync);
            foreach (var group in Hosts.GroupBy(h => h.Cluster))
            {
                var hosts = group.ToList();
                var step = await PlanAsync(group.Key, hosts, ct);
                foreach (var host in hosts.Except(step.Hosts)) reporter.Decision($"{host.Name}: {step.Name} is not about it");
                var done = await new StepRunner(reporter, ThrottleLimit).RunAsync(step, ct);
                foreach (var host in hosts.Where(h => done.Contains(h) || !step.Hosts.Contains(h))) Post(() => WriteObject(host));
            }
        });
    }

    /// <summary>The step, for the hosts of one cluster.</summary>
    private protected abstract Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct);

    /// <summary>The primary as it is now.</summary>
    /// <param name="given">Whether it must be among the hosts that are still in the pipeline, as the step is about it too.</param>
    private protected Task<PemHost> PrimaryAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, string step, CancellationToken ct, bool given = true) =>
        ClusterView.PrimaryAmongAsync(cluster, hosts, step, _reporter!, ct, given);
}
