namespace PemHa.Tests.Hosted;

/// <summary>What people see.</summary>
public class ViewTests
{
    [Fact]
    [Spec("P21")]
    public void The_status_shows_node_role_database_virtual_IP_positions_lag_and_findings()
    {
        PemNodeStatus[] nodes =
        [
            new() { Name = "node1", Address = "172.16.161.200", Cluster = "efm", Role = "Primary", Database = "UP", Efm = "Primary",
                VirtualIp = true, Lsn = "0/F7A3808" },
            new()
            {
                Name = "node2", Address = "172.16.161.201", Cluster = "efm", Role = "Standby", Database = "UP", Efm = "Standby", Lsn =
                    "0/F7A3700", ReplayLsn = "0/F7A36FF", LagBytes = 4711,
                Finding = [new("node2", "Warning", "replay lags", "look"), new("node2", "Critical", "it does not stream", "mend")],
            },
        ];
        using var engine = new HostedEngine();
        engine.Run("param($nodes) $nodes | Out-Default", (object)nodes);
        var lines = engine.Shown.Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0).ToList();
        Assert.Equal("Cluster: efm", lines[0].Trim());
        Assert.Equal(["Node", "Role", "DB", "VIP", "EFM", "LSN", "Lag", "Findings"], Words(lines[1]));
        Assert.Equal(["node1", "Primary", "UP", "*", "Primary", "0/F7A3808", "none"], Words(lines[3]));
        Assert.Equal(["172.16.161.200"], Words(lines[4]));
        Assert.Equal(["node2", "Standby", "UP", "Standby", "0/F7A3700", "4711"], Words(lines[5])[..6]);
        Assert.EndsWith("Warning: replay lags", lines[5], StringComparison.Ordinal);
        Assert.Equal(["172.16.161.201", "0/F7A36FF", "Critical:", "it", "does", "not", "stream"], Words(lines[6]));
    }

    [Fact]
    public void Hosts_steps_and_clusters_have_views_too()
    {
        using var engine = new HostedEngine();
        var c1 = new Example();
        foreach (var host in c1.Cluster.Hosts) host.Session = null;
        c1.Primary.Add(new PemChange("node1", "Set-PemSsl", "x", "edit", ""));
        engine.Run("param($host1, $step, $cluster) $host1 | Out-Default; $step | Out-Default; $cluster | Out-Default", c1.Primary,
            new PemStepResult("Set-PemSsl", 4, 12, 1.5), c1.Cluster);
        var shown = engine.Shown.Split('\n').Select(Words).ToList();
        Assert.Contains(shown, w => w.SequenceEqual(["node1", "172.16.161.200", "Primary", "False", "1"]));
        Assert.Contains(shown, w => w.SequenceEqual(["Set-PemSsl", "4", "12", "1.50"]));
        Assert.Contains(shown, w => w.SequenceEqual(["VirtualIp", ":", "172.16.161.245"]));
    }

    [Fact]
    [Spec("T1", "T11")]
    public void Checks_are_grouped_by_what_they_found_and_tell_what_to_do()
    {
        PemCheck Check(string host, string check, PemCheckState state, string why, string remedy = "") =>
            new() { HostName = host, Check = check, Cluster = "efm", State = state, Why = why, Remedy = remedy };
        using var engine = new HostedEngine { Width = 80 };
        const string Why = "node1, witness1 are not answered at 172.16.161.201 port 7800.";
        engine.Run("param($checks, $test) $checks | Out-Default; $test | Out-Default", new[]
        {
            Check("node1", "ports between nodes", PemCheckState.Passed, "Every other node reaches it."),
            Check("witness1", "clock", PemCheckState.Passed, "It goes with the other clocks, to 2 s."),
            Check("node2", "ports between nodes", PemCheckState.Failed, Why, "Let these ports through."),
        }, new PemVirtualIpTest { HostName = "node1", Interface = "eth0", Address = "172.16.161.245/24", State = PemCheckState.Passed, Why = "node2 got an answer." });
        var lines = engine.Shown.Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0).ToList();
        Assert.Equal(["State: Passed", "State: Failed", "Address: 172.16.161.245/24"], lines.Select(l => l.Trim()).Where(l => l.Contains(": ", StringComparison.Ordinal)));
        Assert.All(lines, l => Assert.True(l.Length <= 80, l));
        Assert.Equal(["node1", "ports", "between", "nodes", "Every", "other", "node", "reaches", "it."], Words(lines[3]));
        // The check that takes the most room is not cut, and what to do begins a line of its own. Words are kept whole in some cultures only.
        Assert.StartsWith("node2      ports between nodes node1, witness1 are not answered", lines[8], StringComparison.Ordinal);
        Assert.Equal("node2portsbetweennodes" + Why.Replace(" ", "", StringComparison.Ordinal), string.Concat(lines[8..10].SelectMany(Words)));
        Assert.Equal("-> Let these ports through.", lines[10].Trim());
        Assert.Contains(lines, l => Words(l).SequenceEqual(["node1", "eth0", "Passed", "node2", "got", "an", "answer."]));
    }

    /// <summary>One object of every public type, with values that take room.</summary>
    internal static IReadOnlyDictionary<Type, object> Samples()
    {
        var c1 = new Example();
        c1.Primary.Add(new PemChange("node1", "Set-PemSsl", "x", "edit", ""));
        c1.Primary.Unfinished = "Initialize-PemReplica, base backup: create standby in /var/lib/edb/as17/data";
        object[] all =
        [
            c1.Cluster, c1.Primary,
            new PemNodeStatus
            {
                Name = "a-long-name-of-a-node", Address = "fd00:1234:5678:9abc:def0:1234:5678:9abc", Cluster = "efm", Role = "Unreachable", Database = "UNKNOWN", Efm = "Promoting", VirtualIp = true,
                Lsn = "FFFFFFFF/FFFFFFFF", ReplayLsn = "FFFFFFFF/FFFFFFFE", LagBytes = 123456789012, Info = "it says so", Priority = 1, Replication = "catchup", Agent = false, Coordinator = true,
                Finding = [new("node2", "Warning", "replay lags behind by a lot", "look"), new("node2", "Critical", "it does not stream", "mend")],
            },
            new PemChange("witness1.example.com", "Set-PemHba", "file /var/lib/edb/as17/data/pg_hba.conf", "initialise", "--- a\n+++ a\n@@ -1,1 +1,2 @@\n host all all 172.16.161.200/32 scram-sha-256\n+hostssl pem +pem_user 172.16.161.0/24 scram-sha-256"),
            new PemStepResult("Invoke-PemRollingRestart", 256, 12345, 98765.4321),
            new PemCheck { HostName = "node2.example.com", Check = "ports between nodes", Cluster = "efm", State = PemCheckState.Failed, Why = "node1, witness1 are not answered at 172.16.161.201 port 7800.", Remedy = "Let these ports through." },
            new PemVirtualIpTest { HostName = "node2.example.com", Interface = "bond0.1234", Address = "172.16.161.245/24", State = PemCheckState.Unknown, Why = "node1 could not be asked.", Remedy = "Connect it again, and run it again." },
            new PemFinding("node2.example.com", "Critical", "it does not stream from the primary", "Look at its log, then Initialize-PemReplica."),
        ];
        return all.ToDictionary(o => o.GetType());
    }

    public static TheoryData<Type, int> Types =>
    [
        .. typeof(PemHost).Assembly.GetExportedTypes().Where(t => t is { IsEnum: false, IsAbstract: false }).SelectMany(t => new[] { (t, 80), (t, 160) }),
    ];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_fits_into_the_screen_and_shows_all_that_it_is_to_show(Type type, int width)
    {
        var sample = Samples()[type];
        using var engine = new HostedEngine { Width = width };
        engine.Run("param($object) $object | Out-Default", sample);
        var lines = engine.Shown.Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0).ToList();
        Assert.All(lines, l => Assert.True(l.Length <= width, l));
        var shown = string.Concat(engine.Shown.Where(c => !char.IsWhiteSpace(c)));
        Assert.DoesNotContain('\u2026', shown);
        var view = System.Xml.Linq.XDocument.Load(Path.Combine(ModuleAssemblies.Root, "src", "Module", "PemHa.Format.ps1xml")).Descendants("View")
            .SingleOrDefault(v => v.Element("TableControl") is not null && v.Element("ViewSelectedBy")!.Value == type.FullName);
        var set = engine.Run("param($object) $object.PSStandardMembers.DefaultDisplayPropertySet.ReferencedPropertyNames", sample).Select(n => n.ToString()).ToList();
        Assert.NotEmpty(set);
        Assert.All(set, name => Assert.NotNull(type.GetProperty(name)));
        if (view is null)
        {
            // A cluster is one thing, and a list says it.
            Assert.Equal(typeof(PemCluster), type);
            Assert.All(set, name => Assert.Contains(name, shown, StringComparison.Ordinal));
            return;
        }
        foreach (var label in view.Descendants("TableColumnHeader").Select(h => h.Element("Label")!.Value)) Assert.Contains(label, engine.Shown, StringComparison.Ordinal);
        // What a column shows is whole, on however many lines: read down its width.
        var at = 0;
        foreach (var (header, item) in view.Descendants("TableColumnHeader").Zip(view.Descendants("TableColumnItem")))
        {
            var room = header.Element("Width") is { } w ? int.Parse(w.Value, System.Globalization.CultureInfo.InvariantCulture) : width - at;
            var rows = lines.SkipWhile(l => !l.StartsWith("---", StringComparison.Ordinal) && !l.TrimStart().StartsWith("---", StringComparison.Ordinal)).Skip(1);
            var cell = string.Concat(rows.Select(l => l.Length <= at ? "" : l[at..Math.Min(l.Length, at + room)]).SelectMany(l => l.Where(c => !char.IsWhiteSpace(c))));
            at += room + 1;
            if (item.Element("PropertyName")?.Value is not { } property) continue;
            Assert.Equal(string.Concat($"{type.GetProperty(property)!.GetValue(sample)}".Where(c => !char.IsWhiteSpace(c))), cell);
        }
    }

    [Fact]
    public void Every_type_that_comes_out_of_a_cmdlet_is_ours_or_PowerShells()
    {
        var samples = Samples();
        foreach (var type in Cmdlets.Types.SelectMany(t => t.GetCustomAttributes(typeof(System.Management.Automation.OutputTypeAttribute), true)
            .Cast<System.Management.Automation.OutputTypeAttribute>()).SelectMany(o => o.Type).Select(t => t.Type).Distinct())
            Assert.True(samples.ContainsKey(type) || type.Namespace is "System.Management.Automation" or "System.IO", $"{type}");
    }

    [Fact]
    public void What_is_bad_stands_out_on_a_screen_with_colours_and_nowhere_else()
    {
        var status = Samples()[typeof(PemNodeStatus)];
        using var engine = new HostedEngine { Colours = true };
        engine.Run("$PSStyle.OutputRendering = 'Host'");
        engine.Run("param($o) $o | Out-Default", status);
        Assert.Contains("\e[", engine.ShownInColour, StringComparison.Ordinal);
        var at = engine.ShownInColour.Length;
        engine.Run("param($o) $PSStyle.OutputRendering = 'PlainText'; try { $o | Out-Default } finally { $PSStyle.OutputRendering = 'Host' }", status);
        Assert.DoesNotContain("\e[", engine.ShownInColour[at..], StringComparison.Ordinal);
        Assert.Contains("Critical: it does not stream", engine.ShownInColour[at..], StringComparison.Ordinal);
        // Colours are of the view: what a script works with has none.
        Assert.DoesNotContain("\e", string.Concat(engine.Run("param($o) $o.Finding | ForEach-Object { \"$_\" }", status)), StringComparison.Ordinal);
    }

    static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
