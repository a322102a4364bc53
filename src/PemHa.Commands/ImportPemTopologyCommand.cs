using System.Management.Automation;

namespace PemHa.Commands;

/// <summary>Reads a topology file and writes the hosts of the cluster that it describes to the pipeline.</summary>
/// <remarks>
/// A PowerShell data file, parsed and never run: one table with New-PemCluster's parameters as keys, and <c>Hosts</c>, a list of tables with
/// New-PemHost's. It holds no secrets. All that is wrong in it is the error TopologyUnfit, with line and column.
/// </remarks>
[Cmdlet(VerbsData.Import, "PemTopology")]
[OutputType(typeof(PemHost))]
public sealed class ImportPemTopologyCommand : PSCmdlet
{
    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string Path { get; set; } = "";

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var hosts = TopologyFile.Hosts(this, Read(GetUnresolvedProviderPathFromPSPath(Path)), Path);
        WriteObject(hosts, enumerateCollection: true);
    }

    string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(Errors.Input("FileUnreadable", $"{file} cannot be read: {e.Message}", file, e));
            throw;
        }
    }
}
