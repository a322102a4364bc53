using System.Text.Json.Nodes;
using PemHa.Engine.Assumptions;
using PemHa.Lab.Mutating;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The register of assumptions, the mutations of the stand-ins, and the pages generated from them.</summary>
public sealed class MutationPageTests
{
    [Fact]
    public void The_pages_are_what_the_source_says()
    {
        Assert.True(File.ReadAllText(AssumptionPage.Path) == AssumptionPage.Text(),
            "docs/assumptions.md is out of date: dotnet run --project tests/PemHa.Lab -- assumptions");
        Assert.True(File.ReadAllText(MutationPage.Path) == MutationPage.Text(),
            "docs/mutations.md is out of date: dotnet run --project tests/PemHa.Lab -- mutations");
    }

    [Fact]
    public void Every_assumption_that_is_not_proven_is_broken_by_a_mutation()
    {
        Assert.True(Mutation.All.Count >= 40);
        Assert.Equal([], Mutation.All.Select(m => m.Assumption).Except(Register.All.Select(a => a.Id)));
        var unproven = Register.All.Where(a => a.Verdict != Verdict.Proven).Select(a => a.Id);
        Assert.Equal([], unproven.Except(Mutation.All.Select(m => m.Assumption)));
    }

    [Fact]
    public void Every_mutation_is_run_by_a_test()
    {
        string[] run = [.. MutatedStation.Steps, MutatedDeployment.Station];
        var left = Mutation.All.Where(m => m.Refusal is not null && !run.Contains(m.At));
        Assert.Equal([], left.Select(m => $"{m.Id} at {m.At}"));
    }
}

/// <summary>A cluster right before a step, on which mutations are applied, encountered and undone one by one.</summary>
public abstract class MutatedStation(Stations stations, string station) : StationLab(stations, station)
{
    /// <summary>The steps that encounter mutations.</summary>
    internal static readonly string[] Steps =
    [
        "Install-PemEpas", "Enable-PemReplication", "Set-PemPassFile", "Initialize-PemReplica", "New-PemEfmCluster",
        "Install-PemServer", "Enable-PemUserSettings", "Set-PemWebApplication",
    ];

    /// <summary>The stations at which the labs of mutations begin.</summary>
    internal static readonly string[] Stations =
    [
        "Install-PemEpas", "Enable-PemReplication", "New-PemEfmCluster", "Install-PemServer", "Set-PemWebApplication",
    ];

    /// <summary>The resources that may be changed before a product can be inspected.</summary>
    static readonly string[] Harmless = ["package ", "dnf module ", "repositories ", "ports ", "firewall "];

    internal static TheoryData<string> Refused(Func<Mutation, bool> which) =>
        [.. Mutation.All.Where(m => m.Refusal is not null && which(m)).Select(m => m.Id)];

    /// <summary>
    /// Runs the step that encounters the mutation: it is refused by name, before any relevant change begins.
    /// </summary>
    internal async Task MeetAsync(string id)
    {
        var mutation = Mutation.Of(id);
        var lab = await LabAsync();
        var before = Journal().Count;
        try
        {
            await lab.MutateAsync([mutation], Cancellation);
            var report = await PowerShellAsync($$"""
                {{WholeOrder}}
                {{mutation.With}}
                Report {
                    $hosts | Connect-PemHost @login |
                        Install-PemCluster @order -StartAt {{mutation.At}} -StopAfter {{mutation.At}}
                }
                """);
            string[] begun =
            [
                .. Journal().Skip(before)
                    .Where(l => Text(l, "Kind") == "begin" && !IsHarmless(Text(l, "Resource")))
                    .Select(l => $"{Text(l, "Host")}: {Text(l, "Action")} {Text(l, "Resource")}"),
            ];
            Assert.True(begun.Length == 0, $"Begun: {string.Join(", ", begun)}\n{report}");
            // A witness has no database, and a refusal by the primary stops the step for all hosts.
            var eachRefuses = mutation is { Refusal: "ProductDiffers", At: not "Initialize-PemReplica" };
            var asked = lab.Hosts.Where(mutation.IsOn).Where(h => !h.IsWitness && eachRefuses);
            Assert.All(asked, host => Assert.True(
                report.Errors.Any(e => e.Host == host.Name), $"{host.Name} did not refuse.\n{report}"));
            Assert.True(report.Errors.Count > 0 && report.Errors.All(e => e.Id == mutation.Refusal), report.ToString());
            if (mutation.Refusal == "ProductDiffers")
                Assert.All(report.Errors, e => Assert.Contains(
                    $"({mutation.Assumption})", e.Message, StringComparison.Ordinal));
            Assert.All(report.Errors, e => Assert.NotEqual("", e.Remedy));
        }
        finally
        {
            await lab.UnmutateAsync(Cancellation);
        }
    }

