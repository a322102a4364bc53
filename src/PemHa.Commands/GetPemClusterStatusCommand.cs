using System.Management.Automation;
using PemHa.Engine.Procedure;

namespace PemHa.Commands;

/// <summary>How the cluster is now: roles, database, virtual IP, LSNs, lag, agents, and what is not as it should be (P21).</summary>
[Cmdlet(VerbsCommon.Get, "PemClusterStatus")]
[OutputType(typeof(PemNodeStatus))]
public sealed class GetPemClusterStatusCommand : AsyncCommand
{
    readonly HashSet<PemCluster> _clusters = [];

    /// <summary>Connected nodes; their whole cluster is looked at.</summary>
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
        foreach (var cluster in _clusters)
        {
            foreach (var node in await StatusReader.ReadAsync(cluster, ct)) Post(() => WriteObject(node));
        }
    });
}
