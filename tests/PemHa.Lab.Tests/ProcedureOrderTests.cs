using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>Two data nodes and a witness without anything on them.</summary>
[CollectionDefinition(Name)]
public sealed class UndeployedTests : ICollectionFixture<UndeployedCluster>
{
    public const string Name = "The procedure on bare hosts";
}

/// <summary>The lab of <see cref="UndeployedTests"/>.</summary>
public sealed class UndeployedCluster : ProcedureLab
{
    internal override LabOptions Options => base.Options with { DataNodes = 2, Witnesses = 1 };
}

/// <summary>Steps in the wrong order.</summary>
[Collection(UndeployedTests.Name)]
public sealed class ProcedureOrderTests(UndeployedCluster cluster)
{
    [Fact]
    [Spec("P10", "P25", "P33", "T1", "T9", "T10", "T11", "T16")]
    public async Task A_step_out_of_order_is_refused_with_what_to_run_first_and_changes_nothing()
    {
        var untouched = await cluster.SnapshotAsync();
        var early = await cluster.PowerShellAsync("""
            $nodes = $hosts | Connect-PemHost @login
            $secret = New-PemCredential repl -Path $state
            Report { $nodes | Enable-PemReplication -Credential $secret }
            Report { $nodes | Initialize-PemReplica -Confirm:$false }
            Report { $nodes | New-PemCertificate -AuthorityPath "$state/ca" -AuthorityPassword $secret.Password }
            Report { $nodes | Set-PemSsl }
            Report { $nodes | Set-PemHba }
            Report { $nodes | New-PemEfmCluster -Credential $secret }
            Report { $nodes | Install-PemServer -Credential $secret }
            Report { $nodes | Set-PemWebApplication }
            """);
        Refused(early, "Enable-PemReplication", "DatabaseDown", "Install-PemEpas");
        Refused(early, "Initialize-PemReplica", "DatabaseDown", "Install-PemEpas");
        Refused(early, "New-PemCertificate", "DatabaseMissing", "Install-PemEpas");
        Refused(early, "Set-PemSsl", "CertificateMissing", "New-PemCertificate");
        Refused(early, "Set-PemHba", "DatabaseDown", "Install-PemEpas");
        Refused(early, "New-PemEfmCluster", "DatabaseDown", "Install-PemEpas");
        Refused(early, "Install-PemServer", "VirtualIpMissing", "New-PemEfmCluster");
        Refused(early, "Set-PemWebApplication", "WebMissing", "Install-PemServer");
        ProcedureLab.AssertSame(untouched, await cluster.SnapshotAsync());

        // Sections A and B, by an operator who may do no more than the shorter of the forms in docs/security.md says.
        var key = Path.Combine(cluster.StateFolder, "operator", "key");
        await LeastPrivilege.MakeAsync(cluster, SudoForm.WithoutPassword, key, passphrase: "", password: "", from: LabSwitch.Controller);
        var built = await cluster.PowerShellAsync($$"""
            $secret = New-PemCredential repl -Path $state
            Report {
                $hosts | Connect-PemHost -UserName {{LeastPrivilege.User}} -KeyFile '{{key}}' -KnownHostsFile $login.KnownHostsFile | Install-PemEpas | Enable-PemReplication -Credential $secret |
                    Set-PemPassFile -Credential $secret | Initialize-PemReplica -Confirm:$false
            }
            """);
        Assert.True(built.Errors.Count == 0 && built.Lines.Count == 3, built.ToString());
        Assert.Equal(["setsid -w sh: 0"], await LeastPrivilege.TryAsync(cluster, "node2", null, "setsid -w sh"));
        Assert.All(await LeastPrivilege.TryAsync(cluster, "node2", null, ProcedurePrivilegeTests.Others),
            r => Assert.Matches("a password is required|is not allowed to execute", r));

        // The page's order: EFM before TLS.
        var replicated = await cluster.SnapshotAsync();
        var page = await cluster.PowerShellAsync("""
            $nodes = $hosts | Connect-PemHost @login
            $secret = New-PemCredential efm -Path $state
            Report { $nodes | New-PemEfmCluster -Credential $secret }
            Report { $nodes | Set-PemHba }
            Report { $nodes | Set-PemSsl }
            Report { $nodes | Install-PemServer -Credential $secret }
            """);
        Refused(page, "New-PemEfmCluster", "SslOff", "Set-PemSsl");
        Refused(page, "Set-PemHba", "SslOff", "Set-PemSsl");
        Refused(page, "Set-PemSsl", "CertificateMissing", "New-PemCertificate");
        Refused(page, "Install-PemServer", "VirtualIpMissing", "New-PemEfmCluster");
        ProcedureLab.AssertSame(replicated, await cluster.SnapshotAsync());

        var lab = await cluster.LabAsync();
        string[] stranger = ["ip", "addr", "add", "172.16.161.150/24", "dev", "br0"];
        (await lab.EnterAsync(stranger, cancellation: ProcedureLab.Cancellation)).Check("A stranger's address");
        // A cluster description that cannot work is refused before EFM learns of it.
        var unfit = await cluster.PowerShellAsync("""
            $secret = New-PemCredential repl -Path $state
            Report {
                $hosts | Connect-PemHost @login | New-PemCertificate -AuthorityPath "$state/ca" -AuthorityPassword $secret.Password |
                    Set-PemSsl
            }
            $bads = @{ PingServer = '172.16.161.99' }, @{ PingServer = '172.16.161.201' }, @{ VirtualIpInterface = 'ens33' },
                @{ VirtualIp = '172.16.161.150/24' }
            foreach ($bad in $bads) {
                $given = @{ VirtualIp = '172.16.161.245/24'; VirtualIpInterface = 'eth0'; PingServer = '172.16.161.1' }
                foreach ($name in $bad.Keys) { $given[$name] = $bad[$name] }
                $other = New-PemCluster efm @given
                $nodes = foreach ($h in $hosts) { New-PemHost $h.Address $h.Role -Cluster $other -Name $h.Name }
                $nodes = $nodes | Connect-PemHost @login
                Report { $nodes | New-PemEfmCluster -Credential $secret }
                $nodes | Disconnect-PemHost
            }
            """);
        Assert.Equal(
            ["InterfaceUnfit", "PingServerInCluster", "PingServerSilent", "VirtualIpTaken"],
            unfit.Errors.Select(e => e.Id).Distinct().Order(StringComparer.Ordinal));
        await cluster.RootAsync("witness1", "! test -e /etc/edb/efm-5.2/efm.properties");
    }

    static void Refused(ProcedureReport report, string step, string id, string remedy)
    {
        var errors = report.Errors.Where(e => e.Message.StartsWith(step + ":", StringComparison.Ordinal)).ToList();
        Assert.True(errors.Any(e => e.Id == id), $"{step} should have said {id}:\n{report}");
        Assert.All(errors.Where(e => e.Id == id), e => Assert.Contains(remedy, e.Remedy, StringComparison.Ordinal));
    }
}
