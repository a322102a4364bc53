using System.Management.Automation;

namespace PemHa.Commands;

/// <summary>Describes a node of a cluster.</summary>
[Cmdlet(VerbsCommon.New, "PemHost")]
[OutputType(typeof(PemHost))]
public sealed class NewPemHostCommand : PSCmdlet
{
    /// <summary>The node's own address; or its host name, and Connect-PemHost then asks the node which of its addresses that is.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateForm(Addresses.Pattern, Addresses.Form)]
    [ArgumentCompleter(typeof(AliasCompleter))]
    public string Address { get; set; } = "";

    /// <summary>Primary, Standby or Witness.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    public PemRole Role { get; set; }

    /// <summary>The cluster.</summary>
    [Parameter(Mandatory = true)]
    [ArgumentCompleter(typeof(ClusterCompleter))]
    public PemCluster Cluster { get; set; } = null!;

    /// <summary>A short name for messages and certificates; the address or host name when left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateForm("[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?", "of letters, digits, '.' and '-', a letter or digit at both ends, 63 at most")]
    public string? Name { get; set; }

    /// <summary>What SSH connects to, where that is not the address: a host name, or an alias of ssh_config.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateForm(Addresses.Pattern, Addresses.Form)]
    [ArgumentCompleter(typeof(AliasCompleter))]
    public string? HostName { get; set; }

    /// <summary>TCP port of the SSH server; that of ssh_config, or 22, when left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65535)]
    public int? SshPort { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!Addresses.IsName(Address) && Addresses.Refusal(Address) is { } refusal) ThrowTerminatingError(Errors.Input("AddressUnfit", refusal, Address));
        try
        {
            WriteObject(new PemHost(Cluster, Address, Role, Name, HostName) { SshPort = SshPort });
        }
        catch (ArgumentException e)
        {
            ThrowTerminatingError(Errors.Input("HostConflict", e.Message, Address, e));
        }
    }
}
