using System.Management.Automation;
using PemHa.Engine.Checks;

namespace PemHa.Commands;

/// <summary>
/// Rehearses the virtual IP before EFM is started: each data node in turn takes it with EFM's own command, the other nodes ping it, and it is given
/// back, whatever happens (T11). Refused while an agent of the cluster runs or somebody has the address.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "PemVirtualIp", SupportsShouldProcess = true)]
[OutputType(typeof(PemVirtualIpTest))]
public sealed class TestPemVirtualIpCommand : AsyncCommand
{
    readonly HashSet<PemCluster> _clusters = [];

    /// <summary>Connected nodes; every node of their cluster takes part, and has to be connected.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0)]
    [ArgumentCompleter(typeof(HostCompleter))]
    public PemHost[] PemHost { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var host in PemHost) _clusters.Add(host.Cluster);
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Pump(async ct =>
    {
        var reporter = new CmdletReporter(this, Preference.WhatIf(this), Post, AskAsync);
        foreach (var cluster in _clusters)
        {
            var rehearsal = new VirtualIpRehearsal(cluster, reporter);
            await rehearsal.RequireAsync(ct);
            foreach (var host in cluster.Hosts.Where(h => h.Role != PemRole.Witness))
            {
                if (!await AskAsync(() => ShouldProcess(host.Name, $"take {cluster.VirtualIp} for a moment, let the other nodes ping it, give it back"))) continue;
                var result = await rehearsal.RunAsync(host, ct);
                Post(() => WriteObject(result));
            }
        }
    });
}
