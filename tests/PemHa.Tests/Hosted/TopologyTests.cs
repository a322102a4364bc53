using System.Management.Automation;

namespace PemHa.Tests.Hosted;

/// <summary>Topology files, read and written as a person does it.</summary>
public sealed class TopologyTests(HostedEngine engine) : IClassFixture<HostedEngine>, IDisposable
{
    const string Import = "param($file) Import-PemTopology -Path $file";

    readonly TemporaryFolder _folder = new();

    [Fact]
    [Spec("P3", "P38")]
    public void The_example_describes_the_reference_architecture()
    {
        var hosts = Hosts(Path.Combine(ModuleAssemblies.Root, "docs", "examples", "C1.psd1"));
        Assert.Equal(["node1 172.16.161.200 Primary 1", "node2 172.16.161.201 Standby 2", "node3 172.16.161.202 Standby 3", "witness1 172.16.161.203 Witness 0"],
            hosts.Select(h => $"{h.Name} {h.Address} {h.Role} {h.AgentId}"));
        var cluster = hosts[0].Cluster;
        Assert.All(hosts, h => Assert.Same(cluster, h.Cluster));
        Assert.Equal(("172.16.161.245", 24, "20", "pem-repl"),
            (cluster.VirtualIp, cluster.VirtualIpPrefix, cluster.EfmProperty["node.timeout"], cluster.SecretName["Replication"]));
    }

    /// <summary>A value other than the default for each parameter; a new parameter fails the test until it has one here.</summary>
    static readonly Dictionary<string, string> Cluster = new(StringComparer.Ordinal)
    {
        ["Name"] = "'other'",
        ["VirtualIp"] = "'10.0.0.9/23'",
        ["VirtualIpInterface"] = "'eth7'",
        ["PingServer"] = "'gw.example'",
        ["MonitoredSubnet"] = "@('10.0.0.0/24', 'fd00::/64')",
        ["UserEmail"] = "'o''brien@example'",
        ["PostgresVersion"] = "16",
        ["EfmVersion"] = "4.10",
        ["Port"] = "5555",
        ["EfmPort"] = "7900",
        ["Database"] = "'efmdb'",
        ["DataDirectory"] = "'/srv/pg'",
        ["ServiceName"] = "'pg-main'",
        ["SslModel"] = "'ExternalCA'",
        ["AgentUser"] = "'agents'",
        ["FirewallZone"] = "'dmz'",
        ["JournalPath"] = "'/tmp/j.jsonl'",
        ["EfmProperty"] = "@{ 'a.b' = 'it''s $x `n \u2019\u2019'; 'auto.x' = $true; 'n' = -5 }",
        ["SecretName"] = "@{ Efm = 'team/pem-efm' }",
    };

    static readonly Dictionary<string, string> Host = new(StringComparer.Ordinal)
    {
        ["Address"] = "'10.0.0.1'",
        ["Role"] = "'Primary'",
        ["Name"] = "'one'",
        ["HostName"] = "'one.example'",
        ["SshPort"] = "2222",
    };

    [Fact]
    public void Every_parameter_can_be_imported_and_is_exported()
    {
        Assert.Equal(Parameters("New-PemCluster").Order(), Cluster.Keys.Order());
        Assert.Equal(Parameters("New-PemHost").Where(p => p != "Cluster").Order(), Host.Keys.Order());
        var file = File(string.Join("\n", Cluster.Select(e => $"{e.Key} = {e.Value}")) + "\nHosts = @( @{ "
            + string.Join("; ", Host.Select(e => $"{e.Key} = {e.Value}")) + " } )");
        var first = Hosts(file);
        engine.Run("param($file, $to) Import-PemTopology $file | Export-PemTopology -Path $to", file, _folder["out.psd1"]);
        var text = System.IO.File.ReadAllText(_folder["out.psd1"]);
        Assert.All(Cluster.Keys.Concat(Host.Keys), key => Assert.Contains($"{key} = ", text, StringComparison.Ordinal));
        var second = Hosts(_folder["out.psd1"]);
        Assert.Equal(Told(first), Told(second));
        Assert.Equal(new Version(4, 10), second[0].Cluster.EfmVersion);
        Assert.Equal(("it's $x `n \u2019", "true", "-5"),
            (second[0].Cluster.EfmProperty["a.b"], second[0].Cluster.EfmProperty["auto.x"], second[0].Cluster.EfmProperty["n"]));
        engine.Run("param($file, $to) Import-PemTopology $file | Export-PemTopology -Path $to", _folder["out.psd1"], _folder["again.psd1"]);
        Assert.Equal(text, System.IO.File.ReadAllText(_folder["again.psd1"]));
    }

