using System.Management.Automation;
using PemHa.Tests.Hosted;

namespace PemHa.Tests.Support;

/// <summary>
/// Each bundle in tests/bundles yields the output that is stored beside it. A real bundle that is added there becomes a
/// regression test.
/// </summary>
public class BundleFixtureTests
{
    static readonly string Folder = Path.Combine(ModuleAssemblies.Root, "tests", "bundles");

    public static TheoryData<string> Bundles =>
        [.. Directory.GetFiles(Folder, "*.zip").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    /// <summary>A check that is newer than the bundle is not counted against it.</summary>
    const string Tell = """
        param($file)
        $hosts = Import-PemSupportBundle $file
        $hosts | Get-PemClusterStatus | ForEach-Object {
            "$($_.Name) $($_.Address) $($_.Role) $($_.Database) EFM=$($_.Efm) " +
                "VIP=$($_.VirtualIp) replication=$($_.Replication) agent=$($_.Agent)"
            $_.Finding | ForEach-Object { "    $($_.Severity): $($_.Message) -> $($_.Remedy)" }
        }
        $hosts | Test-PemPrerequisite |
            Where-Object { $_.State -ne 'Passed' -and $_.Why -notlike '*the bundle has no answer to it*' } |
            ForEach-Object { "$($_.HostName) $($_.Check): $($_.State): $($_.Why) -> $($_.Remedy)" }
        """;

    [Theory]
    [MemberData(nameof(Bundles))]
    [Spec("P21", "T1")]
    public void A_bundle_says_what_is_written_beside_it(string bundle)
    {
        using var engine = new HostedEngine();
        var told = string.Concat(engine.Run(Tell, Path.Combine(Folder, bundle)).Select(l => $"{l}\n"));
        var expected = Path.Combine(Folder, Path.ChangeExtension(bundle, ".expected.txt"));
        if (Environment.GetEnvironmentVariable("PEMHA_EXPECT") == "1") File.WriteAllText(expected, told);
        Assert.Equal(File.ReadAllText(expected).ReplaceLineEndings("\n"), told);
    }

    [Theory]
    [InlineData("Connect-PemHost")]
    [InlineData("Install-PemEpas")]
    [InlineData("Install-PemEpas -WhatIf")]
    [InlineData("Test-PemVirtualIp")]
    [InlineData("Enable-PemReplication -Credential $any")]
    [InlineData("Invoke-PemRollingRestart -Confirm:$false")]
    [InlineData("Save-PemSupportBundle -Path $folder/again.zip")]
    [InlineData(
        "Get-PemPlan -Replication $any -Efm $any -SuperUser $any -UserSettings $any -AuthorityPath $folder/ca "
            + "-AuthorityPassword $any.Password")]
    [Spec("P21")]
    public void Whatever_needs_a_host_itself_says_that_it_is_offline_and_touches_nothing(string command)
    {
        using var engine = new HostedEngine();
        using var folder = new TemporaryFolder();
        var (output, errors) = engine.Try($$"""
            param($file, $folder)
            $any = New-PemCredential any
            $hosts = Import-PemSupportBundle $file
            "connected $($hosts[0].Connected)"
            try { $null = $hosts | {{command}} } catch { $_ }
            """, Path.Combine(Folder, "lab-two-nodes.zip"), folder.Path);
        Assert.Equal("connected False", output[0].ToString());
        var all = errors.Concat(output.Skip(1).Select(o => o.BaseObject).OfType<ErrorRecord>()).ToList();
        Assert.NotEmpty(all);
        Assert.All(all, e => Assert.StartsWith("HostOffline,", e.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.False(File.Exists(folder["again.zip"]));
    }

    [Fact]
    public void What_is_no_bundle_ends_the_import_and_a_file_that_is_there_is_kept()
    {
        using var engine = new HostedEngine();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x.zip"], "mine");
        const string import = "param($file) Import-PemSupportBundle $file";
        Fails("BundleUnusable,", import, folder["x.zip"]);
        Fails("FileUnreadable,", import, folder["none.zip"]);
        var c1 = new Example();
        foreach (var host in c1.Cluster.Hosts) host.Session = null;
        const string save = "param($hosts, $file) $hosts | Save-PemSupportBundle -Path $file";
        Fails("FileExists,", save, c1.Cluster.Hosts, folder["x.zip"]);
        Fails("NotConnected,", save + " -Force", c1.Cluster.Hosts, folder["x.zip"]);
        Assert.Equal("mine", File.ReadAllText(folder["x.zip"]));

        void Fails(string id, string script, params object?[] arguments) =>
            Assert.StartsWith(id, engine.Fails(script, arguments).FullyQualifiedErrorId, StringComparison.Ordinal);
    }
}