    static bool IsHarmless(string resource) =>
        Harmless.Any(h => resource.StartsWith(h, StringComparison.Ordinal));

    static string Text(JsonNode line, string name) => (string?)line[name] ?? "";
}

/// <summary>Before the first step: hosts as installed.</summary>
public sealed class MutatedPackagesLab(Stations stations) : MutatedStation(stations, "Install-PemEpas");

/// <summary>The primary has a database.</summary>
public sealed class MutatedServerLab(Stations stations) : MutatedStation(stations, "Enable-PemReplication");

/// <summary>Replication and TLS are set up.</summary>
public sealed class MutatedEfmLab(Stations stations) : MutatedStation(stations, "New-PemEfmCluster");

/// <summary>EFM is set up; the step itself installs PEM's package.</summary>
public sealed class MutatedPemLab(Stations stations) : MutatedStation(stations, "Install-PemServer");

/// <summary>PEM is configured.</summary>
public sealed class MutatedWebLab(Stations stations) : MutatedStation(stations, "Set-PemWebApplication");

/// <summary>The contents of the server's package differ.</summary>
public sealed class MutatedPackagesTests(MutatedPackagesLab lab) : IClassFixture<MutatedPackagesLab>
{
    public static TheoryData<string> Mutations { get; } = MutatedStation.Refused(m => m.At == "Install-PemEpas");

    [Theory, MemberData(nameof(Mutations))]
    public Task A_package_that_differs_is_refused_before_a_database_is_made(string mutation) => lab.MeetAsync(mutation);
}

/// <summary>The running server differs.</summary>
public sealed class MutatedServerTests(MutatedServerLab lab) : IClassFixture<MutatedServerLab>
{
    public static TheoryData<string> Mutations { get; } = 
        MutatedStation.Refused(m => m.At is "Enable-PemReplication" or "Set-PemPassFile" or "Initialize-PemReplica");

    [Theory, MemberData(nameof(Mutations))]
    public Task A_server_that_differs_is_refused_before_replication(string mutation) => lab.MeetAsync(mutation);
}

/// <summary>EFM's package differs.</summary>
public sealed class MutatedEfmTests(MutatedEfmLab lab) : IClassFixture<MutatedEfmLab>
{
    public static TheoryData<string> Mutations { get; } = MutatedStation.Refused(m => m.At == "New-PemEfmCluster");

    [Theory, MemberData(nameof(Mutations))]
    public Task A_failover_manager_that_differs_is_refused_before_an_agent_starts(string mutation) =>
        lab.MeetAsync(mutation);
}

/// <summary>PEM's package differs.</summary>
public sealed class MutatedPemTests(MutatedPemLab lab) : IClassFixture<MutatedPemLab>
{
    public static TheoryData<string> Mutations { get; } =
        MutatedStation.Refused(m => m.At == "Install-PemServer" && m.Assumption != "pem.schema");

    [Theory, MemberData(nameof(Mutations))]
    public Task A_PEM_that_differs_is_refused_before_it_is_configured(string mutation) => lab.MeetAsync(mutation);
}

