using System.Management.Automation;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>What Install-PemCluster would change, as objects; changes nothing.</summary>
[Cmdlet(VerbsCommon.Get, "PemPlan", DefaultParameterSetName = nameof(PemSslModel.SslUtils))]
[OutputType(typeof(PemChange))]
public sealed class GetPemPlanCommand : DeploymentCommand
{
    /// <inheritdoc/>
    protected override void EndProcessing() => Pump(async ct =>
    {
        foreach (var group in Clusters)
        {
            var plan = new PlanReporter(new CmdletReporter(this, true, Post, AskAsync));
            var steps = Plan(group.Key, [.. group], "Get-PemPlan", preview: true).Steps(StartAt, StopAfter);
            await Deployment.RunAsync(steps, [.. group], new StepRunner(plan, ThrottleLimit), ct);
            foreach (var planned in plan.Changes) Post(() => WriteObject(planned.Change));
        }
    });
}
