using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>A host is a real one: systemd, names, users, packages, the .NET runtime.</summary>
[Collection(SmallLabTests.Name)]
public sealed class LabHostTests(SmallLab fixture)
{
    [Fact]
    public async Task Every_host_runs_and_looks_like_a_minimal_RHEL_9()
    {
        var lab = await fixture.LabAsync();
        Assert.Equal(["node1", "node2", "witness1"], lab.Hosts.Select(h => h.Name));
        Assert.Equal(["172.16.161.200", "172.16.161.201", "172.16.161.202"], lab.Hosts.Select(h => h.Address));
        foreach (var host in lab.Hosts)
        {
            Assert.Equal("running", await lab.WaitRunningAsync(host.Name, TestContext.Current.CancellationToken));
            const string look = "hostname; . /etc/os-release; echo $ID $PLATFORM_ID; rpm -E %rhel; cat /etc/redhat-release; getenforce";
            var seen = await Ssh(host.Name, look);
            Assert.Equal(host.Name, seen[0]);
            Assert.Equal("rocky platform:el9", seen[1]);
            Assert.Equal("9", seen[2]);
            Assert.StartsWith("Rocky Linux release 9", seen[3], StringComparison.Ordinal);
            Assert.Equal("Disabled", seen[4]);
        }
        Assert.Contains("172.16.161.202", (await Ssh("node1", "getent hosts witness1"))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_what_a_minimal_install_runs_is_running()
    {
        await fixture.LabAsync();
        Assert.Equal(["inactive", "inactive"], await Ssh("node1", "systemctl is-active nginx postgresql || true"));
        Assert.Equal(["active", "active"], await Ssh("node1", "systemctl is-active sshd firewalld"));
        Assert.Equal(["public"], await Ssh("node1", "firewall-cmd --get-zone-of-interface=eth0"));
        Assert.Equal(["no java"], await Ssh("node2", "command -v java || echo no java"));
    }

    [Fact]
    public async Task Hosts_reach_each_other_and_the_controller_and_nothing_else()
    {
        var lab = await fixture.LabAsync();
        await Ssh("node1", "ping -c1 -W2 -q node2 && ping -c1 -W2 -q 172.16.161.1");
        await Ssh("node1", "! ping -c1 -W1 -q 192.0.2.1");
        var route = await lab.EnterAsync(["ip", "route"], cancellation: TestContext.Current.CancellationToken);
        Assert.Equal("172.16.161.0/24 dev br0 proto kernel scope link src 172.16.161.1", route.Stdout.Trim());
    }

    [Fact]
    public async Task Admin_logs_in_with_the_key_and_becomes_root_with_the_password()
    {
        await fixture.LabAsync();
        Assert.Equal(["admin", "root"], await Ssh("admin@node1", "id -un; sudo -k; sudo -S -p '' id -un", "Lab-pass1\n"));
        Assert.Equal(["refused"], await Ssh("admin@node1", "sudo -k; sudo -n true 2>/dev/null || echo refused"));
    }

    [Fact]
    public async Task Dnf_installs_from_the_repositories_with_their_dependencies()
    {
        await fixture.LabAsync();
        await Ssh("node1", "dnf -qy module disable postgresql");
        Assert.Contains(await Ssh("node1", "dnf -q module list postgresql"), l => l.Contains("[x]", StringComparison.Ordinal));
        await Ssh("node1", "dnf -qy install java-17-openjdk-headless epel-release edb-as17-server");
        await Ssh("node1", "rpm -q java-17-openjdk-headless tzdata-java epel-release edb-as17-server && test -x /usr/edb/as17/bin/initdb");
        Assert.Matches("version \"17.*stand-in", Assert.Single(await Ssh("node1", "java -version 2>&1")));
        await Ssh("node1", "! dnf -qy install hello-crb && dnf config-manager --set-enabled crb && dnf -qy install hello-crb");
        await Ssh("node1", "dnf -qy remove hello-crb && ! rpm -q hello-crb");
        await Ssh("node1", "! dnf -qy install no-such-package");
    }

    [Fact]
    public async Task The_machines_dotnet_runs_on_a_host_and_cannot_be_written()
    {
        await fixture.LabAsync();
        var runtimes = await Ssh("witness1", "/usr/share/dotnet/dotnet --list-runtimes");
        Assert.Contains(runtimes, l => l.StartsWith("Microsoft.NETCore.App 10.", StringComparison.Ordinal));
        Assert.Equal(["read-only"], await Ssh("witness1", "touch /usr/share/dotnet/x 2>/dev/null || echo read-only"));
    }

    async Task<string[]> Ssh(string host, string command, string? stdin = null)
    {
        var lab = await fixture.LabAsync();
        var result = await lab.SshAsync(host, command, stdin, TestContext.Current.CancellationToken);
        return result.Check($"`{command}` on {host}").Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