/// <summary>A configured PEM differs.</summary>
public sealed class MutatedWebTests(MutatedWebLab lab) : IClassFixture<MutatedWebLab>
{
    public static TheoryData<string> Mutations { get; } =
        MutatedStation.Refused(m =>
            m.At is "Set-PemWebApplication" or "Enable-PemUserSettings" || m.Assumption == "pem.schema");

    [Theory, MemberData(nameof(Mutations))]
    public Task A_configured_PEM_that_differs_is_refused_before_it_is_changed(string mutation) =>
        lab.MeetAsync(mutation);
}

/// <summary>Hosts with all the differences with which PemHa must work nevertheless.</summary>
public sealed class MutatedDeployment : ProcedureLab
{
    /// <summary>The step that such mutations name: they are encountered anywhere in the deployment.</summary>
    internal const string Station = "Install-PemCluster";
}

/// <summary>The differences with which PemHa works nevertheless.</summary>
public sealed class MutatedDeploymentTests(MutatedDeployment lab) : IClassFixture<MutatedDeployment>
{
    /// <summary>Over IPv6, where more can differ.</summary>
    const string Deploy = $$"""
        {{ProcedureLab.WholeOrder}}
        $order.UserSettings = New-PemCredential pem_user_settings -Path $state
        $six = New-PemCluster efm -VirtualIp fd16:161::245 -PingServer fd16:161::1 -MonitoredSubnet fd16:161::/64 `
            -AgentUser agents -JournalPath "$state/journal.jsonl"
        $nodes = @($hosts | ForEach-Object {
            New-PemHost "fd16:161::$("$($_.Address)".Split('.')[3])" $_.Role -Cluster $six -Name $_.Name
        })
        Report { $nodes | Connect-PemHost @login | Install-PemCluster @order }
        foreach ($s in $nodes | Get-PemClusterStatus) {
            "$($s.Name) $($s.Role) $($s.Database) $($s.Efm) $($s.Agent)"
            $s.Finding | ForEach-Object { "$_" }
        }
        """;

    static readonly string[] Healthy =
    [
        "node1 Primary UP Primary True",
        "node2 Standby UP Standby True",
        "node3 Standby UP Standby True",
        "witness1 Witness N/A Witness ",
    ];

    [Fact]
    public async Task Products_that_differ_in_what_does_not_matter_are_deployed_all_the_same()
    {
        Mutation[] mutations = [.. Mutation.All.Where(m => m.Refusal is null)];
        var hosts = (await lab.LabAsync()).Hosts;
        await (await lab.LabAsync()).MutateAsync(mutations, ProcedureLab.Cancellation);

        var first = await lab.PowerShellAsync(Deploy);
        Assert.True(first.Errors.Count == 0, first.ToString());
        Assert.Equal(Healthy, first.Lines.SkipWhile(l => !l.StartsWith("node1 Primary", StringComparison.Ordinal)));
        foreach (var host in hosts)
        {
            var made = await lab.RootAsync(host.Name, "ls /var/lib/pemha-lab/applied");
            Assert.Equal(mutations.Where(m => m.IsOn(host)).Select(m => m.Id), made.Split('\n'));
            foreach (var mutation in mutations.Where(m => m.IsOn(host)))
            {
                var shows = $"if {{ {mutation.Shows}; }} >/dev/null 2>&1; "
                    + $"then echo shown; else echo '{mutation.Id} is not'; fi";
                Assert.Equal("shown", await lab.RootAsync(host.Name, shows));
            }
        }

        // B4: the node that takes over the address has its kernel announce it.
        foreach (var host in hosts.Where(h => !h.IsWitness))
            Assert.Equal("1", await lab.RootAsync(host.Name, "cat /proc/sys/net/ipv6/conf/eth0/ndisc_notify"));

        var before = lab.Journal().Count;
        var again = await lab.PowerShellAsync(Deploy);
        Assert.True(again.Errors.Count == 0, again.ToString());
        var changes = lab.Journal().Skip(before).Where(l => (string?)l["Kind"] == "change");
        Assert.Equal([], changes.Select(l => $"{l["Host"]}: {l["Action"]} {l["Resource"]}"));
    }
}
