using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using PemHa.Lab.Faults;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// The matrix of docs/faults.md: break, observe, heal, run again, compare with an undisturbed deployment. All cells in the long form, which
/// also records their outcomes; otherwise some of them. <c>PEMHA_FAULTS</c>, a regular expression, chooses cells by name.
/// </summary>
public abstract class FaultMatrix(Stations stations)
{
    /// <summary>Of few steps, since each one is also run undisturbed for comparison.</summary>
    static readonly (string Step, Fault Fault)[] Representative =
    [
        (FaultTable.Connect, Fault.SudoPassword), (FaultTable.Connect, Fault.PortBlocked), (FaultTable.Packages, Fault.PackageMissing),
        (FaultTable.Packages, Fault.ConnectionCut), (FaultTable.Packages, Fault.PowerOff), (FaultTable.Certificate, Fault.DataDirectoryFull),
        (FaultTable.Certificate, Fault.EtcFull), (FaultTable.Efm, Fault.Frozen),
    ];

    static readonly string? Chosen = Environment.GetEnvironmentVariable("PEMHA_FAULTS");

    /// <summary>What a step left behind without a fault, by the step's name.</summary>
    static readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyDictionary<string, string[]>>>> Undisturbed = new(StringComparer.Ordinal);

    /// <summary>The cells of some steps that are to be struck now, in the order of the steps.</summary>
    protected static TheoryData<string, string> Cells(params string[] steps) =>
    [
        .. from name in steps
           from cell in FaultTable.Struck
           where cell.Step.Name == name
           where IsStruck(cell)
           select (name, cell.Fault.ToString()),
    ];

    /// <summary>Whether a cell of this run begins at a station.</summary>
    internal static bool BeginsAt(string station) => FaultTable.Struck.Any(cell => FaultLab.StationOf(cell.Step) == station && IsStruck(cell));

    static bool IsStruck(FaultCell cell) =>
        Chosen is not null ? Regex.IsMatch(cell.ToString(), Chosen) : LongForm.Asked || Representative.Contains((cell.Step.Name, cell.Fault));

    protected async Task StrikeAsync(string step, string fault)
    {
        var cell = FaultTable.Struck.Single(c => c.Step.Name == step && c.Fault.ToString() == fault);
        var strike = FaultStrike.Of(cell.Fault);
        var undisturbed = await UndisturbedAsync(cell.Step);
        await using var lab = new FaultLab(stations, cell.Step);
        await lab.LabAsync();
        await lab.MarkAsync();
        var (before, treasure) = (await lab.FilesAsync(), await lab.TreasureAsync("node1"));
        await using var watch = await lab.WatchAsync();

        var (seconds, first) = await RunStruckAsync(lab, cell, strike);
        var between = await lab.FilesAsync();
        var second = await RunAsync(lab);
        var person = "";
        if (cell.Person is { } remedy)
        {
            foreach (var told in second.Errors) Say(cell, told);
            person = $"; the next run says ({Assert.Single(second.Errors.Select(e => e.Id).Distinct())}): {remedy}";
            await DoAsync(lab, cell);
            second = await RunAsync(lab);
        }
        Assert.True(second.Errors.Count == 0, $"The run after {cell} does not converge.\n{second}");

        await ProcedureLab.UntilAsync($"the state of an undisturbed deployment after {cell}",
            async () => Differences(cell, undisturbed, await ProcedurePortrait.OfAsync(lab)), difference => difference.Length == 0);
        var after = await lab.FilesAsync();
        Assert.Equal([], between.Where(f => f.Value == "damaged" || (f.Value != before.GetValueOrDefault(f.Key) && f.Value != after.GetValueOrDefault(f.Key))).Select(f => f.Key));
        foreach (var host in new[] { "node1", "node2", "node3" })
        {
            var kept = await lab.TreasureAsync(host);
            Assert.True(treasure.Length == 0 || kept == treasure || kept.Length == 0, $"{host} had {treasure}, now {kept}");
        }
        await watch.EndAsync();
        Assert.True(watch.Looks > 0);
        Assert.Equal([], watch.Seen);
        var converges = strike.EndsTheRun ? "ended; the next run converges" : first.Errors.Count > 0 ? "stopped; the next run converges" : "went on";
        if (person.Length > 0) converges = "stopped" + person;
        if (LongForm.Asked)
        {
            await FaultOutcome.RecordAsync(new FaultOutcome(step, cell.Fault, converges, seconds,
                string.Join(", ", first.Errors.Select(e => e.Id).Distinct()), DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), ProcedureLab.Cancellation);
        }
        TestContext.Current.SendDiagnosticMessage($"{cell}: {converges}, {seconds:0.0} s\n{first}");
    }

