using System.Diagnostics;
using System.Globalization;
using PemHa.Lab;

// Usage: PemHa.Bench SCRIPT [ROUNDS]. SCRIPT is the hand-written peer, called as `SCRIPT literal` with KEY set, as root.
if (args is not [var peer, ..] || !File.Exists(peer))
{
    Console.Error.WriteLine("Usage: PemHa.Bench SCRIPT [ROUNDS]");
    return 2;
}
// The peer makes the database edb, which the lab's stand-in has from the start as EDB's own product does; that line would fail.
var peerCopy = Path.Combine(Directory.CreateTempSubdirectory("pemha-peer-").FullName, "setup.sh");
File.WriteAllText(peerCopy, File.ReadAllText(peer).Replace("echo 'CREATE DATABASE edb' | sql postgres", ":", StringComparison.Ordinal));
var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
var (raw, first, second) = (new List<double>(), new List<double>(), new List<double>());
for (var round = 1; round <= rounds; round++)
{
    raw.Add((await MeasureAsync(lab => [["bash", peerCopy, "literal"]]))[0]);
    var state = Directory.CreateTempSubdirectory("pemha-bench-").FullName;
    var script = Lab.ScriptCommand(Path.Combine(AppContext.BaseDirectory, "sections-a-to-c.ps1"), ["-StateFolder", state]);
    var ours = await MeasureAsync(lab => [script, script]);
    Directory.Delete(state, true);
    first.Add(ours[0]);
    second.Add(ours[1]);
    Say($"round {round}: shell {raw[^1]:0.00} s, PemHa {ours[0]:0.00} s, again {ours[1]:0.00} s");
}
Directory.Delete(Path.GetDirectoryName(peerCopy)!, recursive: true);
Say($"median of {rounds}: shell {Median(raw):0.00} s, PemHa {Median(first):0.00} s = {Median(first) / Median(raw):0.00} x, again {Median(second):0.00} s");
return 0;

// Fresh hosts for every measurement; the seconds of each command, run one after the other.
static async Task<List<double>> MeasureAsync(Func<Lab, IReadOnlyList<IReadOnlyList<string>>> commands)
{
    await using var lab = await Lab.UpAsync(new LabOptions { Name = "bench-" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture) });
    foreach (var host in lab.Hosts) await lab.WaitRunningAsync(host.Name);
    var seconds = new List<double>();
    foreach (var command in commands(lab))
    {
        var watch = Stopwatch.StartNew();
        (await lab.EnterAsync(command, new Dictionary<string, string> { ["KEY"] = lab.KeyPath })).Check(command[0]);
        seconds.Add(watch.Elapsed.TotalSeconds);
    }
    return seconds;
}

static double Median(List<double> values)
{
    var sorted = values.Order().ToList();
    return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
}

static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
