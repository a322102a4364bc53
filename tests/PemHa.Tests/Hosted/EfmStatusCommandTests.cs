using System.Management.Automation;

namespace PemHa.Tests.Hosted;

/// <summary>ConvertFrom-PemEfmStatus as a person calls it.</summary>
[Spec("F1", "F2")]
public sealed class EfmStatusCommandTests(HostedEngine engine) : IClassFixture<HostedEngine>, IDisposable
{
    const string Text = """
        Every 2.0s: efm cluster-status pem               node1: Tue Feb 25 10:54:35 2025

        Cluster Status: pem

            Agent Type  Address      DB       VIP
            ------------------------------------
            Primary     10.1.0.11    UP       10.1.0.20*
            Standby     10.1.0.12    UP       10.1.0.20

        Allowed node host list:
            10.1.0.11 10.1.0.12

        Standby priority host list:
            10.1.0.12
        """;

    const string Json = """{"nodes":{"10.1.0.11":{"type":"Primary","db":"UP","vip":"","vip_active":false}}}""";

    readonly TemporaryFolder _folder = new();

    [Fact]
    public void One_text_its_lines_and_a_file_give_the_same_status()
    {
        var file = _folder["status.txt"];
        File.WriteAllText(file, Text.Replace("\n", "\r\n", StringComparison.Ordinal));
        Check(engine.Run("param($text) $text | ConvertFrom-PemEfmStatus", Text));
        Check(engine.Run("param($text) ConvertFrom-PemEfmStatus $text", Text));
        Check(engine.Run("param($text) $text -split \"`n\" | ConvertFrom-PemEfmStatus", Text));
        Check(engine.Run("param($file) ConvertFrom-PemEfmStatus -Path $file", file));
        Check(engine.Run("param($file) ConvertFrom-PemEfmStatus -Path $file", _folder["*.txt"]));

        static void Check(IReadOnlyList<PSObject> nodes)
        {
            Assert.Equal(["pem 10.1.0.11 Primary True 0", "pem 10.1.0.12 Standby False 0"],
                nodes.Select(n => (PemNodeStatus)n.BaseObject).Select(n =>
                    $"{n.Cluster} {n.Name} {n.Role} {n.VirtualIp} {n.Finding.Count}"));
        }
    }

    [Fact]
    public void The_name_that_JSON_does_not_tell_can_be_given()
    {
        Assert.Equal("", ((PemNodeStatus)Assert.Single(engine.Run("param($text) $text | ConvertFrom-PemEfmStatus",
            Json)).BaseObject).Cluster);
        Assert.Equal("pem", ((PemNodeStatus)Assert.Single(engine.Run("param($text) $text | ConvertFrom-PemEfmStatus -ClusterName pem",
            Json)).BaseObject).Cluster);
        Assert.Equal("other", ((PemNodeStatus)Assert.Single(
            engine.Run("param($text) ('$ efm cluster-status-json other', $text) | ConvertFrom-PemEfmStatus -ClusterName pem",
                Json)).BaseObject).Cluster);
    }

    [Fact]
    public void What_is_none_ends_the_command_with_its_line_file_and_remedy()
    {
        var error = engine.Fails("'one', 'two' | ConvertFrom-PemEfmStatus");
        Assert.Equal("EfmStatusUnreadable,PemHa.Commands.ConvertFromPemEfmStatusCommand", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
        Assert.Contains("efm cluster-status-json", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        var file = _folder["broken.json"];
        File.WriteAllText(file, "{\n \"nodes\": {\n  \"10.1.0.11\" {}\n");
        error = engine.Fails("param($file) ConvertFrom-PemEfmStatus -Path $file", file);
        Assert.Contains("broken.json: Line 3 of EFM's status cannot be read: it says '\"10.1.0.11\" {}'", error.ErrorDetails.Message,
            StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