    /// <summary>Runs the step with the fault, to its end, and heals.</summary>
    static async Task<(double Seconds, ProcedureReport Report)> RunStruckAsync(FaultLab lab, FaultCell cell, FaultStrike strike)
    {
        var moment = strike.When(cell);
        if (moment == Moment.Middle) await lab.HoldAsync();
        if (moment == Moment.Before) await strike.StrikeAsync(new FaultRun(lab, cell, null));
        var watch = Stopwatch.StartNew();
        await using var running = await strike.StartAsync(lab, cell);
        var run = new FaultRun(lab, cell, running);
        if (moment == Moment.Middle) await lab.InTheMiddleAsync(running);
        if (moment == Moment.Connected) await lab.ConnectedAsync();
        if (moment != Moment.Before)
        {
            watch.Restart();
            await strike.StrikeAsync(run);
        }
        var result = await running.Result.WaitAsync(TimeSpan.FromMinutes(5), ProcedureLab.Cancellation);
        var seconds = watch.Elapsed.TotalSeconds;
        await strike.HealAsync(run);
        if (moment == Moment.Middle) await lab.UnholdAsync();
        var report = new ProcedureReport(result.Stdout, result.Stderr);
        Assert.True(strike.Ends(result, seconds), $"{cell}: exit status {result.ExitCode} after {seconds:0.0} s.\n{report}");
        if (!strike.EndsTheRun)
        {
            // Either the step was done on every host, or an error says what became of it.
            Assert.True(report.Errors.Count > 0 || report.Lines.Count == 4, report.ToString());
            Assert.True(report.Errors.Count == 0 || seconds <= cell.Within, $"{cell}: the error came only after {seconds:0} s.\n{report}");
        }
        foreach (var error in report.Errors) Say(cell, error);
        return (seconds, report);
    }

    /// <summary>Host, step and remedy are in an error.</summary>
    static void Say(FaultCell cell, ProcedureError error)
    {
        Assert.True(Regex.IsMatch(error.Host + error.Message, @"\b(node\d|witness\d)\b"), $"{cell}: no host in: {error.Message}");
        Assert.True(error.Message.Contains(cell.Step.Name, StringComparison.Ordinal), $"{cell}: no step in: {error.Message}");
        Assert.True(error.Remedy.Length > 20, $"{cell}: no remedy with: {error.Message}");
    }

    static async Task<ProcedureReport> RunAsync(FaultLab lab)
    {
        await using var run = await lab.StartAsync();
        var result = await run.Result;
        var report = new ProcedureReport(result.Stdout, result.Stderr);
        Assert.True(report.Errors.Count > 0 || report.Lines.Count == 4, report.ToString());
        return report;
    }

    /// <summary>What the person does whom the next run told.</summary>
    static Task DoAsync(FaultLab lab, FaultCell cell) => cell is { Fault: Fault.DatabasePassword, Step.Name: FaultTable.Restart or FaultTable.Replica }
        ? lab.PowerShellAsync($$"""
            {{ProcedureLab.WholeOrder}}
            Report { $hosts | Connect-PemHost @login | Install-PemCluster @order -StartAt Enable-PemReplication -StopAfter Enable-PemReplication }
            """)
        : lab.RootAsync(cell.Fault == Fault.DatabasePassword ? "node1" : cell.Step.DataHost, "systemctl start edb-as-17");

    Task<IReadOnlyDictionary<string, string[]>> UndisturbedAsync(FaultStep step) => Undisturbed.GetOrAdd(step.Name, _ => new(async () =>
    {
        await using var lab = new FaultLab(stations, step);
        await lab.LabAsync();
        var report = await RunAsync(lab);
        Assert.True(report.Errors.Count == 0, report.ToString());
        await lab.StreamAsync();
        return await ProcedurePortrait.OfAsync(lab);
    })).Value;

    static string Differences(FaultCell cell, IReadOnlyDictionary<string, string[]> wanted, IReadOnlyDictionary<string, string[]> found) => string.Join('\n',
        wanted.SelectMany(w => w.Value.Except(found[w.Key]).Select(l => $"{w.Key} - {l}").Concat(found[w.Key].Except(w.Value).Select(l => $"{w.Key} + {l}")))
            // A password that is set again is encrypted anew, and what the file was before is kept.
            .Where(l => cell.Fault != Fault.DatabasePassword || !Regex.IsMatch(l, @" \+ /etc/edb/\S+\.pemha-\d{8}T\d{6}Z ")).Take(40));
}

/// <summary>Packages and replication.</summary>
public sealed class FaultsInReplicationTests(Stations stations) : FaultMatrix(stations)
{
    public static TheoryData<string, string> Mine => Cells(FaultTable.Connect, FaultTable.Packages, FaultTable.Replication, FaultTable.PassFile, FaultTable.Replica);

    [Theory]
    [MemberData(nameof(Mine))]
    public Task A_fault_is_told_harms_nothing_and_leaves_no_trace_after_the_next_run(string step, string fault) => StrikeAsync(step, fault);
}

/// <summary>TLS, rules and restarts.</summary>
public sealed class FaultsInTlsTests(Stations stations) : FaultMatrix(stations)
{
    public static TheoryData<string, string> Mine => Cells(FaultTable.Certificate, FaultTable.Ssl, FaultTable.Hba, FaultTable.Restart);

    [Theory]
    [MemberData(nameof(Mine))]
    public Task A_fault_is_told_harms_nothing_and_leaves_no_trace_after_the_next_run(string step, string fault) => StrikeAsync(step, fault);
}

/// <summary>EFM and PEM.</summary>
public sealed class FaultsInEfmAndPemTests(Stations stations) : FaultMatrix(stations)
{
    public static TheoryData<string, string> Mine => Cells(FaultTable.Efm, FaultTable.Server, FaultTable.Web, FaultTable.UserSettings);

    [Theory]
    [MemberData(nameof(Mine))]
    public Task A_fault_is_told_harms_nothing_and_leaves_no_trace_after_the_next_run(string step, string fault) => StrikeAsync(step, fault);
}
