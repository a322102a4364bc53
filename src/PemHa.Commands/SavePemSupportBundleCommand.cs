using System.Collections;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;
using PemHa.Engine;
using PemHa.Engine.Remote;
using PemHa.Engine.Support;

namespace PemHa.Commands;

/// <summary>
/// Writes one zip file with the information that support needs: for each host its package versions, units,
/// configuration, EFM statuses and logs of the last hour, and its answers to the probes of Get-PemClusterStatus and
/// Test-PemPrerequisite. Changes nothing on a host.
/// </summary>
/// <remarks>
/// Passwords, keys, tokens and password hashes are masked. Missing items are listed in the file with the reason.
/// </remarks>
[Cmdlet(VerbsData.Save, "PemSupportBundle", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class SavePemSupportBundleCommand : AsyncCommand
{
    readonly List<PemHost> _hosts = [];

    /// <summary>
    /// Connected hosts of one cluster; all of its hosts are asked, and one without a connection is listed as missing.
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, Position = 0)]
    [ArgumentCompleter(typeof(HostCompleter))]
    public PemHost[] PemHost { get; set; } = [];

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string Path { get; set; } = "";

    /// <summary>Replaces an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The number of hosts to query in parallel.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 32;

    /// <inheritdoc/>
    protected override void ProcessRecord() => _hosts.AddRange(PemHost);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var clusters = _hosts.Select(h => h.Cluster).Distinct().ToList();
        if (clusters.Count == 0) return;
        if (clusters.Count > 1)
        {
            var error = new PemException(
                "TopologyUnfit",
                Trouble.InvalidArgument,
                $"A bundle describes one cluster, but these hosts belong to several: {string.Join(", ", clusters)}.",
                "Save each to a file of its own.");
            ThrowTerminatingError(Errors.Record(error, clusters.ToArray()));
        }
        var (cluster, file) = (clusters[0], GetUnresolvedProviderPathFromPSPath(Path));
        OutputFile.RefuseExisting(this, file, Force);
        if (!ShouldProcess(file, "Save-PemSupportBundle")) return;
        Pump(async ct =>
        {
            // Without any connection, or with hosts from a bundle, there is nothing to save: throw the host's error.
            if (!cluster.Hosts.Any(h => h.Session is SshSession)) SshSession.Of(_hosts[0]);
            var reporter = new CmdletReporter(this, false, Post, AskAsync);
            using var bundle = new MemoryStream();
            var manifest = await SupportBundle.SaveAsync(
                cluster, TopologyWriter.Write(cluster), SavedBy, bundle, reporter, ThrottleLimit, ct);
            OutputFile.WritePrivate(file, bundle.GetBuffer().AsSpan(0, (int)bundle.Length), Force);
            Post(() =>
            {
                foreach (var host in manifest.Hosts) WriteMisses(host);
                WriteObject(new FileInfo(file));
            });
        });
    }

    void WriteMisses(BundleHost host)
    {
        foreach (var miss in host.Misses) WriteVerbose(Printable.Text($"{host.Name}: {miss.Item}: {miss.Why}"));

        // A host that did not answer has the file of its answers only.
        if (host.Files.Count > 1) return;
        var why = host.Misses is [var first, ..] ? first.Why : "";
        WriteWarning(Printable.Text($"{host.Name} could not be asked: {why}"));
    }

    Dictionary<string, string> SavedBy => new(StringComparer.Ordinal)
    {
        ["module"] = ModuleVersion,
        ["powerShell"] = PowerShellVersion,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["system"] = RuntimeInformation.OSDescription,
    };

    static string ModuleVersion =>
        typeof(SupportBundle).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "";

    string PowerShellVersion =>
        (SessionState.PSVariable.GetValue("PSVersionTable") as IDictionary)?["PSVersion"]?.ToString() ?? "";
}
