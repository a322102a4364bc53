using System.Management.Automation;

namespace PemHa.Commands;

/// <summary>Describes a node of a cluster.</summary>
[Cmdlet(VerbsCommon.New, "PemHost")]
[OutputType(typeof(PemHost))]
public sealed class NewPemHostCommand : PSCmdlet
{
    /// <summary>The node's own address.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidatePattern("^[0-9a-fA-F.:]+$")]
    public string Address { get; set; } = "";

    /// <summary>Primary, Standby or Witness.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    public PemRole Role { get; set; }

    /// <summary>The cluster.</summary>
    [Parameter(Mandatory = true)]
    public PemCluster Cluster { get; set; } = null!;

    /// <summary>A short name for messages and certificates; the address when left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidatePattern("^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")]
    public string? Name { get; set; }

    /// <summary>TCP port of the SSH server.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65535)]
    public int SshPort { get; set; } = 22;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Addresses.Refusal(Address) is { } refusal) ThrowTerminatingError(Errors.Input("AddressUnfit", refusal, Address));
        try
        {
            WriteObject(new PemHost(Cluster, Address, Role, Name) { SshPort = SshPort });
        }
        catch (ArgumentException e)
        {
            ThrowTerminatingError(Errors.Input("HostConflict", e.Message, Address, e));
        }
    }
}
