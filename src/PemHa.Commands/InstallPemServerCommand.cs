using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Pem;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section E: the PEM server on the primary, then on each standby, judged by proof (P32–P35, F8).</summary>
[Cmdlet(VerbsLifecycle.Install, "PemServer", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost), typeof(Job))]
public sealed class InstallPemServerCommand : LongStepCommand
{
    /// <summary>The superuser that configures PEM and its password.</summary>
    [Parameter(Mandatory = true)]
    [Credential]
    public PSCredential Credential { get; set; } = PSCredential.Empty;

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

    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        var login = SuperLogin(Credential);
        var options = new PemServerOptions(
            Choice(nameof(TemporarySuperUser), TemporarySuperUser),
            Choice(nameof(RegisterEfm), RegisterEfm),
            EfmInstallPath);
        var primary = await PrimaryAsync(cluster, hosts, "Install-PemServer", ct);
        return SectionE.Server(cluster, hosts, primary, login.UserName, login.Password, options);
    }
}
