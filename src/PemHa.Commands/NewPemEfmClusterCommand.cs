using System.Collections;
using System.Globalization;
using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Efm;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section C: EFM's role, rules, files and agents, until all have joined (P13–P21). Wants TLS first (T9).</summary>
[Cmdlet(VerbsCommon.New, "PemEfmCluster", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost))]
public sealed class NewPemEfmClusterCommand : StepCommand
{
    /// <summary>EFM's database role and its password.</summary>
    [Parameter(Mandatory = true)]
    [Credential]
    public PSCredential Credential { get; set; } = PSCredential.Empty;

    /// <summary>Further properties of efm.properties by name, such as <c>@{ 'node.timeout' = '20' }</c>.</summary>
    [Parameter]
    public Hashtable Property { get; set; } = [];

    /// <summary>
    /// What keeps an old primary from coming back as a second one when its host boots. Order, the default: a systemd drop-in on each data
    /// node starts EFM's agent before the database, and a primary's database not at all when the agent could not start. None: no drop-in.
    /// </summary>
    [Parameter]
    [ValidateSet("Order", "None")]
    public string BootGuard { get; set; } = "Order";

    /// <summary>
    /// Every how many seconds an agent that started before its database looks whether it can take it under watch, 30 unless told otherwise;
    /// never beside another primary. With 0 a node that booted stays idle, a primary without its virtual IP, until <c>efm resume</c>.
    /// </summary>
    [Parameter]
    [ValidateRange(0, 3600)]
    public int AutoResumeStartupPeriod { get; set; } = EfmOptions.UsualAutoResume;

    /// <summary>
    /// How an IPv6 virtual IP is announced to neighbours after it has moved. Kernel, the default: by a kernel setting
    /// on each data node. None: not at all, so neighbours send to the old node for about 40 s. EFM announces IPv4
    /// addresses.
    /// </summary>
    [Parameter]
    [ValidateSet("Kernel", "None")]
    public string VirtualIpAnnouncer { get; set; } = "Kernel";

    /// <summary>Makes only the role and the HBA rules (P13–P15); no agent is configured or started.</summary>
    [Parameter]
    public SwitchParameter DatabaseOnly { get; set; }

    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        var login = Login(Credential);
        var own = TextTable.Of(Property);
        foreach (var (name, value) in own)
            Refuse("PropertyUnfit", PropertyRules.Refusal(cluster.EfmVersion, name, value), "-Property", name);
        var (resume, period) = (SectionC.AutoResume(cluster), AutoResumeStartupPeriod.ToString(CultureInfo.InvariantCulture));
        var given = MyInvocation.BoundParameters.ContainsKey(nameof(AutoResumeStartupPeriod));
        if (given && !own.TryAdd(resume, period) && own[resume] != period)
            throw new PemException("PropertyUnfit", Trouble.InvalidArgument, $"-Property says {resume}={own[resume]}, and -AutoResumeStartupPeriod {period}.",
                "Give one of the two.")
            { Step = "New-PemEfmCluster" };
        var options = new EfmOptions
        {
            Properties = TextTable.Over(cluster.EfmProperty, own),
            BootOrder = !BootGuard.Equals("None", StringComparison.OrdinalIgnoreCase),
            Announces = !VirtualIpAnnouncer.Equals("None", StringComparison.OrdinalIgnoreCase),
        };
        var primary = await PrimaryAsync(cluster, hosts, "New-PemEfmCluster", ct);
        return DatabaseOnly
            ? SectionC.DatabasePart(cluster, hosts, primary, login.UserName, login.Password)
            : SectionC.Cluster(cluster, hosts, primary, login.UserName, login.Password, options);
    }
}
