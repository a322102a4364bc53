using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace PemHa.Lab.Rehearsals;

/// <summary>The whole story on a lab of its own: deploy, deploy again, lose the primary, go on, and leave nothing behind.</summary>
static class Rehearsal
{
    const string VirtualIp = "172.16.161.245", Runbook = "docs/examples/Deploy-C1.ps1", Psql = "runuser -u enterprisedb -- /usr/edb/as17/bin/psql -qAtX -p 5444 -v ON_ERROR_STOP=1 -d pem";
    const int Rows = 20;

    /// <summary>Runs it.</summary>
    /// <returns>0 when the second run changed nothing, no row was lost and the web application answered.</returns>
    public static async Task<int> RunAsync(LabOptions options, CancellationToken cancellation)
    {
        var total = Stopwatch.StartNew();
        var log = StepLog.Console;
        var state = Directory.CreateTempSubdirectory("pemha-rehearsal-").FullName;
        try
        {
            await using var lab = await Lab.UpAsync(options, log, cancellation);
            var first = await DeployAsync(lab, state, cancellation);
            var second = await DeployAsync(lab, state, cancellation);
            if (first is null || second is null) return 1;
            var (server, lost, outage) = await FailOverAsync(lab, state, cancellation);
            await using var client = Client(lab, state);
            var web = await client.GetAsync($"https://{VirtualIp}:8443/pem", cancellation);
            await log.StepAsync("take the lab down", async _ => await lab.DisposeAsync());
            return Sum(first, second, server, lost, outage, web, total.Elapsed);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    /// <summary>One run of the runbook.</summary>
    /// <param name="Seconds">Of the runbook alone.</param>
    /// <param name="ProcessSeconds">Of the process that it ran in.</param>
    sealed record Deployment(double Seconds, double ProcessSeconds, IReadOnlyList<StepTime> Steps);

    /// <summary>One run of the runbook, as a person would see it; null when it failed.</summary>
    static async Task<Deployment?> DeployAsync(Lab lab, string state, CancellationToken cancellation)
    {
        var journal = Path.Combine(state, "journal.jsonl");
        var before = File.Exists(journal) ? StepTime.Read(journal).Count : 0;
        var watch = Stopwatch.StartNew();
        StepLog.Console.Say($"\nrun {(before == 0 ? "1" : "2")} of {Runbook}");
        var script = Lab.ScriptCommand(Path.Combine(LabPaths.Assets, "scripts", "deploy.ps1"), ["-Runbook", Path.Combine(LabPaths.Checkout, Runbook), "-StateFolder", state]);
        var code = await Command.AttachedAsync(lab.Inside(script), lab.Environment);
        cancellation.ThrowIfCancellationRequested();
        return code == 0
            ? new Deployment(double.Parse(await File.ReadAllTextAsync(Path.Combine(state, "seconds"), cancellation), CultureInfo.InvariantCulture), watch.Elapsed.TotalSeconds,
                [.. StepTime.Read(journal).Skip(before)])
            : null;
    }

    static async Task<(string Server, int Lost, double Outage)> FailOverAsync(Lab lab, string state, CancellationToken cancellation)
    {
        var log = StepLog.Console;
        await PrepareAsync(lab, state, cancellation);
        await using var client = Client(lab, state);
        await log.StepAsync($"write {Rows} rows through {VirtualIp}", async _ =>
        {
            for (var i = 0; i < Rows; i++) await client.InsertAsync(cancellation);
        });
        // Replication is asynchronous here: the primary may die once its standbys have what it acknowledged.
        const string replayed = "SELECT bool_and(replay_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication HAVING count(*) > 0";
        if (!await Wait.UntilAsync(async () => (await lab.SshAsync("node1", Psql, replayed, cancellation)).Stdout.Trim() == "t", TimeSpan.FromSeconds(30), cancellation))
            throw new LabException("The standbys did not replay the rows within 30 s.");
        var outage = Stopwatch.StartNew();
        await log.StepAsync("cut the power of node1", _ => lab.PowerCutAsync("node1", cancellation));
        await log.StepAsync("wait for the next acknowledged row", _ => client.InsertAsync(cancellation));
        var seconds = outage.Elapsed.TotalSeconds;
        var there = await client.CountAsync(cancellation);
        var taker = await HolderAsync(lab, cancellation);
        Console.WriteLine();
        await Command.AttachedAsync(lab.Inside(Lab.ScriptCommand(Path.Combine(LabPaths.Assets, "scripts", "status.ps1"), [])), lab.Environment);
        return (taker, Rows + 1 - there, seconds);
    }

    /// <summary>A user of the web interface, as the HBA rules know them, and a table.</summary>
    static async Task PrepareAsync(Lab lab, string state, CancellationToken cancellation)
    {
        var password = RandomNumberGenerator.GetHexString(24);
        await File.WriteAllTextAsync(PasswordFile(state), password, cancellation);
        (await lab.SshAsync("node1", Psql, $"""
            CREATE ROLE rehearsal LOGIN PASSWORD '{password}' IN ROLE pem_user;
            CREATE TABLE rehearsal (id int PRIMARY KEY);
            GRANT SELECT, INSERT, UPDATE ON rehearsal TO rehearsal;
            """, cancellation)).Check("Making the rehearsal's table");
    }

    static VipClient Client(Lab lab, string state) =>
        VipClient.Start(lab, VirtualIp, "rehearsal", File.ReadAllText(PasswordFile(state)), Path.Combine(state, "ca", "ca_certificate.crt"));

    static string PasswordFile(string state) => Path.Combine(state, "rehearsal.secret");

    static async Task<string> HolderAsync(Lab lab, CancellationToken cancellation)
    {
        foreach (var host in lab.Hosts.Where(h => h.IsOn))
        {
            if ((await lab.SshAsync(host.Name, $"ip -o addr | grep -qF ' {VirtualIp}/'", cancellation: cancellation)).ExitCode == 0) return host.Name;
        }
        throw new LabException($"No host holds {VirtualIp}.");
    }

    static int Sum(Deployment one, Deployment two,
        string server, int lost, double outage, string web, TimeSpan total)
    {
        Line($"\n{"step",-26} {"run 1",8} {"changes",8} {"run 2",8} {"changes",8}");
        foreach (var (a, b) in one.Steps.Zip(two.Steps)) Line($"{a.Step,-26} {a.Seconds,6:0.00} s {a.Changes,8} {b.Seconds,6:0.00} s {b.Changes,8}");
        var changes = two.Steps.Sum(s => s.Changes);
        Line($"{"whole runbook",-26} {one.Seconds,6:0.00} s {one.Steps.Sum(s => s.Changes),8} {two.Seconds,6:0.00} s {changes,8}");
        Line($"{"and the engine's start",-26} {one.ProcessSeconds - one.Seconds,6:0.00} s {"",8} {two.ProcessSeconds - two.Seconds,6:0.00} s");
        Line($"failover to {server}: writes out for {outage:0.0} s, rows lost: {lost}");
        Line($"https://{VirtualIp}:8443/pem, CA verified: {web}");
        Line($"changes in run 2: {changes}");
        Line($"rehearsed in {total.TotalSeconds:0} s");
        return changes == 0 && lost == 0 && web.StartsWith("200", StringComparison.Ordinal) ? 0 : 1;
    }

    static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
