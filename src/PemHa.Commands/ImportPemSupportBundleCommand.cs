using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Remote;
using PemHa.Engine.Support;

namespace PemHa.Commands;

/// <summary>
/// Makes the hosts of a bundle that Save-PemSupportBundle wrote, offline: Get-PemClusterStatus and Test-PemPrerequisite
/// work on them as on the hosts then.
/// </summary>
/// <remarks>Whatever needs a host itself is the error HostOffline. Nothing of the bundle is unpacked or run.</remarks>
[Cmdlet(VerbsData.Import, "PemSupportBundle")]
[OutputType(typeof(PemHost))]
public sealed class ImportPemSupportBundleCommand : PSCmdlet
{
    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string Path { get; set; } = "";

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var content = Read(GetUnresolvedProviderPathFromPSPath(Path));
        var hosts = TopologyFile.Hosts(this, content.Topology, $"{Path}: topology.psd1");
        foreach (var host in hosts)
        {
            if (!content.Hosts.TryGetValue(host.Name, out var answers))
            {
                var error = new PemException(
                    "BundleUnusable",
                    Trouble.InvalidArgument,
                    $"{Path} is not a readable bundle: it describes {host.Name}, but contains no data of it.",
                    ErrorTable.Of("BundleUnusable").Remedy);
                ThrowTerminatingError(Errors.Record(error, Path));
            }
            host.DnsName = content.Manifest.Hosts.First(h => h.Name == host.Name).DnsName;
            host.Offline = true;
            host.Session = new RecordedSession(answers!, content.Manifest.Saved);
        }
        var (saved, module) = (content.Manifest.Saved, content.Manifest.SavedBy.GetValueOrDefault("module"));
        WriteVerbose(Printable.Text($"{Path} was saved on {saved:yyyy-MM-dd HH:mm} UTC by PemHa {module}."));
        WriteObject(hosts, enumerateCollection: true);
    }

    BundleContent Read(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return SupportBundle.Read(stream, Path);
        }
        catch (PemException e)
        {
            ThrowTerminatingError(Errors.Record(e, Path));
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(Errors.Input("FileUnreadable", $"{file} cannot be read: {e.Message}", file, e));
            throw;
        }
    }
}
