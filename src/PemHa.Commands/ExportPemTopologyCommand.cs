using System.Management.Automation;
using PemHa.Engine;

namespace PemHa.Commands;

/// <summary>Writes the cluster of the hosts as a topology file that Import-PemTopology reads; all of its hosts, and no secrets.</summary>
[Cmdlet(VerbsData.Export, "PemTopology", SupportsShouldProcess = true)]
public sealed class ExportPemTopologyCommand : PSCmdlet
{
    readonly List<PemHost> _hosts = [];

    /// <summary>Hosts of one cluster.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0)]
    [ArgumentCompleter(typeof(HostCompleter))]
    public PemHost[] PemHost { get; set; } = [];

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string Path { get; set; } = "";

    /// <summary>Replaces a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _hosts.AddRange(PemHost);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var clusters = _hosts.Select(h => h.Cluster).Distinct().ToList();
        if (clusters.Count == 0) return;
        if (clusters.Count > 1)
            ThrowTerminatingError(Errors.Record(new PemException("TopologyUnfit", Trouble.InvalidArgument,
                $"A topology file describes one cluster, and the hosts are of several: {string.Join(", ", clusters)}.", "Export each to a file of its own."), clusters.ToArray()));
        var file = GetUnresolvedProviderPathFromPSPath(Path);
        OutputFile.RefuseExisting(this, file, Force);
        if (!ShouldProcess(file, "Export-PemTopology")) return;
        OutputFile.WriteText(this, file, TopologyWriter.Write(clusters[0]), Force);
    }
}
