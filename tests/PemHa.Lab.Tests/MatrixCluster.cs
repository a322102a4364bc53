using System.Globalization;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>A cell of the matrix: an SSL model, a topology, and how its cluster is described.</summary>
sealed record MatrixCell(string Model, int DataNodes, int Witnesses)
{
    /// <summary>The role that all agents share; each has its own where empty.</summary>
    public string AgentUser { get; init; } = "";

    /// <summary>Nodes are described by their host names.</summary>
    public bool ByName { get; init; }

    public bool Ipv6 { get; init; }

    /// <summary>The last node is added by the example for that to a cluster that runs.</summary>
    public bool Grows { get; init; }

    /// <summary>The topology file of docs/examples that describes it, deployed by the runbook there.</summary>
    public string? Example { get; init; }

    /// <summary>More of that runbook's parameters; FOLDER is the one of the organisation's files.</summary>
    public string ExampleParameters { get; init; } = "";

    /// <summary>Further parameters of New-PemCluster, and of Install-PemCluster.</summary>
    public string Described { get; init; } = "";

    public string Installed { get; init; } = "";

    /// <summary>What a script of root's does on every host beforehand.</summary>
    public string Before { get; init; } = "";

    /// <summary>ExternalCA: there are lists of what was revoked; encrypts the keys.</summary>
    public bool Lists { get; init; }

    public string? KeyPassword { get; init; }

    public string VirtualIp => (Ipv6 ? LabSwitch.Network6 : LabSwitch.Network) + "245";

    public string Name(LabHost host) => ByName ? host.Name + ".lab" : host.Name;

    public string Address(LabHost host) => Ipv6 ? host.Address6 : host.Address;
}

/// <summary>The cluster of a cell: deployed, looked at, and robbed of its primary the same way whatever its model and topology.</summary>
sealed class MatrixCluster(MatrixCell cell) : ProcedureLab
{
    TestAuthority? _root, _issuing;

    internal override LabOptions Options => base.Options with { DataNodes = cell.DataNodes, Witnesses = cell.Witnesses };

    /// <summary>ExternalCA: the folder of the organisation's files.</summary>
    internal string Folder => Path.Combine(LabPaths.StateOf(Options.Name), "certificates");

    internal async Task<IReadOnlyList<LabHost>> DataAsync() => [.. (await LabAsync()).Hosts.Where(h => !h.IsWitness)];

    /// <summary>One call deploys it, a second one with everything described anew finds nothing to do, and the status has no finding.</summary>
    internal async Task DeployAsync()
    {
        var lab = await LabAsync();
        if (cell.Before.Length > 0) await Task.WhenAll(lab.Hosts.Select(h => RootAsync(h.Name, cell.Before)));
        if (cell.Model == "ExternalCA") await IssueAsync();
        var report = await RunAsync(await InstallAsync() + $"Status {cell.Model}");
        if (cell.Example is null)
        {
            AssertInstalled(report, "again");
            Assert.Empty(Changed(report, "again"));
        }
        if (cell.Example is null && !cell.Grows)
        {
            AssertInstalled(report, "first");
            Assert.NotEmpty(Changed(report, "first"));
        }
        var expected = lab.Hosts.Select((h, i) =>
            $"status {cell.Name(h)} {(h.IsWitness ? "Witness N/A" : i == 0 ? "Primary UP" : "Standby UP")} {i == 0} 0");
        Assert.Equal(expected, Lines(report, "status "));
        TestContext.Current.SendDiagnosticMessage(string.Join(", ", Lines(report, "seconds ")));
        // What the cluster was described with is what every agent of EFM reads.
        const string timings = "grep -h -e ^local.period= -e ^node.timeout= /etc/edb/efm-5.?/efm.properties";
        foreach (var host in lab.Hosts)
            Assert.Equal("local.period=1\nnode.timeout=3", await RootAsync(host.Name, timings));
    }

