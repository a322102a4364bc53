using System.Management.Automation;

namespace PemHa.Commands;

/// <summary>Describes a cluster.</summary>
[Cmdlet(VerbsCommon.New, "PemCluster")]
[OutputType(typeof(PemCluster))]
public sealed class NewPemClusterCommand : PSCmdlet
{
    /// <summary>The EFM cluster name; the vendor's unit starts the cluster efm, and no other one yet.</summary>
    [Parameter(Position = 0)]
    [ValidateSet("efm")]
    public string Name { get; set; } = "efm";

    /// <summary>The virtual IP, with its prefix length: 172.16.161.245/24.</summary>
    [Parameter(Mandatory = true)]
    [ValidatePattern("^[0-9a-fA-F.:]+(/[0-9]{1,3})?$")]
    public string VirtualIp { get; set; } = "";

    /// <summary>The interface that carries the virtual IP on every data node.</summary>
    [Parameter(Mandatory = true)]
    [ValidatePattern("^[A-Za-z0-9_.@-]{1,15}$")]
    public string VirtualIpInterface { get; set; } = "";

    /// <summary>An address outside the cluster that answers pings of every node, such as the gateway.</summary>
    [Parameter(Mandatory = true)]
    [ValidatePattern("^[0-9A-Za-z.:-]+$")]
    public string PingServer { get; set; } = "";

    /// <summary>Networks of the servers that PEM monitors, in CIDR form.</summary>
    [Parameter]
    [ValidatePattern("^[0-9a-fA-F.:]+/[0-9]{1,3}$")]
    public string[] MonitoredSubnet { get; set; } = [];

    /// <summary>Where EFM sends its notifications.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string UserEmail { get; set; } = "root@localhost";

    /// <summary>Major version of EDB Postgres Advanced Server.</summary>
    [Parameter]
    [ValidateRange(12, 99)]
    public int PostgresVersion { get; set; } = 17;

    /// <summary>Version of EDB Failover Manager.</summary>
    [Parameter]
    public Version EfmVersion { get; set; } = new(5, 2);

    /// <summary>The firewalld zone of the cluster's interface.</summary>
    [Parameter]
    [ValidatePattern("^[A-Za-z0-9_-]+$")]
    public string FirewallZone { get; set; } = "public";

    /// <summary>A file on this machine to which every change is appended, as JSON lines.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? JournalPath { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var parts = VirtualIp.Split('/');
        if (Addresses.Refusal(parts[0], parts.ElementAtOrDefault(1)) is { } refusal) ThrowTerminatingError(Errors.Input("AddressUnfit", refusal, VirtualIp));
        foreach (var subnet in MonitoredSubnet.Where(s => !System.Net.IPNetwork.TryParse(s, out var n) || n.ToString() != s))
            ThrowTerminatingError(Errors.Input("SubnetUnfit", $"{subnet} is no network, with all bits behind its prefix zero.", subnet));
        WriteObject(new PemCluster(Name, parts[0])
        {
            VirtualIpPrefix = parts.Length > 1 ? int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) : parts[0].Contains(':', StringComparison.Ordinal) ? 64 : 24,
            VirtualIpInterface = VirtualIpInterface,
            PingServer = PingServer,
            MonitoredSubnet = MonitoredSubnet,
            UserEmail = UserEmail,
            PostgresVersion = PostgresVersion,
            EfmVersion = EfmVersion,
            FirewallZone = FirewallZone,
            JournalPath = JournalPath is null ? null : GetUnresolvedProviderPathFromPSPath(JournalPath),
        });
    }
}
