using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// A lab on which the procedure is run the way users run it: scripts in a process of their own, in the controller's place, with
/// PemHa imported. Keeps the runbook's state folder.
/// </summary>
public partial class ProcedureLab : LabFixture
{
    internal const string VirtualIp = "172.16.161.245";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    int _scripts;

    /// <summary>The runbook's folder: authority, passwords, journal. Goes when the lab goes.</summary>
    internal string StateFolder => Path.Combine(LabPaths.StateOf(Options.Name), "runbook");

    internal static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    internal static string Checkout { get; } = FindCheckout();

    /// <summary>Everything that Install-PemCluster wants to know, in <c>$order</c>; the passwords are those that the runbook uses.</summary>
    internal const string WholeOrder = $$"""
        $order = @{ AuthorityPath = "$state/ca"; AuthorityPassword = (New-PemCredential authority -Path $state).Password; Confirm = $false }
        $order.Replication = New-PemCredential repl -Path $state
        $order.Efm = New-PemCredential efm -Path $state
        $order.SuperUser = New-PemCredential pemsuper -Path $state
        $order.EfmProperty = {{Timings}}
        """;

    internal override async Task ContinueAsync(Lab lab, LabDisks disks)
    {
        if (Directory.Exists(RunbookOf(disks)))
            CopyFolder(RunbookOf(disks), StateFolder);
        await WakeAsync(lab);
    }

    /// <summary>The runbook's folder as it was when disks were kept.</summary>
    internal static string RunbookOf(LabDisks disks) => Path.Combine(disks.Folder, "runbook");

    /// <summary>
    /// Stops agents and databases in the order in which nobody takes over and nothing is left to send. Agents that are stopped one by one
    /// forget each other, and at a boot they would start before there is a database and stay idle (F5, T13): so each keeps its list of
    /// nodes, and waits for <see cref="WakeAsync"/>.
    /// </summary>
    internal static async Task RestAsync(Lab lab)
    {
        string[] all = [.. lab.Hosts.Select(h => h.Name)];
        await EachAsync(lab, "if systemctl -q is-enabled edb-efm-5.2 2>/dev/null; then cp -p /etc/edb/efm-5.2/efm.nodes /root/resting.nodes; fi", all);
        await EachAsync(lab, "systemctl disable --now edb-efm-5.2 2>/dev/null || :; systemctl stop pemagent 2>/dev/null || :", all);
        foreach (var host in all)
            await EachAsync(lab, "systemctl stop edb-as-17 2>/dev/null || :", [host]);
        await EachAsync(lab, "if [ -e /root/resting.nodes ]; then cp -p /root/resting.nodes /etc/edb/efm-5.2/efm.nodes; fi", all);
    }

    /// <summary>Goes on after <see cref="RestAsync"/> and a boot. A cluster that was stopped as a whole has forgotten whom it allows.</summary>
    internal static async Task WakeAsync(Lab lab)
    {
        var (first, others) = (lab.Hosts[0].Name, lab.Hosts.Skip(1).ToArray());
        await EachAsync(
            lab, "for u in edb-as-17 pemagent; do if systemctl -q is-enabled $u 2>/dev/null; then systemctl start $u; fi; done",
            lab.Hosts.Select(h => h.Name));
        const string start = "if [ -e /root/resting.nodes ]; then systemctl enable --now edb-efm-5.2 2>/dev/null; rm /root/resting.nodes; fi\n";
        var allow = string.Concat(others.Select(h =>
            $"    /usr/edb/efm-5.2/bin/efm allow-node efm {h.Address} >/dev/null\n"))
            + Allowed(others.Select(h => h.Address));
        await EachAsync(lab, $"{start}if systemctl -q is-active edb-efm-5.2; then\n{allow}fi", [first]);
        foreach (var other in others)
            await EachAsync(lab, start, [other.Name]);
    }