    /// <summary>Deploys all but the last node by an example's topology, and adds that one to the cluster that runs.</summary>
    /// <returns>What each host was changed in when the last one came.</returns>
    internal async Task<IReadOnlyList<string>> GrowAsync(string example)
    {
        var data = await DataAsync();
        var text = await File.ReadAllTextAsync(await TopologyAsync(example), Cancellation);
        var nodes = data.SkipLast(1).Select((h, i) =>
            $"        @{{ Address = '{h.Address}'; Role = '{(i == 0 ? "Primary" : "Standby")}'; Name = '{h.Name}' }}\n");
        var smaller = Path.Combine(StateFolder, "smaller.psd1");
        await File.WriteAllTextAsync(smaller, text[..text.IndexOf("        @{ Address", StringComparison.Ordinal)] + string.Concat(nodes) + "    )\n}\n",
            Cancellation);
        var first = await ExampleAsync("Deploy-Cluster.ps1", smaller, "-Login $login -StateFolder $state");
        Assert.True(first.ExitCode == 0, first.Output);
        var grown = await ExampleAsync("Add-Node.ps1", smaller,
            $"-Address {data[^1].Address} -Name {data[^1].Name} -Path \"$state/grown.psd1\" -With @{{ Login = $login; StateFolder = $state }}");
        Assert.True(grown.ExitCode == 0, grown.Output);
        return grown.Changed;
    }

    /// <summary>Deploys it by the runbook for topology files, twice; or gives the script that calls Install-PemCluster twice.</summary>
    async Task<string> InstallAsync()
    {
        if (cell.Grows)
        {
            var last = (await DataAsync())[^1].Name;
            var changed = await GrowAsync("SslUtils.psd1");
            Assert.Contains(changed, c => c.StartsWith($"{last}: ", StringComparison.Ordinal) && c.Contains("standby", StringComparison.Ordinal));
            // The others learn of it, and go on running.
            Assert.All(changed.Where(c => !c.StartsWith($"{last}: ", StringComparison.Ordinal)),
                c => Assert.DoesNotMatch("restart|install|initialise|standby", c));
            return $"Install again {cell.Model}; ";
        }
        if (cell.Example is not { } example) return $"Install first {cell.Model}; Install again {cell.Model}; ";
        foreach (var again in new[] { false, true })
        {
            var more = cell.ExampleParameters.Replace("FOLDER", Folder, StringComparison.Ordinal);
            var run = await ExampleAsync("Deploy-Cluster.ps1", example, $"-Login $login -StateFolder $state {more}");
            Assert.True(run.ExitCode == 0, run.Output);
            Assert.Equal(again, run.Changed.Count == 0);
            var seconds = string.Create(CultureInfo.InvariantCulture, $"{run.Elapsed.TotalSeconds:0.0} s");
            TestContext.Current.SendDiagnosticMessage($"{example}: {seconds}");
        }
        return "";
    }

    /// <summary>Runs a script with <c>Install NAME MODEL</c>, <c>Status MODEL</c>, <c>Describe MODEL</c>; <c>$models</c> has their parameters.</summary>
    internal async Task<ProcedureReport> RunAsync(string script)
    {
        var hosts = string.Concat((await LabAsync()).Hosts.Select((h, i) =>
            $"    New-PemHost {(cell.ByName ? cell.Name(h) : cell.Address(h))} "
            + $"{(h.IsWitness ? "Witness" : i == 0 ? "Primary" : "Standby")} -Cluster $c -Name {cell.Name(h)}\n"));
        return await PowerShellAsync($$"""
            $with = @{
                Replication = New-PemCredential repl -Path $state; Efm = New-PemCredential efm -Path $state
                SuperUser = New-PemCredential pemsuper -Path $state
            }
            $password = [securestring]::new(); foreach ($c in '{{cell.KeyPassword}}'.ToCharArray()) { $password.AppendChar($c) }
            $models = @{
                LocalCA = @{ AuthorityPath = "$state/ca"; AuthorityPassword = (New-PemCredential authority -Path $state).Password }
                ExternalCA = @{ CertificatePath = '{{Folder}}'; KeyPassword = $password }
                SslUtils = @{}
            }
            function Describe($model) {
                $c = New-PemCluster efm -VirtualIp {{cell.VirtualIp}} -PingServer {{(cell.Ipv6 ? LabSwitch.Controller6 : LabSwitch.Controller)}} `
                    -MonitoredSubnet {{(cell.Ipv6 ? "fd16:161::/64" : "172.16.161.0/24")}} -SslModel $model -AgentUser '{{cell.AgentUser}}' `
                    -EfmProperty {{Timings}} `
                    -JournalPath "$state/journal.jsonl" {{cell.Described}}
            {{hosts}}}
            function Install($name, $model) {
                $watch = [System.Diagnostics.Stopwatch]::StartNew()
                $nodes = Describe $model | Connect-PemHost @login
                $certificates = $models[$model]
                Report { $nodes | Install-PemCluster @with @certificates -Confirm:$false {{cell.Installed}} | ForEach-Object { "$name well $_" } }
                foreach ($node in $nodes) { foreach ($c in $node.Changes) { "$name changed $node $($c.Step) $($c.Resource)" } }
                'seconds {0} {1:0.0}' -f $name, $watch.Elapsed.TotalSeconds
            }
            function Status($model) {
                Describe $model | Connect-PemHost @login -ErrorAction SilentlyContinue | Get-PemClusterStatus |
                    ForEach-Object { "status $($_.Name) $($_.Role) $($_.Database) $($_.VirtualIp) $($_.Finding.Count)" }
            }
            {{script}}
            """);
    }