    [Theory]
    [InlineData("Name = $(Get-Date)", 3, 8)]
    [InlineData("Name = \"a$HOME\"", 3, 8)]
    [InlineData("Name = Get-Date", 3, 8)]
    [InlineData("Name = 'a' + 'b'", 3, 8)]
    [InlineData("Name = [string]'a'", 3, 8)]
    [InlineData("Name = $env:HOME", 3, 8)]
    [InlineData("Name = 'a'.Length", 3, 8)]
    [InlineData("Name = { 'a' }", 3, 8)]
    [InlineData("Name = if (1) { 'a' }", 3, 8)]
    [InlineData("MonitoredSubnet = @('10.0.0.0/8', (Get-Date))", 3, 35)]
    [InlineData("Prot = 5", 3, 1, "is Port meant?")]
    [InlineData("Port = 80", 3, 8, "Port: ")]
    [InlineData("Port = 'many'", 3, 8, "Port: ")]
    [InlineData("Port = 5444.5", 3, 8, "whole number")]
    [InlineData("Port = $true", 3, 8)]
    [InlineData("Port = @(1, 2)", 3, 8, "not a list")]
    [InlineData("SslModel = 'None'", 3, 12, "LocalCA")]
    [InlineData("MonitoredSubnet = @('10.0.0.0/8', '10.0.0.1/8')", 3, 35, "10.0.0.1/8 is no network")]
    [InlineData("Name = 'a'; name = 'b'", 3, 13)]
    [InlineData("EfmProperty = @{ 'a b' = 1 }", 3, 18, "no name of a property")]
    [InlineData("EfmProperty = 'x'", 3, 15, "must be a table")]
    [InlineData("SecretName = @{ Efm = 'two words' }", 3, 17)]
    public void What_will_not_do_is_told_with_its_place(string line, int row, int column, string why = "")
    {
        var error = engine.Fails(Import, File($"VirtualIp = '10.0.0.9'; PingServer = '10.0.0.8'\n{line}\nHosts = @{{ Address = '10.0.0.1'; Role = 'Primary' }}"));
        Assert.Equal("TopologyUnfit,PemHa.Commands.ImportPemTopologyCommand", error.FullyQualifiedErrorId);
        Assert.Contains($"c.psd1:{row}:{column}: ", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.ErrorDetails.Message);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once_and_nothing_is_put_out()
    {
        var message = engine.Fails(Import, File("""
            VirtualIp = '10.0.0.9'
            Port = 1
            Databse = 'x'
            Hosts = @(
              @{ Address = '10.0.0.1'; Role = 'Primary' }
              @{ Address = '10.0.0.2'; Role = 'Primary' }
              @{ Address = '10.0.0.1'; Role = 'Standby' }
              @{ Address = '10.0.0.9'; Role = 'Standby' }
              @{ Role = 'Standby'; SshPort = 0 }
              @{ Address = '10.0.0.3'; Role = 'King' }
            )
            """)).ErrorDetails.Message;
        Assert.Equal(["1:1", "3:8", "4:1", "7:35", "8:16", "9:16", "10:3", "10:34", "11:35"],
            message.Split('\n').Select(l => l.Split("c.psd1:")[1].Split(": ")[0]));
        Assert.Contains("PingServer is missing", message, StringComparison.Ordinal);
        Assert.Contains("has a primary already", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Password = 'hunter2'")]
    [InlineData("Password = hunter2")]
    [InlineData("Password = \"hunter2$x\"")]
    [InlineData("Password = 1 hunter2")]
    [InlineData("EfmCredential = 'hunter2'")]
    [InlineData("EfmProperty = @{ 'db.password' = 'hunter2' }")]
    [InlineData("SecretName = @{ Efm = 'hunter2 !' }")]
    [InlineData("SecretName = 'hunter2'")]
    public void A_secret_is_refused_and_not_repeated(string line)
    {
        var message = engine.Fails(Import, File($"VirtualIp = '10.0.0.9'; PingServer = '10.0.0.8'\n{line}\nHosts = @{{ Address = '10.0.0.1'; Role = 'Primary' }}"))
            .ErrorDetails.Message;
        Assert.Contains("c.psd1:3:", message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "1:1")]
    [InlineData("'a'", "1:1")]
    [InlineData("@{}\nRemove-Item x", "2:1")]
    [InlineData("param($x)\n@{}", "1:1")]
    [InlineData("@{ Name = ", "1:")]
    public void A_file_that_is_not_one_table_is_refused(string text, string at)
    {
        System.IO.File.WriteAllText(_folder["c.psd1"], text);
        Assert.Contains($"c.psd1:{at}", engine.Fails(Import, _folder["c.psd1"]).ErrorDetails.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_replaced_only_when_told_so_and_not_in_a_preview()
    {
        var from = Path.Combine(ModuleAssemblies.Root, "docs", "examples", "C1.psd1");
        const string Export = "param($from, $to, $more) Import-PemTopology $from | Export-PemTopology -Path $to @more";
        engine.Run(Export, from, _folder["x"], new System.Collections.Hashtable { ["WhatIf"] = true });
        Assert.Empty(Directory.GetFiles(_folder.Path));
        System.IO.File.WriteAllText(_folder["x"], "mine");
        Assert.StartsWith("FileExists,", engine.Fails(Export, from, _folder["x"], new System.Collections.Hashtable()).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("mine", System.IO.File.ReadAllText(_folder["x"]));
        engine.Run(Export, from, _folder["x"], new System.Collections.Hashtable { ["Force"] = true });
        Assert.Equal(Told(Hosts(from)), Told(Hosts(_folder["x"])));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    string File(string keys)
    {
        System.IO.File.WriteAllText(_folder["c.psd1"], $"@{{\n{keys}\n}}\n");
        return _folder["c.psd1"];
    }

    List<PemHost> Hosts(string file) => [.. engine.Run(Import, file).Select(h => (PemHost)h.BaseObject)];

    /// <summary>All that hosts and their cluster say of themselves.</summary>
    static string Told(List<PemHost> hosts) => string.Join('\n', hosts.Select(h => (object)h).Prepend(hosts[0].Cluster).SelectMany(o => o.GetType().GetProperties()
        .Where(p => p.Name is not ("Cluster" or "Hosts")).Select(p => $"{p.Name}={Text(p.GetValue(o))}")));

    static string Text(object? value) => value is System.Collections.IEnumerable list and not string ? string.Join('|', list.Cast<object>()) : $"{value}";

    static IEnumerable<string> Parameters(string command) =>
        Cmdlets.Parameters(Cmdlets.Types.Single(t => Cmdlets.Name(t) == command)).Select(p => p.Name);
}
