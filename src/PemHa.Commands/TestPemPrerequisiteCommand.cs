using System.Management.Automation;
using PemHa.Engine.Checks;

namespace PemHa.Commands;

/// <summary>
/// Looks at every node, before the first change, for whatever would stop the procedure or make it do harm: repositories, Java, disks, clocks,
/// names, ports, the ping server, the virtual IP, databases and agents that are there already, what a cut run left (T1, T10, T11). Changes nothing.
/// </summary>
/// <remarks>May be run at any time, on a cluster that runs too. What is worst comes last.</remarks>
[Cmdlet(VerbsDiagnostic.Test, "PemPrerequisite")]
[OutputType(typeof(PemCheck))]
public sealed class TestPemPrerequisiteCommand : AsyncCommand
{
    readonly HashSet<PemCluster> _clusters = [];

    /// <summary>Connected nodes; their whole cluster is looked at, and a node without a connection is a failed check.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0)]
    [ArgumentCompleter(typeof(HostCompleter))]
    public PemHost[] PemHost { get; set; } = [];

    /// <summary>How many hosts are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 32;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var host in PemHost) _clusters.Add(host.Cluster);
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Pump(async ct =>
    {
        var reporter = new CmdletReporter(this, false, Post, AskAsync);
        foreach (var cluster in _clusters)
        {
            foreach (var check in await PrerequisiteReader.ReadAsync(cluster, reporter, ThrottleLimit, ct)) Post(() => WriteObject(check));
        }
    });
}