    /// <summary>No error, and every host is as each step wants it.</summary>
    internal void AssertInstalled(ProcedureReport report, string name) => Assert.True(
        report.Errors.Count == 0 && Lines(report, $"{name} well ").Count() == cell.DataNodes + cell.Witnesses, report.ToString());

    /// <summary>What a run changed, as "host step resource".</summary>
    internal static string[] Changed(ProcedureReport report, string name) =>
        [.. Lines(report, $"{name} changed ").Select(l => l[$"{name} changed ".Length..])];

    static IEnumerable<string> Lines(ProcedureReport report, string start) =>
        report.Lines.Where(l => l.StartsWith(start, StringComparison.Ordinal));

    /// <summary>On each data node the agent gets in through the virtual IP by its certificate, and not without; and its heart beats.</summary>
    internal async Task LogInAsync()
    {
        var data = await DataAsync();
        foreach (var (host, i) in data.Select((h, i) => (h, i)))
        {
            var role = cell.AgentUser.Length > 0 ? cell.AgentUser : string.Create(CultureInfo.InvariantCulture, $"agent{i + 1}");
            Assert.Matches($@"^{role} cert:(.*,)?CN={role}\b.* t\n.*requires a valid client certificate", await AsAgentAsync(host.Name, """
                ask "SELECT concat_ws(' ', current_user, system_user, ssl) FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
                PGSSLCERT=/none ask 'SELECT 1' 2>&1 | tr '\n' ' '
                """));
        }
        await BeatAsync(data[0].Name, data.Count);
    }

    /// <summary>What a script says that may <c>ask</c> the database as its host's own agent.</summary>
    internal Task<string> AsAgentAsync(string host, string script) => RootAsync(host, $$"""
        told() { sed -n "s/^$1=//p" /usr/edb/pem/agent/etc/agent.cfg | tail -n 1; }
        role=$(told agent_user); role=${role:-agent$(told agent_id)}
        export PGSSLMODE=verify-full PGSSLROOTCERT=$(echo /var/lib/edb/as1?/data/root.crt) PGCONNECT_TIMEOUT=2
        export PGSSLCERT=$(told agent_ssl_crt) PGSSLKEY=$(told agent_ssl_key)
        ask() { /usr/edb/as1?/bin/psql -XAtq -v ON_ERROR_STOP=1 -h {{cell.VirtualIp}} -p 5444 -U $role -d pem -c "$1"; }
        {{script}}
        """);

    /// <summary>The primary loses its power: a standby takes over with the virtual IP, what was acknowledged is there, agents beat on.</summary>
    /// <param name="model">The SSL model that the cluster has become.</param>
    internal async Task LosePrimaryAsync(string? model = null)
    {
        var lab = await LabAsync();
        var others = (await DataAsync()).Skip(1).ToList();
        const string keep = "CREATE TABLE kept (n int PRIMARY KEY); INSERT INTO kept VALUES (1); GRANT SELECT, INSERT ON kept TO pem_agent";
        await SqlAsync("node1", keep, "pem");
        const string replayed = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()";
        await UntilAsync("the row on every standby", () => SqlAsync("node1", replayed), s => s == $"{others.Count}");
        await lab.PowerCutAsync("node1", Cancellation);
        const string rows = "ask 'INSERT INTO kept VALUES (2) ON CONFLICT DO NOTHING; SELECT n FROM kept ORDER BY n' 2>&1 || :";
        await UntilAsync("the rows through the virtual IP", () => AsAgentAsync(others[^1].Name, rows), s => s == "1\n2");
        // The others may be restarting, to follow the new primary.
        var recovering = await Task.WhenAll(others.Select(async h =>
        {
            var said = "";
            await UntilAsync($"{h.Name} answers", async () => said = await RecoveringAsync(h.Name), s => s is "t" or "f");
            return said;
        }));
        var now = Assert.Single(others.Zip(recovering), r => r.Second == "f").First;
        await BeatAsync(now.Name, others.Count);
        var streaming = others.Count - 1;
        const string stream = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        await UntilAsync("streaming", () => SqlAsync(now.Name, stream), s => s == $"{streaming}");
        var report = await RunAsync($"Status {model ?? cell.Model}");
        var expected = lab.Hosts.Select((h, i) => $"status {cell.Name(h)} "
            + (h.IsWitness ? "Witness N/A False" : i == 0 ? "Unreachable UNKNOWN False" : h == now ? "Primary UP True" : "Standby UP False"));
        Assert.Equal(expected, Lines(report, "status ").Select(l => l[..l.LastIndexOf(' ')]));
    }

