using System.Net.Sockets;
using System.Reflection;
using PemHa.Engine;
using PemHa.Engine.Checks;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Tests;

/// <summary>Errors that no other test meets, where the engine notices them.</summary>
public sealed class ErrorTests : IDisposable
{
    readonly Example _c1 = new();
    readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("AnswerUnfit", "file.mode=??|file.text=x")]
    [InlineData("DataDirectoryDiffers", "directory=/srv/other|database=1")]
    [InlineData("DataDirectoryNotEmpty", "strange=1")]
    [InlineData("EfmClusterDiffers", "cluster=other|used=1")]
    [InlineData("FirewallZoneMissing", "live=Error: INVALID_ZONE: public")]
    [InlineData("NotPrimary", "up=1|recovery=true")]
    [InlineData("PortDiffers", "up=1|setting.port=5555")]
    [InlineData("UserSettingsRefused", "said=FATAL:  no pg_hba.conf entry")]
    [InlineData("WebSilent", "code=000|said=timeout")]
    public void A_thing_that_a_host_tells_is_refused_by_its_name(string id, string told)
    {
        var facts = Facts.Of([.. told.Split('|').Select(f => f.Split('=')).Select(f => (f[0], f[1]))]);
        var errors = _c1.Steps("s3cret").SelectMany(step => Example.Resources(step, _c1.Primary)).Select(r => Record.Exception(() => r.Compare(facts, false)))
            .OfType<PemException>().Where(e => e.Id == id).ToList();
        Assert.NotEmpty(errors);
        Assert.All(errors, e => Assert.Equal((ErrorTable.Of(id).Category, true), (e.Category, e.Remedy.Length > 0)));
    }

    [Theory]
    [InlineData("HostLocked")]
    [InlineData("ScriptFailed")]
    [InlineData("ProbeFailed")]
    [InlineData("NotConverged")]
    [InlineData("Unexpected")]
    public async Task Trouble_on_one_host_is_that_hosts_and_the_others_go_on(string id)
    {
        var hosts = _c1.Cluster.Hosts.Select(h => new FakeHost(h)).ToList();
        switch (id)
        {
            case "HostLocked":
                hosts[1].Instead = (RemoteScript.Locked, "", "");
                break;
            case "ScriptFailed":
                hosts[1].Instead = (127, "", "sh: not found");
                break;
            case "ProbeFailed":
                hosts[1].Status = 3;
                break;
            case "NotConverged":
                hosts[1].Says = _ => "";
                break;
            default:
                hosts[1].Does = (_, _) => throw new FormatException("of the library's");
                break;
        }
        var reporter = new TestReporter();
        var done = await new StepRunner(reporter, 4) { Patience = TimeSpan.Zero }.RunAsync(_c1.Steps("s3cret").Single(s => s.Name == "Set-PemPassFile"), TestContext.Current.CancellationToken);
        Assert.Equal([_c1.Primary, _c1.Third], done);
        var error = Assert.Single(reporter.Errors);
        Assert.Equal((id, ErrorTable.Of(id).Category, _c1.Standby, "Set-PemPassFile"), (error.Id, error.Category, error.Host, error.Step));
    }

    [Fact]
    public async Task A_host_that_another_run_has_changed_since_the_look_is_looked_at_again()
    {
        var host = new FakeHost(_c1.Primary) { Instead = (RemoteScript.Outdated, "", "") };
        var script = new RemoteScript("", HostLock.Exclusive);
        script.Add("true", stopsOnFailure: true);
        var error = await Assert.ThrowsAsync<PemException>(() => host.RunAsync(script, TestContext.Current.CancellationToken));
        Assert.Equal(("LookOutdated", ErrorTable.Of("LookOutdated").Category, _c1.Primary), (error.Id, error.Category, error.Host));
    }

    [Fact]
    public async Task A_host_that_does_not_answer_in_time_is_silent()
    {
        foreach (var host in _c1.Cluster.Hosts) new FakeHost(host).Does = (_, ct) => host == _c1.Third ? Task.Delay(Timeout.Infinite, ct) : Task.CompletedTask;
        var rehearsal = new VirtualIpRehearsal(_c1.Cluster, new TestReporter()) { Patience = TimeSpan.FromSeconds(2) };
        var error = await Assert.ThrowsAsync<PemException>(() => rehearsal.RequireAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("HostSilent", Trouble.OperationTimeout, _c1.Third), (error.Id, error.Category, error.Host));
    }

    [Theory]
    [InlineData("VirtualIpHeld", "held=1")]
    [InlineData("VirtualIpNotReleased", "trouble=ip: not permitted|address=172.16.161.245/24|interface=eth0")]
    public async Task The_virtual_IP_is_not_rehearsed_where_somebody_has_it_or_keeps_it(string id, string told)
    {
        foreach (var host in _c1.Cluster.Hosts)
            new FakeHost(host).Says = fragment => host == _c1.Primary ? told.Replace("=", "\t=", StringComparison.Ordinal).Replace("|", "\n", StringComparison.Ordinal) : "";
        var rehearsal = new VirtualIpRehearsal(_c1.Cluster, new TestReporter());
        var error = await Assert.ThrowsAsync<PemException>(async () =>
        {
            await rehearsal.RequireAsync(TestContext.Current.CancellationToken);
            await rehearsal.RunAsync(_c1.Primary, TestContext.Current.CancellationToken);
        });
        Assert.Equal((id, ErrorTable.Of(id).Category), (error.Id, error.Category));
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public void A_key_that_is_revoked_or_not_the_known_one_ends_the_connection()
    {
        var key = SshWire("ssh-ed25519", "of the host");
        var other = SshWire("ssh-ed25519", "of somebody else");
        File.WriteAllText(_folder["known"], $"172.16.161.200 ssh-ed25519 {Convert.ToBase64String(key)}\n@revoked * ssh-ed25519 {Convert.ToBase64String(other)}\n");
        string? Verdict(PemHost host, byte[] sent) => SshConnection.Judge(Hop(host), KnownHosts.Read([_folder["known"]]), "ssh-ed25519", sent)?.Id;
        Assert.Null(Verdict(_c1.Primary, key));
        Assert.Equal("HostKeyUnknown", Verdict(_c1.Standby, key));
        Assert.Equal("HostKeyRevoked", Verdict(_c1.Primary, other));
        Assert.Equal("HostKeyChanged", Verdict(_c1.Primary, SshWire("ssh-ed25519", "of a third")));
    }

    [Fact]
    public async Task What_the_library_says_of_algorithms_and_of_an_agent_that_waits_is_told_in_our_words()
    {
        var library = typeof(SshConnection).GetProperty("Client")!.PropertyType.Assembly;
        var reason = Enum.Parse(library.GetType("Renci.SshNet.Messages.Transport.DisconnectReason")!, "KeyExchangeFailed");
        var failed = (Exception)Activator.CreateInstance(library.GetType("Renci.SshNet.Common.SshConnectionException")!, "No matching client encryption algorithm", reason)!;
        Assert.Equal(("AlgorithmsTooOld", Trouble.SecurityError), (SshConnection.NothingInCommon(Hop(_c1.Primary), [], failed) is { } old) ? (old.Id, old.Category) : default);

        // Its one key's signature is asked for and never given.
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(_folder["agent"]));
        listener.Listen();
        using var keys = new SshKeys();
        var hop = Hop(_c1.Primary) with { Password = "pw", Agent = null };
        var login = await SshLogin.PrepareAsync(hop, keys, TestContext.Current.CancellationToken);
        var silent = Activator.CreateInstance(typeof(SshLogin).GetNestedType("AgentAlgorithm", BindingFlags.NonPublic)!,
            login, new SshAgent(_folder["agent"]), new SshAgentKey(SshWire("ssh-ed25519", "x"), "mine"))!;
        var signing = Task.Run(() => silent.GetType().GetMethod("Sign")!.Invoke(silent, [new byte[] { 1 }]), TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => login.Signing, TimeSpan.FromSeconds(60)));
        var error = SshConnection.Translate(hop, login, null, true, new TimeoutException());
        Assert.Equal(("AgentSilent", Trouble.OperationTimeout), (error.Id, error.Category));
        login.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(
            () => signing.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    public void Dispose() => _folder.Dispose();

    SshHop Hop(PemHost host) => SshRoute.To(host, new SshOptions { UserName = "root", Home = _folder.Path, KnownHostsFile = [_folder["known"]] }).Node;

    static byte[] SshWire(params string[] fields) =>
        [.. fields.SelectMany(f => new byte[] { 0, 0, 0, (byte)f.Length }.Concat(System.Text.Encoding.ASCII.GetBytes(f)))];
}