    /// <summary>
    /// Waits on a host with an agent until it lists addresses as allowed: <c>allow-node</c> only sends a signal (B12),
    /// and an agent that starts before the signal has had its effect is rejected.
    /// </summary>
    internal static string Allowed(IEnumerable<string> addresses) => string.Concat(addresses.Select(a =>
        "timeout 30 sh -c 'until /usr/edb/efm-5.2/bin/efm cluster-status efm 2>/dev/null | "
            + $"grep -A1 ^Allowed | grep -qwF {a}; do sleep 0.1; done'\n"));

    static Task EachAsync(Lab lab, string script, IEnumerable<string> hosts) => Task.WhenAll(hosts.Select(async h =>
        (await lab.SshAsync(h, "bash -es", script, Cancellation)).Check($"The script on {h}")));

    internal static void CopyFolder(string from, string to)
    {
        foreach (var folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }

    internal static string Examples => Path.Combine(Checkout, "docs", "examples");

    internal static string Manifest => Path.Combine(Checkout, "PemHa.psd1");

    /// <summary>Runs docs/examples/Deploy-C1.ps1 with what a lab needs, to its end.</summary>
    internal async Task<ProcedureRun> DeployAsync(params string[] switches)
    {
        var watch = Stopwatch.StartNew();
        var before = Journal().Count;
        var result = await (await LabAsync()).RunScriptAsync(await DeployScriptAsync(switches), [], Cancellation);
        return new ProcedureRun(result.ExitCode, result.Stdout + result.Stderr, [.. Journal().Skip(before)], watch.Elapsed);
    }

    /// <summary>
    /// Runs a script of docs/examples on one of its topology files, as it is but for the state folder and EFM's timings: those are the lab's.
    /// </summary>
    /// <param name="script">Such as Deploy-Cluster.ps1.</param>
    /// <param name="arguments">Its other parameters; <c>$state</c> is the state folder, <c>$login</c> how hosts are reached.</param>
    internal async Task<ProcedureRun> ExampleAsync(string script, string topology, string arguments)
    {
        var watch = Stopwatch.StartNew();
        var lab = await LabAsync();
        var before = Journal().Count;
        var file = await WriteAsync($$"""
            $login = {{Login}}
            $state = '{{StateFolder}}'
            & '{{Path.Combine(Examples, script)}}' '{{await TopologyAsync(topology)}}' {{arguments}}
            """);
        var result = await lab.RunScriptAsync(file, [], Cancellation);
        return new ProcedureRun(result.ExitCode, result.Stdout + result.Stderr, [.. Journal().Skip(before)], watch.Elapsed);
    }

    /// <summary>A topology file of docs/examples for this lab; one that was made of such a file is taken as it is.</summary>
    internal async Task<string> TopologyAsync(string topology)
    {
        if (Path.IsPathRooted(topology)) return topology;
        Directory.CreateDirectory(StateFolder);
        var text = await File.ReadAllTextAsync(Path.Combine(Examples, topology), Cancellation);
        Assert.Contains("~/.pemha/efm", text, StringComparison.Ordinal);
        var own = TimingsLine().Replace(text, "").Replace("~/.pemha/efm", StateFolder, StringComparison.Ordinal)
            .Replace("    Hosts  ", $"    EfmProperty = {Timings}\n    Hosts  ", StringComparison.Ordinal);
        var file = Path.Combine(StateFolder, topology);
        await File.WriteAllTextAsync(file, own, Cancellation);
        return file;
    }

    /// <summary>Starts the runbook; the caller may kill it.</summary>
    internal async Task<RunningCommand> StartDeployAsync(Action<string>? onLine = null) =>
        (await LabAsync()).StartScript(await DeployScriptAsync([]), [], onLine);

    /// <summary>Runs a script after the description of the cluster in <c>$cluster</c>, <c>$hosts</c> and <c>$login</c>.</summary>
    /// <remarks><c>Report { … }</c> writes one line for each object and each error, terminating or not, that a pipeline gives.</remarks>
    internal async Task<ProcedureReport> PowerShellAsync(string script)
    {
        var result = await (await LabAsync()).RunScriptAsync(await DescribedAsync(script), [], Cancellation);
        return new ProcedureReport(result.Stdout, result.Stderr);
    }

    /// <summary>Starts such a script; the caller may kill it, or press Ctrl-C: a suite in a shell's background has SIGINT ignored, and so would what it starts.</summary>
    /// <param name="under">A command that runs it.</param>
    internal async Task<RunningCommand> StartPowerShellAsync(string script, Action<string>? onLine = null, params string[] under) =>
        (await LabAsync()).Start(["env", "--default-signal=INT", .. under, .. Lab.ScriptCommand(await DescribedAsync(script), [])], onLine: onLine);

    async Task<string> DescribedAsync(string script)
    {
        var lab = await LabAsync();
        var hosts = string.Concat(lab.Hosts.Select((h, i) =>
            $"New-PemHost {h.Address} {(h.IsWitness ? "Witness" : i == 0 ? "Primary" : "Standby")} -Cluster $cluster -Name {h.Name}\n"));
        return await WriteAsync($$"""
            $cluster = New-PemCluster efm -VirtualIp {{VirtualIp}} -PingServer {{LabSwitch.Controller}} `
                -MonitoredSubnet 172.16.161.0/24 -JournalPath '{{StateFolder}}/journal.jsonl'
            $hosts = @({{hosts}})
            $login = {{Login}}
            $state = '{{StateFolder}}'
            function Line($object) {
                if ($object -is [System.Management.Automation.ErrorRecord]) {
                    $details = $object.ErrorDetails
                    $id = $object.FullyQualifiedErrorId.Split(',')[0]
                    $line = 'ERROR', $id, "$($object.TargetObject)", "$details", "$($details.RecommendedAction)" -join "`t"
                } else { $line = "$object" }
                $line.Replace("`r", '').Replace("`n", ' | ')
            }
            function Report([scriptblock] $Do) {
                try { . $Do 2>&1 | ForEach-Object { Line $_ } } catch { Line $_ }
            }
            {{script}}
            """);
    }

    /// <summary>What a script of root's on a host says; it must succeed.</summary>
    internal async Task<string> RootAsync(string host, string script) =>
        (await (await LabAsync()).SshAsync(host, "bash -es", script, Cancellation)).Check($"The script on {host}").Stdout.Trim();

    /// <summary>What a unit has said since its host booted.</summary>
    internal Task<string> UnitLogAsync(string host, string unit) => RootAsync(host, $"journalctl --sync; journalctl -q --no-pager -b -o cat -u {unit}");

    /// <summary>How a standby checks its primary, and which that is.</summary>
    internal const string Upstream = """
        SELECT substring(conninfo FROM '\msslmode=(\S+)'), substring(conninfo FROM '\msslrootcert=(\S+)'), substring(conninfo FROM '\mhost=(\S+)') FROM pg_stat_wal_receiver
        """;

    /// <summary>What a query says, asked over the local socket as the database's owner; columns are separated by bars.</summary>
    internal async Task<string> SqlAsync(string host, string query, string database = "postgres") =>
        (await (await LabAsync()).SshAsync(
            host, $"runuser -u enterprisedb -- /usr/edb/as1?/bin/psql -XAtq -v ON_ERROR_STOP=1 -p 5444 -d {database}", query, Cancellation))
        .Check($"{query} on {host}").Stdout.Trim();

    /// <summary>Waits until the question is answered so.</summary>
    internal static async Task UntilAsync<T>(string what, Func<Task<T>> question, Func<T, bool> answer)
    {
        var watch = Stopwatch.StartNew();
        for (var said = await question(); !answer(said); said = await question())
        {
            Assert.True(watch.Elapsed < Patience, $"{what}: still '{said}' after {Patience.TotalSeconds} s.");
            await Task.Delay(100, Cancellation);
        }
    }

    /// <summary>The command lines of everything that runs on a host now.</summary>
    internal IEnumerable<string> CommandLines(string host)
    {
        foreach (var pid in Namespaces.Cgroup(Options.Name).Child(host).Processes)
        {
            string line;
            try
            {
                line = File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
            }
            catch (IOException)
            {
                // It ended meanwhile.
                continue;
            }
            yield return line;
        }
    }

    /// <summary>A signal for everything on a host whose command line holds the text, as kill -9 for what a host loses with its power.</summary>
    /// <returns>Those that got it. What stands still may meanwhile be another program: it is let go by its number.</returns>
    internal int[] SignalOn(string host, string text, int signal)
    {
        int[] running = [.. Running(host, text)];
        Signals.Send(running, signal);
        return running;
    }

    /// <summary>Lets such a process on a host stand still once it has started another one, which goes on; false as long as it has not.</summary>
    internal bool StopParent(string host, string text)
    {
        int[] running = [.. Running(host, text)];
        int[] parents = [.. running.Where(p => running.Any(child => ParentOf(child) == p))];
        Signals.Send(parents, Signals.Stop);
        return parents.Length > 0;
    }

    /// <summary>Somebody else's firewall on a host: what it does not let in, in nft's words. <see cref="UndropAsync"/> takes it away.</summary>
    /// <remarks>Not over SSH, which may be what it does not let in.</remarks>
    internal Task DropAsync(string host, string what) =>
        InsideAsync(host, "nft", $"table inet stranger {{ chain input {{ type filter hook input priority -200; {what} drop; }}; }}");

    internal Task UndropAsync(string host) => InsideAsync(host, "nft", "delete", "table", "inet", "stranger");

    /// <summary>Runs a command on a host, whether it can be reached or not.</summary>
    internal async Task InsideAsync(string host, params string[] command)
    {
        var pid = Hosted(host).First().ToString(CultureInfo.InvariantCulture);
        (await Command.RunAsync(["nsenter", "--target", pid, "--mount", "--net", "--", .. command], Cancellation)).Check(command[0]);
    }

    /// <summary>The processes of the host itself, its first one first.</summary>
    private protected IEnumerable<int> Hosted(string host) => Namespaces.Cgroup(Options.Name).Child(host).Child("host").Processes;

    /// <summary>Cuts the SSH connections to a host, which goes on.</summary>
    internal void CutConnections(string host) => SignalOn(host, ": root@notty", Signals.Kill);

    /// <summary>The sessions in which such commands run on a host now: one for each script that was sent there.</summary>
    internal IEnumerable<string> Sessions(string host, string text)
    {
        foreach (var pid in Running(host, text))
        {
            if (Stat(pid) is { } stat)
                yield return stat[4];
        }
    }

    internal static int? ParentOf(int pid) => Stat(pid) is { } stat ? int.Parse(stat[2], CultureInfo.InvariantCulture) : null;

    /// <summary>What the kernel tells of a process, from its name's end on: state, parent, group, session; null once it has ended.</summary>
    static string[]? Stat(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')')..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    IEnumerable<int> Running(string host, string text) => Namespaces.Cgroup(Options.Name).Child(host).Processes.Where(pid => Holds(pid, text));

    /// <summary>All lines of the runbook's journal.</summary>
    internal IReadOnlyList<JsonNode> Journal()
    {
        var file = Path.Combine(StateFolder, "journal.jsonl");
        return File.Exists(file) ? [.. File.ReadAllText(file).Split('\n').SkipLast(1).Select(l => JsonNode.Parse(l)!)] : [];
    }

    /// <summary>Passwords that the runbook made, by user.</summary>
    internal IReadOnlyDictionary<string, string> Secrets() =>
        Directory.GetFiles(StateFolder, "*.secret").ToDictionary(f => Path.GetFileNameWithoutExtension(f), File.ReadAllText);

    /// <summary>What the procedure might change on a host: files with mode, owner, time and content, packages, units, addresses.</summary>
    internal async Task<string[]> SnapshotAsync(string host) => (await RootAsync(host, """
        kept() {
            find /etc /root /home /usr/edb /var/lib/pgsql "$@"
            find /var/lib/edb -path '*/data/*' -prune -o "$@"
            find /var/lib/edb/as17/data -maxdepth 1 '(' -name '*.conf*' -o -name '*.crt' -o -name '*.key' -o -name '*.signal' ')' "$@"
        } 2>/dev/null
        kept -printf '%p %M %u:%g %T@ %l\n' | sort
        kept -type f -exec sha256sum {} + | sort
        rpm -qa | sort; systemctl list-unit-files --no-legend | grep -v ' transient '
        systemctl is-active edb-as-17 edb-efm-5.2 pemagent nginx firewalld || :
        ip -br addr; firewall-cmd --list-all; cat /etc/passwd
        """)).Split('\n');

    /// <summary>Snapshots of every host.</summary>
    internal async Task<IReadOnlyDictionary<string, string[]>> SnapshotAsync()
    {
        var lab = await LabAsync();
        var all = await Task.WhenAll(lab.Hosts.Select(async h => (h.Name, Text: await SnapshotAsync(h.Name))));
        return all.ToDictionary(a => a.Name, a => a.Text);
    }

    /// <summary>Fails with the differing lines.</summary>
    internal static void AssertSame(IReadOnlyDictionary<string, string[]> before, IReadOnlyDictionary<string, string[]> after)
    {
        foreach (var (host, lines) in before)
        {
            var gone = lines.Except(after[host]).Select(l => $"{host} - {l}");
            string[] differing = [.. gone, .. after[host].Except(lines).Select(l => $"{host} + {l}")];
            Assert.True(differing.Length == 0, string.Join('\n', differing.Take(40)));
        }
    }

    [GeneratedRegex("^    EfmProperty .*\n", RegexOptions.Multiline)]
    private static partial Regex TimingsLine();

    /// <summary>
    /// EFM's timings are the lab's, so that a failover takes seconds. An agent that starts on a busy machine must still
    /// reach every database within remote.timeout, or it ends: 2 s were too few.
    /// </summary>
    internal const string Timings =
        "@{ 'local.period' = 1; 'local.timeout' = 3; 'local.timeout.final' = 1; "
            + "'remote.timeout' = 5; 'node.timeout' = 3 }";

    /// <summary>How scripts log in, as PowerShell writes it.</summary>
    internal virtual string Login => "@{ KeyFile = $env:PEMHA_LAB_KEY; KnownHostsFile = $env:PEMHA_LAB_KNOWN_HOSTS }";

    /// <summary>The runbook as it is documented; only the timings are the lab's.</summary>
    async Task<string> DeployScriptAsync(string[] switches)
    {
        await LabAsync();
        var runbook = Path.Combine(Examples, "Deploy-C1.ps1");
        return await WriteAsync($$"""
            $env:PEMHA_LAB_PROGRESS = 'shown'
            $login = {{Login}}
            & '{{runbook}}' -PingServer {{LabSwitch.Controller}} -StateFolder '{{StateFolder}}' -Login $login `
                -UserSettings (New-PemCredential pem_user_settings -Path '{{StateFolder}}') -EfmProperty {{Timings}} `
                -InformationAction Continue {{string.Join(' ', switches)}}
            """);
    }

    async Task<string> WriteAsync(string text)
    {
        Directory.CreateDirectory(StateFolder);
        var file = Path.Combine(LabPaths.StateOf(Options.Name), $"script{++_scripts}.ps1");
        await File.WriteAllTextAsync(file, text, Cancellation);
        return file;
    }

    static bool Holds(int pid, string text)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ').Contains(text, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    static string FindCheckout()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PemHa.sln")))
            folder = folder.Parent ?? throw new LabException("The tests do not lie in a checkout of PemHa.");
        return folder.FullName;
    }
}
