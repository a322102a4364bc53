using System.Globalization;
using System.Text;
using PemHa.Engine.Efm;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Efm;

/// <summary>EFM's agent before the database when a host boots, and how many agents there are.</summary>
public class BootOrderTests
{
    readonly Example _c1 = new();

    [Fact]
    [Spec("T13")]
    public void The_database_of_a_data_node_starts_after_its_agent_and_needs_it_for_nothing_else()
    {
        var change = Order(_c1.Primary).Compare(Facts.Of(("reload", "no")), false)!;
        Assert.StartsWith("mkdir -p /etc/systemd/system/edb-as-17.service.d\nput_file " +
            "/etc/systemd/system/edb-as-17.service.d/pemha-boot-order.conf root:root 644 - ", change.Apply, StringComparison.Ordinal);
        Assert.EndsWith("\nsystemctl daemon-reload\n", change.Apply, StringComparison.Ordinal);
        Assert.Equal(["[Unit]", "After=edb-efm-5.2.service", "", "[Service]"], Content(change).Split('\n')[1..5]);
        Assert.DoesNotMatch("(?m)^(Requires|Requisite|BindsTo|Wants|PartOf)=", Content(change));
        // Nothing that systemd itself would take for a specifier or a variable.
        Assert.DoesNotContain(Content(change), c => c is '%' or '$' or '\\');
        Assert.Empty(Example.Resources(Step(), _c1.Witness).OfType<BootOrder>());
    }

    [Fact]
    [Spec("T13")]
    public void It_converges_survives_a_cut_before_the_reload_and_goes_on_request()
    {
        var text = Content(Order(_c1.Standby).Compare(Facts.Of(), false)!);
        (string, string)[] there = [("file.text", text), ("file.mode", "644 root:root")];
        Assert.Null(Order(_c1.Standby).Compare(Facts.Of([.. there, ("reload", "no")]), false));
        Assert.Equal(("reload", "systemctl daemon-reload"),
            Order(_c1.Standby).Compare(Facts.Of([.. there, ("reload", "yes")]), false) is { } change ? (change.Action, change.Apply) : default);
        var none = Order(_c1.Standby, wanted: false);
        Assert.Null(none.Compare(Facts.Of(("reload", "yes")), false));
        var removed = none.Compare(Facts.Of([.. there, ("reload", "no")]), false)!;
        Assert.Equal("remove", removed.Action);
        Assert.Contains("-After=edb-efm-5.2.service\n", removed.Difference, StringComparison.Ordinal);
        Assert.Contains("rm -f /etc/systemd/system/edb-as-17.service.d/pemha-boot-order.conf ", removed.Apply, StringComparison.Ordinal);
        Assert.EndsWith("systemctl daemon-reload\n", removed.Apply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("failed", "starting", false, false)]
    [InlineData("failed", "initializing", false, false)]
    [InlineData("failed", "starting", true, true)]
    [InlineData("failed", "running", false, true)]
    [InlineData("failed", "degraded", false, true)]
    [InlineData("active", "starting", false, true)]
    [InlineData("inactive", "starting", false, true)]
    [Spec("T13")]
    public void A_would_be_primary_whose_agent_failed_does_not_start_by_itself(string efm, string system, bool standby, bool starts)
    {
        using var folder = new TemporaryFolder();
        // It answers is-failed and is-system-running as the real one does.
        var systemctl = $$"""
            systemctl() {
                case $* in
                '-q is-failed edb-efm-5.2.service') [ {{efm}} = failed ] ;;
                is-system-running) echo {{system}}; [ {{system}} = running ] ;;
                *) echo "unexpected: $*" >&2; exit 99 ;;
                esac
            }
            """;
        if (standby) File.WriteAllText(folder["standby.signal"], "");
        var line = Content(Order(_c1.Primary).Compare(Facts.Of(), false)!).Split('\n').Single(l => l.StartsWith("ExecStartPre=", StringComparison.Ordinal));
        const string Shape = "ExecStartPre=+/bin/sh -c '";
        Assert.True(line.StartsWith(Shape, StringComparison.Ordinal) && line.IndexOf('\'', Shape.Length) == line.Length - 1, line);
        var script = line[Shape.Length..^1].Replace("/var/lib/edb/as17/data", folder.Path, StringComparison.Ordinal);
        var result = Shell.Sh($"{systemctl}\n{script}");
        Assert.Equal(starts ? 0 : 1, result.ExitCode);
        Assert.Equal(!starts, result.Error.Contains("waits for systemctl start edb-as-17", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, 0, "describe a witness as well")]
    [InlineData(2, 1, null)]
    [InlineData(3, 0, null)]
    [InlineData(3, 1, "3 data nodes need no witness")]
    [InlineData(5, 0, null)]
    [InlineData(5, 1, "5 data nodes need no witness")]
    [InlineData(2, 2, "describe one witness fewer")]
    [Spec("T20", "P38")]
    public void An_even_number_of_agents_is_said_and_obeyed(int data, int witnesses, string? advice)
    {
        var cluster = new PemCluster("efm", "10.0.0.9");
        for (var i = 1; i <= data + witnesses; i++)
            _ = new PemHost(cluster, string.Create(CultureInfo.InvariantCulture, $"10.0.0.{100 + i}"),
                i > data ? PemRole.Witness : i == 1 ? PemRole.Primary : PemRole.Standby)
            { Session = _c1.Primary.Session };
        var count = Example.The<AgentCount>(
            SectionC.Cluster(cluster, cluster.Hosts, cluster.Hosts[0], "efm", "pw", new EfmOptions()),
            cluster.Hosts[0]);
        Assert.Null(count.Compare(Facts.Of(), false));
        if (advice is null) Assert.Null(count.Remark(Facts.Of()));
        else
        {
            Assert.Matches(
                $"^{data + witnesses} EFM agents are an even number: .*{advice}\\. "
                    + "EFM 5\\.2 may even promote .*\\.$",
                count.Remark(Facts.Of())!);
        }
    }

    Step Step(bool order = true) =>
        SectionC.Cluster(
            _c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "efm", "pw", new EfmOptions { BootOrder = order });

    BootOrder Order(PemHost host, bool wanted = true) => Example.The<BootOrder>(Step(wanted), host);

    static string Content(Change change) =>
        Encoding.Latin1.GetString(Convert.FromBase64String(change.Apply.Split("<<'PEMHA'\n")[1].Split('\n')[0]));
}
