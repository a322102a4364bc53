using PemHa.Engine;
using PemHa.Engine.Linux;
using PemHa.Engine.State;

namespace PemHa.Tests.Linux;

/// <summary>
/// The packages that are installed in addition to the named ones: commands that EFM calls, and Java (B7, B14, V8,
/// G60).
/// </summary>
public class PackagesTests
{
    [Theory]
    [InlineData(
        "5.2",
        "java-21-openjdk-headless java-17-openjdk-headless java-11-openjdk-headless",
        "java-17-openjdk-headless")]
    [InlineData("5.2", "java-21-openjdk-headless", "java-21-openjdk-headless")]
    [InlineData(
        "5.4",
        "java-21-openjdk-headless java-17-openjdk-headless java-11-openjdk-headless",
        "java-21-openjdk-headless")]
    [InlineData("5.4", "java-17-openjdk-headless java-11-openjdk-headless", "java-17-openjdk-headless")]
    [InlineData("5.4", "java-11-openjdk-headless", "java-11-openjdk-headless")]
    // When none is offered, dnf reports the preferred one as missing.
    [InlineData("5.4", "", "java-21-openjdk-headless")]
    [Spec("T1")]
    public void The_Java_is_one_that_the_repositories_offer_and_EFM_knows(string efm, string offered, string installed)
    {
        var cluster = new PemCluster("efm", "10.0.0.9") { EfmVersion = Version.Parse(efm) };
        var packages = new Packages(["edb-efm"]) { Java = new JavaRuntime(cluster) };
        var facts = Facts.Of(("java", "0"), ("java.missing", "1"), ("java.offered", offered));
        Assert.Equal($"dnf -qy install {installed}", packages.Compare(facts, false)?.Apply);
        Assert.Null(packages.Compare(Facts.Of(("java", "17")), false));
    }

    [Theory]
    [InlineData("openjdk version \"1.8.0_402\"", "1.8.0_402", true)]
    [InlineData("openjdk version \"10.0.2\" 2018-07-17", "10.0.2", true)]
    [InlineData("openjdk version \"11\" 2018-09-25", "11", false)]
    [InlineData("openjdk version \"17.0.16\" 2025-07-15 LTS", "17.0.16", false)]
    [InlineData("openjdk version \"25-ea\" 2025-09-16", "25-ea", false)]
    [InlineData("some other words", "", false)]
    [InlineData(null, "0", true)]
    [Spec("T1")]
    public void A_Java_is_known_by_what_it_says_of_itself(string? said, string version, bool missing)
    {
        using var tools = new TemporaryFolder();
        var path = Environment.GetEnvironmentVariable("PATH")!.Split(':');
        foreach (var tool in new[] { "sed", "head", "timeout", "cat", "sort", "tr" })
            File.CreateSymbolicLink(tools[tool], path.Select(f => Path.Combine(f, tool)).First(File.Exists));
        Script("dnf", "echo java-21-openjdk-headless; echo java-17-openjdk-headless");
        if (said is not null) Script("java", $"echo '{said}' >&2");
        var java = new JavaRuntime(new PemCluster("efm", "10.0.0.9"));
        var result = Shell.Sh($"chmod +x {tools["dnf"]} {(said is null ? "" : tools["java"])}\n"
            + $"PATH={tools.Path}; set -u\n"
            + $"fact() {{ printf '%s\\t=%s\\n' \"$1\" \"$2\"; }}\n{java.ProbeWithOffers}\n");
        var facts = Facts.Parse(result.Output);
        Assert.Equal(version, facts["java"]);
        Assert.Equal(missing, JavaRuntime.IsMissing(facts));
        Assert.Equal(missing ? "java-17-openjdk-headless" : null, java.Missing(facts));

        void Script(string name, string text)
        {
            File.WriteAllText(tools[name], $"#!/bin/sh\n{text}\n");
        }
    }

    [Fact]
    [Spec("T1")]
    public void Commands_that_EFM_calls_are_installed_where_they_are_missing()
    {
        var packages = new Packages(["edb-efm"]) { Commands = [("sudo", "sudo"), ("ps", "procps-ng")] };
        Assert.Equal("dnf -qy install sudo", packages.Compare(Facts.Of(("missing.sudo", "1")), false)?.Apply);
        var both = Facts.Of(("missing.edb-efm", "1"), ("missing.procps-ng", "1"));
        Assert.Equal("dnf -qy install edb-efm procps-ng", packages.Compare(both, false)?.Apply);
        Assert.Null(packages.Compare(new Facts(), false));
    }
}
