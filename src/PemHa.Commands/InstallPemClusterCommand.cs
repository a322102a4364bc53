using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>The whole procedure in the order that works; asks once, then goes on until the end or the first step that fails.</summary>
/// <remarks>With -Confirm each change is asked for; with -Confirm:$false none. Data that may be nowhere else is never replaced (T4).</remarks>
[Cmdlet(VerbsLifecycle.Install, "PemCluster", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = nameof(PemSslModel.SslUtils))]
[OutputType(typeof(PemHost), typeof(Job))]
public sealed class InstallPemClusterCommand : DeploymentCommand
{
    /// <summary>Runs as a job of this session; asks once before. A preview is given at once, without a job.</summary>
    [Parameter]
    public SwitchParameter AsJob { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (AsJob && StartJob(Hosts)) return;
        var preview = Preference.WhatIf(this);
        var each = MyInvocation.BoundParameters.TryGetValue("Confirm", out var given) && ((SwitchParameter)given).IsPresent;
        Pump(async ct =>
        {
            foreach (var group in Clusters)
            {
                var hosts = group.ToList();
                var steps = Plan(group.Key, hosts, "Install-PemCluster", preview).Steps(StartAt, StopAfter);
                var what = $"cluster {group.Key.Name} on {string.Join(", ", hosts)}: {steps[0].Name} to {steps[^1].Name}";
                if (!preview && !each && !await AskAsync(() => ShouldProcess(what, "Install-PemCluster"))) continue;
                var reporter = new CmdletReporter(this, preview, Post, AskAsync) { Asks = preview || each };
                foreach (var host in await Deployment.RunAsync(steps, hosts, new StepRunner(reporter, ThrottleLimit), ct)) Post(() => WriteObject(host));
            }
        });
    }
}
