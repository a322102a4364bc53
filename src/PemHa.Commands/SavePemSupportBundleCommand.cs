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
/// Passwords, keys, tokens and password hashes are masked. What could not be brought is listed in it with the reason.
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

    /// <summary>Replaces a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>How many hosts are worked on at once.</summary>
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
                $"A bundle is of one cluster, and the hosts are of several: {string.Join(", ", clusters)}.",
                "Save each to a file of its own.");
            ThrowTerminatingError(Errors.Record(error, clusters.ToArray()));
        }
        var (cluster, file) = (clusters[0], GetUnresolvedProviderPathFromPSPath(Path));
        if (File.Exists(file) && !Force)
            ThrowTerminatingError(Errors.Input("FileExists", $"{file} is there already; -Force replaces it.", file));
        if (!ShouldProcess(file, "Save-PemSupportBundle")) return;
        var beside = $"{file}.{Guid.NewGuid():N}";
        Pump(async ct =>
        {
            // A bundle without any answering host is of no use, and hosts that come from a bundle already have one.
            if (!cluster.Hosts.Any(h => h.Session is SshSession)) SshSession.Of(_hosts[0]);
            var reporter = new CmdletReporter(this, false, Post, AskAsync);
            using var bundle = new MemoryStream();
            var manifest = await SupportBundle.SaveAsync(
                cluster, TopologyWriter.Write(cluster), SavedBy, bundle, reporter, ThrottleLimit, ct);
            Write(beside, file, bundle);
            Post(() =>
            {
                foreach (var host in manifest.Hosts)
                {
                    foreach (var miss in host.Misses)
                        WriteVerbose(Printable.Text($"{host.Name}: {miss.Item}: {miss.Why}"));
                    var reason = host.Misses is [var first, ..] ? first.Why : "";
                    if (host.Files.Count <= 1)
                        WriteWarning(Printable.Text($"{host.Name} could not be asked: {reason}"));
                }
                WriteObject(new FileInfo(file));
            });
        });
    }

    /// <summary>Writes the file at once, readable only by this user.</summary>
    void Write(string beside, string file, MemoryStream bundle)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var stream = new FileStream(beside, options)) bundle.WriteTo(stream);
            File.Move(beside, file, Force);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(beside)) File.Delete(beside);
            throw new PemException(
                "FileUnwritable",
                Trouble.InvalidArgument,
                $"{file} cannot be written: {e.Message}",
                ErrorTable.Of("FileUnwritable").Remedy,
                e)
            { Given = file };
        }
    }

    Dictionary<string, string> SavedBy => new(StringComparer.Ordinal)
    {
        ["module"] = typeof(SupportBundle).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
        ["powerShell"] =
            (SessionState.PSVariable.GetValue("PSVersionTable") as IDictionary)?["PSVersion"]?.ToString() ?? "",
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["system"] = RuntimeInformation.OSDescription,
    };
}
