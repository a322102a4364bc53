using System.Diagnostics;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// The procedure on three data nodes and a witness, undisturbed, one step after another, with the disks kept between them: a test that
/// needs a cluster as it is before some step, or after the last one, begins from a copy, which costs a boot and not a deployment.
/// </summary>
public sealed class Stations : ProcedureLab
{
    /// <summary>The steps in their order; the station of one is the moment before it.</summary>
    internal static readonly string[] Steps =
    [
        "Install-PemEpas", "Enable-PemReplication", "Set-PemPassFile", "Initialize-PemReplica", "New-PemCertificate", "Set-PemSsl", "Set-PemHba",
        "Invoke-PemRollingRestart", "New-PemEfmCluster", "New-PemAgentUser", "Install-PemServer", "Set-PemWebApplication",
    ];

    /// <summary>The station after the last step.</summary>
    internal const string Deployed = "deployed";

    readonly SemaphoreSlim _gate = new(1);
    readonly Dictionary<string, LabDisks?> _kept = [];
    bool _broken, _resting;

    /// <summary>
    /// The disks as they are before a step at which this run has a test begin, or at <see cref="Deployed"/>; deploys as far as nobody has
    /// asked yet.
    /// </summary>
    internal async Task<LabDisks> BeforeAsync(string station)
    {
        NeedLab();
        await _gate.WaitAsync(Cancellation);
        try
        {
            Assert.False(_broken, "The undisturbed deployment has failed; the test that asked first tells why.");
            string[] order = [.. Steps, Deployed];
            for (var next = _kept.Count; !_kept.ContainsKey(station); next++)
            {
                _broken = true;
                if (next > 0)
                    await RunAsync(order[next - 1]);
                var wanted = order[next] == Deployed
                    || FaultMatrix.BeginsAt(order[next])
                    || MutatedStation.Stations.Contains(order[next]);
                _kept[order[next]] = wanted ? await KeepAsync(order[next]) : null;
                _broken = false;
            }
            return _kept[station] ?? throw new InvalidOperationException($"No test of this run begins at {station}.");
        }
        finally
        {
            _gate.Release();
        }
    }

    async Task RunAsync(string step)
    {
        var lab = await LabAsync();
        if (_resting)
        {
            await lab.PowerOnAsync(Cancellation);
            await WakeAsync(lab);
            _resting = false;
        }
        var watch = Stopwatch.StartNew();
        var report = await PowerShellAsync($$"""
            {{WholeOrder}}
            Report { $hosts | Connect-PemHost @login | Install-PemCluster @order -StartAt {{step}} -StopAfter {{step}} }
            """);
        Assert.True(report.Errors.Count == 0 && report.Lines.Count == lab.Hosts.Count, report.ToString());
        TestContext.Current.SendDiagnosticMessage($"{step} in {watch.Elapsed.TotalSeconds:0.0} s");
    }

    async Task<LabDisks> KeepAsync(string station)
    {
        var lab = await LabAsync();
        await RestAsync(lab);
        var disks = await lab.KeepDisksAsync(station, Cancellation);
        _resting = true;
        Directory.CreateDirectory(StateFolder);
        CopyFolder(StateFolder, RunbookOf(disks));
        return disks;
    }
}

/// <summary>A cluster that begins at a station.</summary>
public abstract class StationLab(Stations stations, string station) : ProcedureLab
{
    internal override async Task<LabDisks?> DisksAsync() => await stations.BeforeAsync(station);
}
