using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>
/// A data node that identifies itself as Oracle Linux and has no sudo, unlike the lab's other hosts.
/// </summary>
public sealed class OtherDistributionLab : ProcedureLab
{
    internal override LabOptions Options => base.Options with { DataNodes = 1, Witnesses = 1 };
}

/// <summary>
/// The procedure uses the names of a host's own repositories and installs the commands that EFM's package lacks.
/// </summary>
public sealed class ProcedureDistributionTests(OtherDistributionLab cluster) : IClassFixture<OtherDistributionLab>
{
    [Fact]
    [Spec("P2", "P3", "T1")]
    public async Task Oracles_repositories_are_enabled_by_their_names_and_sudo_is_installed()
    {
        // /etc/os-release is the package's file, and the files that no RHEL package owns stay as they are.
        await cluster.RootAsync(
            "node1",
            "dnf -qy swap rocky-release oraclelinux-release >/dev/null; rpm -e sudo; ! command -v sudo; "
                + ". /etc/os-release; [ $ID = ol ]");
        var report = await cluster.PowerShellAsync("""
            $nodes = $hosts | Connect-PemHost @login
            Report {
                $nodes | Test-PemPrerequisite |
                    Where-Object { $_.HostName -eq 'node1' -and $_.Check -in 'tools', 'CRB and EPEL', 'Java' } |
                    ForEach-Object { "$($_.Check)|$($_.State)|$($_.Why)" }
            }
            Report { $nodes | Install-PemEpas }
            'again'
            Report { $nodes | Install-PemEpas -WhatIf }
            """);
        Assert.Empty(report.Errors);
        Assert.Equal(
            [
                "tools|Passed|There is no sudo; Install-PemEpas installs sudo.",
                "CRB and EPEL|Passed|Install-PemEpas enables them.",
                "Java|Passed|There is no Java; Install-PemEpas installs java-17-openjdk-headless.",
            ], report.Lines.TakeWhile(l => l.Contains('|', StringComparison.Ordinal)));
        var text = report.ToString();
        Assert.DoesNotContain(
            "What if:", text[text.IndexOf("again", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Equal("ol9_appstream\nol9_codeready_builder\nol9_developer_EPEL",
            await cluster.RootAsync("node1", "dnf -q repolist --enabled | awk '/^ol9_/ { print $1 }' | sort"));
        await cluster.RootAsync(
            "node1",
            "rpm -q oracle-epel-release-el9 sudo edb-efm52 java-17-openjdk-headless; [ -u /usr/bin/sudo ]; "
                + "! rpm -q epel-release");
        // The other hosts of the cluster keep their own names.
        Assert.Equal(
            "crb\nepel",
            await cluster.RootAsync(
                "witness1", "dnf -q repolist --enabled | grep -ow -e '^crb' -e '^epel' | sort"));
    }
}
