using System.Collections;
using System.Management.Automation;
using System.Security;
using PemHa.Engine;
using PemHa.Engine.Efm;
using PemHa.Engine.Pem;
using PemHa.Engine.Procedure;

namespace PemHa.Commands;

/// <summary>A command about the whole procedure: what it is to be built with, and which part of the order is meant.</summary>
public abstract class DeploymentCommand : AsyncCommand
{
    readonly List<PemHost> _hosts = [];

    /// <summary>Every node of the cluster, connected.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0)]
    [ArgumentCompleter(typeof(HostCompleter))]
    public PemHost[] PemHost { get; set; } = [];

    /// <summary>The role that standbys replicate with, and its password (P7).</summary>
    [Parameter(Mandatory = true)]
    [Credential]
    public PSCredential Replication { get; set; } = PSCredential.Empty;

    /// <summary>EFM's database role and its password (P13).</summary>
    [Parameter(Mandatory = true)]
    [Credential]
    public PSCredential Efm { get; set; } = PSCredential.Empty;

    /// <summary>The superuser that configures PEM, and its password (P32).</summary>
    [Parameter(Mandatory = true)]
    [Credential]
    public PSCredential SuperUser { get; set; } = PSCredential.Empty;

    /// <summary>The role that the web applications keep their users' settings with, and its password; without it each host keeps its own (P36).</summary>
    [Parameter]
    [Credential]
    public PSCredential? UserSettings { get; set; }

    /// <summary>LocalCA: folder of the authority on this machine; made when there is none. Its key never goes to a node.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(PemSslModel.LocalCA))]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string AuthorityPath { get; set; } = "";

    /// <summary>LocalCA: encrypts the authority's key at rest.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(PemSslModel.LocalCA))]
    public SecureString AuthorityPassword { get; set; } = new();

    /// <summary>ExternalCA: folder of your own files: root.crt, perhaps root.crl, NAME.crt and NAME.key of each node and agent.</summary>
    [Parameter(Mandatory = true, ParameterSetName = nameof(PemSslModel.ExternalCA))]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string CertificatePath { get; set; } = "";

    /// <summary>ExternalCA: opens your keys, where they are encrypted; servers get them unencrypted, as they could not open them.</summary>
    [Parameter(ParameterSetName = nameof(PemSslModel.ExternalCA))]
    public SecureString? KeyPassword { get; set; }

    /// <summary>
    /// Makes the agents' common user (New-PemCluster -AgentUser) a superuser only while the primary is configured. The
    /// default depends on the installed version of PEM: 10.5 and newer need it.
    /// </summary>
    [Parameter]
    public SwitchParameter TemporarySuperUser { get; set; }

    /// <summary>
    /// Whether the backend is registered with its EFM cluster, so that PEM monitors that too; it is, unless this is
    /// $false. Takes effect on nodes that are not configured yet.
    /// </summary>
    [Parameter]
    public SwitchParameter RegisterEfm { get; set; }

    /// <summary>
    /// The directory in which PEM's probes look for EFM. The default is the directory of the version, as in PEM's
    /// manual; the vendor's automation gives the bin directory in it.
    /// </summary>
    [Parameter]
    [ValidateForm(PemServerOptions.PlainPath, PemServerOptions.PlainPathForm)]
    public string? EfmInstallPath { get; set; }

    /// <summary>How long certificates that are made here are valid, in days; they are renewed 30 days before their end.</summary>
    [Parameter]
    [ValidateRange(31, 3650)]
    public int ValidDays { get; set; } = 730;

    /// <summary>Further properties of efm.properties by name, on top of those of the cluster.</summary>
    [Parameter]
    public Hashtable EfmProperty { get; set; } = [];

    /// <summary>
    /// How an IPv6 virtual IP is announced to neighbours after it has moved. Kernel, the default: by a kernel setting
    /// on each data node. None: not at all, so neighbours send to the old node for about 40 s. EFM announces IPv4
    /// addresses.
    /// </summary>
    [Parameter]
    [ValidateSet("Kernel", "None")]
    public string VirtualIpAnnouncer { get; set; } = "Kernel";

    /// <summary>The first step to do, by its cmdlet's name; the ones before it are taken as done.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StepCompleter))]
    public string? StartAt { get; set; }

    /// <summary>The last step to do, by its cmdlet's name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StepCompleter))]
    public string? StopAfter { get; set; }

    /// <summary>How many hosts are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 32;

    /// <inheritdoc/>
    protected override void ProcessRecord() => _hosts.AddRange(PemHost);

    /// <summary>The hosts of the pipeline.</summary>
    private protected IReadOnlyList<PemHost> Hosts => [.. _hosts.Distinct()];

    /// <summary>The same, cluster by cluster.</summary>
    private protected IEnumerable<IGrouping<PemCluster, PemHost>> Clusters => Hosts.GroupBy(h => h.Cluster);

    /// <summary>The order for one cluster; refuses here what a later step would refuse.</summary>
    private protected Deployment Plan(PemCluster cluster, IReadOnlyList<PemHost> hosts, string command, bool preview)
    {
        _ = Deployment.Range(StartAt, StopAfter);
        var properties = TextTable.Over(cluster.EfmProperty, TextTable.Of(EfmProperty));
        foreach (var (name, value) in properties)
            Refuse("PropertyUnfit", PropertyRules.Refusal(cluster.EfmVersion, name, value), "-EfmProperty", name);
        var (replication, efm, superUser) = (Login(Replication), Login(Efm), SuperLogin(SuperUser));
        var settings = UserSettings is null ? null : SettingsLogin(UserSettings);
        var certificates = new CertificateOptions
        {
            AuthorityFolder = AuthorityPath.Length == 0 ? null : GetUnresolvedProviderPathFromPSPath(AuthorityPath),
            AuthorityPassword = new System.Net.NetworkCredential("", AuthorityPassword).Password,
            CertificateFolder = CertificatePath.Length == 0 ? null : GetUnresolvedProviderPathFromPSPath(CertificatePath),
            KeyPassword = KeyPassword is null ? null : new System.Net.NetworkCredential("", KeyPassword).Password,
        };
        try
        {
            using var source = certificates.Open(cluster, hosts);
            source?.Prove();
        }
        catch (PemException e)
        {
            throw e.At(null, command);
        }
        return new Deployment(cluster)
        {
            Replication = replication,
            Efm = efm,
            SuperUser = superUser,
            UserSettings = settings,
            EfmOptions = new EfmOptions
            {
                Properties = properties,
                Announces = !VirtualIpAnnouncer.Equals("None", StringComparison.OrdinalIgnoreCase),
            },
            Certificates = certificates,
            Preview = preview,
            Server = new PemServerOptions(
                Choice(nameof(TemporarySuperUser), TemporarySuperUser),
                Choice(nameof(RegisterEfm), RegisterEfm),
                EfmInstallPath),
            Validity = TimeSpan.FromDays(ValidDays),
        };
    }
}