    /// <summary>
    /// The primary and the only standby change places, and the new standby streams under the name that it had before.
    /// </summary>
    internal async Task SwitchOverAsync(LabHost from, LabHost to)
    {
        // EFM refuses as long as the positions, which it reads one after another, differ.
        const string promote = "/usr/edb/efm-5.?/bin/efm promote efm -switchover 2>&1 || :";
        await UntilAsync(
            "a switchover",
            () => RootAsync(from.Name, promote),
            s => s.Contains("accepted by local agent", StringComparison.Ordinal));
        const string names = "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'";
        await UntilAsync(
            $"{from.Name} as a standby",
            async () => await RecoveringAsync(to.Name) == "f" ? await SqlAsync(to.Name, names) : "",
            s => s == cell.Name(from));
        await UntilAsync(
            "both agents at work",
            () => RootAsync(to.Name, "/usr/edb/efm-5.?/bin/efm cluster-status efm || :"),
            s => System.Text.RegularExpressions.Regex.Count(s, @"(Primary|Standby) .* UP ") == 2
                && s.Contains($"{cell.VirtualIp}*", StringComparison.Ordinal));
    }

    /// <summary>ExternalCA: the organisation takes an agent's certificate back, lists it, and issues another one.</summary>
    internal void Replace(string agent)
    {
        _issuing!.Revoke(File.ReadAllText(Path.Combine(Folder, agent + ".crt")));
        _issuing.Issue(Folder, agent, TestCertificate.Agent(agent));
        List();
    }

    /// <summary>ExternalCA: an intermediate authority of the organisation's issues what every node needs.</summary>
    internal async Task IssueAsync()
    {
        Directory.CreateDirectory(Folder);
        _root = new TestAuthority("Example Root");
        _issuing = new TestAuthority("Example Issuing CA", _root);
        await File.WriteAllTextAsync(Path.Combine(Folder, "root.crt"), _root.Pem, Cancellation);
        foreach (var (host, i) in (await DataAsync()).Select((h, i) => (h, i)))
        {
            string name = cell.Name(host);
            var server = new TestCertificate($"CN={name}", cell.Address(host), name, cell.VirtualIp);
            _issuing.Issue(Folder, name, server with { KeyPassword = cell.KeyPassword });
            var role = cell.AgentUser.Length > 0 ? cell.AgentUser : string.Create(CultureInfo.InvariantCulture, $"agent{i + 1}");
            if (i == 0 || cell.AgentUser.Length == 0)
                _issuing.Issue(Folder, role, TestCertificate.Agent(role) with { KeyPassword = cell.KeyPassword });
        }
        if (cell.Lists) List();
    }

    public override async ValueTask DisposeAsync()
    {
        _root?.Dispose();
        _issuing?.Dispose();
        await base.DisposeAsync();
    }

    void List() => File.WriteAllText(Path.Combine(Folder, "root.crl"), _root!.List() + _issuing!.List());

    /// <summary>Whether the server is in recovery; empty when it does not answer now.</summary>
    Task<string> RecoveringAsync(string host) =>
        RootAsync(host, "runuser -u enterprisedb -- /usr/edb/as1?/bin/psql -XAtq -p 5444 -d postgres -c 'SELECT pg_is_in_recovery()' 2>/dev/null || :");

    /// <summary>Waits for a heartbeat of so many agents from now on.</summary>
    async Task BeatAsync(string host, int agents)
    {
        var since = await SqlAsync(host, "SELECT now()", "pem");
        var beats = $"SELECT count(*) FROM pem.agent_heartbeat WHERE last_heartbeat > '{since}'";
        await UntilAsync("heartbeats", () => SqlAsync(host, beats, "pem"), n => n == $"{agents}");
    }
}
