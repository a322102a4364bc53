using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>What can be done to a host: power, cable, freezing, a reboot from inside.</summary>
[Collection(SmallLabTests.Name)]
public sealed class LabFaultTests(SmallLab fixture)
{
    const string Vip = "172.16.161.245";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_power_cut_silences_every_address_at_once_and_the_disk_stays()
    {
        var lab = await fixture.LabAsync();
        await Ssh("node2", $"ip addr add {Vip}/24 dev eth0; echo kept > /root/mark; sync");
        var boot = await Ssh("node2", "cat /proc/sys/kernel/random/boot_id");
        Assert.True(await AnswersPing(Vip));
        Assert.True(await AnswersArp(Vip));

        await lab.PowerCutAsync("node2", Cancellation);
        Assert.False(await AnswersArp(Vip));
        Assert.False(await AnswersArp(lab["node2"].Address));
        Assert.False(await AnswersPing(Vip));
        Assert.False(lab["node2"].IsOn);

        await lab.PowerOnAsync("node2", Cancellation);
        Assert.Equal("running", await lab.WaitRunningAsync("node2", Cancellation));
        Assert.Equal("kept", await Ssh("node2", "cat /root/mark"));
        Assert.NotEqual(boot, await Ssh("node2", "cat /proc/sys/kernel/random/boot_id"));
        Assert.False(await AnswersArp(Vip));
    }

    [Fact]
    public async Task Power_off_shuts_down_cleanly()
    {
        var lab = await fixture.LabAsync();
        const string unit = "[Service]\nExecStart=/bin/sleep inf\nExecStop=/bin/touch /root/stopped\n";
        await Ssh("node2", "cat > /etc/systemd/system/mark.service; systemctl daemon-reload; systemctl start mark", unit);
        await lab.PowerOffAsync("node2", Cancellation);
        Assert.False(lab["node2"].IsOn);
        Assert.True(File.Exists(Path.Combine(lab["node2"].Disk, "root/stopped")));
        await lab.PowerOnAsync("node2", Cancellation);
        Assert.Equal("running", await lab.WaitRunningAsync("node2", Cancellation));
        await Assert.ThrowsAsync<LabException>(() => lab.PowerOnAsync("node2", Cancellation));
    }

    [Fact]
    public async Task A_reboot_from_inside_comes_back_without_the_addresses_of_before()
    {
        var lab = await fixture.LabAsync();
        await Ssh("node2", $"ip addr add {Vip}/24 dev eth0");
        var boot = await Ssh("node2", "cat /proc/sys/kernel/random/boot_id");
        await lab.SshAsync("node2", "systemctl reboot", cancellation: Cancellation);
        var deadline = DateTime.UtcNow.AddSeconds(30);
        CommandResult now;
        do
        {
            now = await lab.SshAsync("node2", "cat /proc/sys/kernel/random/boot_id", cancellation: Cancellation);
        }
        while ((now.ExitCode != 0 || now.Stdout.Trim() == boot) && DateTime.UtcNow < deadline);
        Assert.Equal(0, now.ExitCode);
        Assert.NotEqual(boot, now.Stdout.Trim());
        Assert.False(await AnswersArp(Vip));
        Assert.Equal("running", await lab.WaitRunningAsync("node2", Cancellation));
    }

    [Fact]
    public async Task A_host_without_its_cable_is_alive_and_alone()
    {
        var lab = await fixture.LabAsync();
        await lab.LinkAsync("node2", up: false, Cancellation);
        Assert.False(await AnswersPing(lab["node2"].Address));
        Assert.True(lab["node2"].IsOn);
        await lab.LinkAsync("node2", up: true, Cancellation);
        Assert.Equal("eth0 UP", await Ssh("node2", "ip -br link show eth0 | awk '{sub(\"@.*\", \"\", $1); print $1, $2}'"));
    }

    [Fact]
    public async Task A_frozen_host_answers_ping_but_does_nothing_until_it_is_thawed()
    {
        var lab = await fixture.LabAsync();
        await lab.FreezeAsync("node2", Cancellation);
        Assert.True(lab["node2"].IsFrozen);
        Assert.True(await AnswersPing(lab["node2"].Address));
        var hung = await lab.EnterAsync(["timeout", "1", .. lab.SshCommand("node2", "--", "true")], cancellation: Cancellation);
        Assert.Equal(124, hung.ExitCode);
        await lab.ThawAsync("node2", Cancellation);
        Assert.False(lab["node2"].IsFrozen);
        Assert.Equal("thawed", await Ssh("node2", "echo thawed"));
    }

    [Fact]
    public async Task A_host_that_does_not_exist_is_named_in_the_error()
    {
        var lab = await fixture.LabAsync();
        var error = await Assert.ThrowsAsync<LabException>(() => lab.PowerCutAsync("node9", Cancellation));
        Assert.Contains("node9", error.Message, StringComparison.Ordinal);
        Assert.Contains("node1, node2, witness1", error.Message, StringComparison.Ordinal);
    }

    async Task<string> Ssh(string host, string command, string? stdin = null) =>
        (await (await fixture.LabAsync()).SshAsync(host, command, stdin, Cancellation)).Check($"`{command}` on {host}").Stdout.Trim();

    // Asked from a host: a bare machine has no ping for the controller's place.
    async Task<bool> AnswersPing(string address) =>
        await Ssh("node1", $"ping -c1 -W1 -q {address} >/dev/null && echo yes || echo no") == "yes";

    async Task<bool> AnswersArp(string address) =>
        await Ssh("node1", $"arping -qf -c1 -w1 -I eth0 {address} && echo yes || echo no") == "yes";
}
