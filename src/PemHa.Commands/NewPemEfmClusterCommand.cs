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

    /// <summary>Makes only the role and the HBA rules (P13–P15); no agent is configured or started.</summary>
    [Parameter]
    public SwitchParameter DatabaseOnly { get; set; }

    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        var properties = Property.Cast<DictionaryEntry>()
            .ToDictionary(e => Convert.ToString(e.Key, CultureInfo.InvariantCulture)!, e => Convert.ToString(e.Value, CultureInfo.InvariantCulture)!, StringComparer.Ordinal);
        foreach (var (name, value) in properties)
            if (PropertiesText.Refusal(name, value) is { } refusal)
                throw new PemException("PropertyUnfit", Trouble.InvalidArgument, $"-Property will not do: {refusal}.",
                    "Give names and values as efm.properties holds them.")
                { Step = "New-PemEfmCluster" };
        var primary = await PrimaryAsync(cluster, hosts, "New-PemEfmCluster", ct);
        return DatabaseOnly
            ? SectionC.DatabasePart(cluster, hosts, primary, Credential.UserName, Password(Credential))
            : SectionC.Cluster(cluster, hosts, primary, Credential.UserName, Password(Credential), properties);
    }
}
