using System.Management.Automation;
using PemHa.Engine;
using PemHa.Engine.Pem;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Commands;

/// <summary>Section E: what users set in the web application is kept in a database of the backend, the same on every host (P36).</summary>
[Cmdlet(VerbsLifecycle.Enable, "PemUserSettings", SupportsShouldProcess = true)]
[OutputType(typeof(PemHost))]
public sealed class EnablePemUserSettingsCommand : StepCommand
{
    /// <summary>The role that the web applications log in with, such as pem_user_settings, and its password.</summary>
    [Parameter(Mandatory = true)]
    [Credential]
    public PSCredential Credential { get; set; } = PSCredential.Empty;

    private protected override async Task<Step> PlanAsync(PemCluster cluster, IReadOnlyList<PemHost> hosts, CancellationToken ct)
    {
        var login = SettingsLogin(Credential);
        return SectionE.Settings(cluster, hosts, await PrimaryAsync(cluster, hosts, "Enable-PemUserSettings", ct), login.UserName, login.Password);
    }
}
