using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;
using PemHa.Engine.Procedure;

namespace PemHa.Tests.Hosted;

/// <summary>
/// A step plans the same changes whether it is run alone, by Install-PemCluster or by Get-PemPlan.
/// </summary>
public sealed partial class PlanTests : IDisposable
{
    const string Head = """
        param($hosts, $folder)
        function Login($user) {
            $password = [securestring]::new(); foreach ($c in 's3cret-Word'.ToCharArray()) { $password.AppendChar($c) }
            [pscredential]::new($user, $password)
        }
        $authority = @{ AuthorityPath = "$folder/ca"; AuthorityPassword = (Login ca).Password }
        $all = $authority + @{
            Replication = Login repl; Efm = Login efm
            SuperUser = Login pemsuper; UserSettings = Login pem_user_settings
        }

        """;

    /// <summary>The parameters that each step's own command is given; all others have their defaults.</summary>
    static readonly Dictionary<string, string> Given = new(StringComparer.Ordinal)
    {
        ["Enable-PemReplication"] = "-Credential (Login repl)",
        ["Set-PemPassFile"] = "-Credential (Login repl)",
        ["New-PemCertificate"] = "@authority",
        ["New-PemEfmCluster"] = "-Credential (Login efm)",
        ["Install-PemServer"] = "-Credential (Login pemsuper)",
        ["Enable-PemUserSettings"] = "-Credential (Login pem_user_settings)",
    };

    readonly HostedEngine _engine = new() { Width = 4000 };
    readonly TemporaryFolder _folder = new();

    public static TheoryData<string, bool> Steps =>
        [.. Deployment.Names.SelectMany(n => new[] { (n, false), (n, true) })];

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_step_plans_the_same_however_it_is_asked_for(string step, bool ipv6)
    {
        var only = $"@all -StartAt {step} -StopAfter {step}";
        var alone = Preview($"$hosts | {step} {Given.GetValueOrDefault(step)} -WhatIf", ipv6);
        Assert.True(alone is { Changes.Length: > 0, Errors.Length: 0 }, $"{alone}\n{_engine.Shown}");
        Assert.Equal(alone, Preview($"$hosts | Install-PemCluster {only} -WhatIf", ipv6));
        Assert.Equal(alone, Preview($"$hosts | Get-PemPlan {only}", ipv6));
    }

    [Fact]
    [Spec("P19", "T13")]
    public void What_the_cluster_and_the_command_say_of_EFM_reaches_the_plan_by_every_way()
    {
        string[] ways =
        [
            "New-PemEfmCluster -Credential (Login efm) -Property @{ 'node.timeout' = 20 } "
                + "-AutoResumeStartupPeriod 10 -WhatIf",
            "Install-PemCluster @all -EfmProperty @{ 'node.timeout' = 20; 'auto.resume.startup.period' = 10 } "
                + "-StartAt New-PemEfmCluster -StopAfter New-PemEfmCluster -WhatIf",
        ];
        var plans = ways.Select(w => Preview($"$hosts | {w}", ipv6: false)).ToList();
        Assert.Contains("+auto.resume.startup.period=10\n", plans[0].Changes, StringComparison.Ordinal);
        Assert.Contains("+node.timeout=20\n", plans[0].Changes, StringComparison.Ordinal);
        Assert.Equal(plans[0], plans[1]);
    }

    [Theory]
    [InlineData("New-PemEfmCluster -Credential (Login efm)")]
    [InlineData("Install-PemCluster @all -StartAt New-PemEfmCluster -StopAfter New-PemEfmCluster")]
    public void Without_an_announcer_a_moved_IPv6_address_is_warned_of(string command)
    {
        var plan = Preview($"$hosts | {command} -VirtualIpAnnouncer None -WhatIf", ipv6: true);
        Assert.DoesNotContain("ndisc_notify", plan.Changes, StringComparison.Ordinal);
        Assert.Contains("about 40 s", plan.Warnings, StringComparison.Ordinal);
        var byIpv6 = Preview($"$hosts | {command} -WhatIf", ipv6: true);
        Assert.Contains("ndisc_notify", byIpv6.Changes, StringComparison.Ordinal);
    }

    /// <summary>A plan as users see it, sorted.</summary>
    sealed record Plan(string Changes, string Warnings, string Errors);

    Plan Preview(string command, bool ipv6)
    {
        var hosts = Hosts(ipv6);
        var before = _engine.Shown.Length;
        using var shell = _engine.Shell(Head + command, hosts, _folder.Path);
        var output = shell.Invoke();
        var planned = output.Select(o => o.BaseObject).OfType<PemChange>().Select(Text).ToList();
        if (planned.Count == 0) planned = [.. WhatIf().Matches(_engine.Shown[before..]).Select(m => m.Groups[1].Value)];
        return new(Joined(planned), Joined(shell.Streams.Warning.Select(w => w.Message)),
            Joined(shell.Streams.Error.Select(e => $"{e.FullyQualifiedErrorId.Split(',')[0]} {e}")));
    }

    static string Joined(IEnumerable<string> texts) =>
        string.Join('\n', texts.Select(Neutral).Order(StringComparer.Ordinal));

    /// <summary>Each verifier has a different salt.</summary>
    static string Neutral(string text) => Verifier().Replace(text, "SCRAM");

    static string Text(PemChange change)
    {
        var indented = change.Difference.Length == 0
            ? ""
            : "\n    " + change.Difference.Replace("\n", "\n    ", StringComparison.Ordinal);
        return string.Create(
            CultureInfo.InvariantCulture, $"{change.HostName}: {change.Action} {change.Resource}{indented}");
    }

    /// <summary>
    /// A cluster whose hosts answer every question so that each step has something to do and no reason to refuse.
    /// </summary>
    static PemHost[] Hosts(bool ipv6)
    {
        var net = ipv6 ? "fd16:161::" : "172.16.161.";
        var cluster = new PemCluster("efm", net + "245")
        {
            PingServer = net + "1",
            SslModel = PemSslModel.LocalCA,
            AgentUser = "common_agent_user",
            EfmProperty = new Dictionary<string, string> { ["local.period"] = "5" },
        };
        PemRole[] roles = [PemRole.Primary, PemRole.Standby, PemRole.Standby, PemRole.Witness];
        foreach (var (role, i) in roles.Select((r, i) => (r, i)))
        {
            var address = string.Create(CultureInfo.InvariantCulture, $"{net}{200 + i}");
            var host = new PemHost(cluster, address, role, $"node{i + 1}");
            _ = new FakeHost(host) { Says = fragment => Facts(role, fragment) };
        }
        return [.. cluster.Hosts];
    }

    static string? Facts(PemRole role, string fragment) => $"""
        up	=1
        recovery	={(role == PemRole.Primary ? "false" : "true")}
        sysid	=77
        nic	=eth0 24
        interface	=eth0
        cluster	=efm
        answers	=1
        ssl	=on
        pending	=ssl
        streaming	=2
        receiver	=streaming 172.16.161.200
        sample.text	{Convert.ToBase64String("local.period=10\nnode.timeout=50\nauto.resume.startup.period=0\n"u8)}
        encrypted	=00112233445566778899aabbccddeeff
        """ + "\n";

    [GeneratedRegex(
        @"^What if: (.*?)\n(?=What if: |WARNING: |[^ ]*Pem\w+:|\z)", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex WhatIf();

    [GeneratedRegex(@"SCRAM-SHA-256\$\S+")]
    private static partial Regex Verifier();
}
