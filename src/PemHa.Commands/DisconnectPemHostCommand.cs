using System.Management.Automation;

namespace PemHa.Commands;

/// <summary>Closes SSH connections.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "PemHost")]
public sealed class DisconnectPemHostCommand : PSCmdlet
{
    /// <summary>The nodes.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0)]
    [ArgumentCompleter(typeof(HostCompleter))]
    public PemHost[] PemHost { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var host in PemHost)
        {
            host.Session?.Dispose();
            host.Session = null;
        }
    }
}
