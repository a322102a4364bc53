using System.Collections;
using System.Management.Automation;
using System.Reflection;
using System.Security;
using PemHa.Engine;

namespace PemHa.Tests.Hosted;

/// <summary>Errors as a script meets them.</summary>
public sealed class ErrorCommandTests : IDisposable
{
    const string Step = "$hosts | Set-PemPassFile -Credential (New-PemCredential repl)";

    readonly HostedEngine _engine = new();
    readonly TemporaryFolder _folder = new();
    readonly Example _c1 = new();
    readonly List<FakeHost> _hosts;

    public ErrorCommandTests()
    {
        _hosts = [.. _c1.Cluster.Hosts.Select(h => JobTests.Healthy(h))];
        foreach (var host in _hosts) host.Says = _ => null;
        _hosts[1].Instead = (1, "", "no shell");
    }

    [Fact]
    public void ErrorAction_and_ErrorVariable_do_what_they_do_everywhere()
    {
        var (output, errors) = _engine.Try($"param($hosts) {Step}", _c1.Cluster.Hosts);
        Assert.Equal((3, 1), (output.Count, errors.Count));
        (output, errors) = _engine.Try($"param($hosts) {Step} -ErrorAction SilentlyContinue -ErrorVariable failed; $failed", _c1.Cluster.Hosts);
        Assert.Empty(errors);
        var kept = Assert.IsType<ErrorRecord>(output[^1].BaseObject);
        Assert.Equal(("ScriptFailed,PemHa.Commands.SetPemPassFileCommand", ErrorCategory.InvalidResult, _c1.Standby),
            (kept.FullyQualifiedErrorId, kept.CategoryInfo.Category, kept.TargetObject));
        Assert.StartsWith("Set-PemPassFile: node2 answered nothing", kept.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(kept.ErrorDetails.RecommendedAction);
        output = _engine.Run($"param($hosts) $global:Error.Clear(); {Step} -ErrorAction Ignore; $global:Error.Count", _c1.Cluster.Hosts);
        Assert.Equal(0, output[^1].BaseObject);
    }

    [Theory]
    [InlineData("$ErrorActionPreference = 'Stop'; ", "")]
    [InlineData("", " -ErrorAction Stop")]
    public void Stop_makes_an_error_of_one_host_end_the_script_and_try_catches_it_with_all_it_has(string before, string after)
    {
        var output = _engine.Run($"param($hosts) {before}try {{ {Step}{after}; 'went on' }} catch {{ $_; $_.CategoryInfo.Reason }} finally {{ 'cleaned up' }}", _c1.Cluster.Hosts);
        var error = Assert.IsType<ErrorRecord>(output[^3].BaseObject);
        Assert.StartsWith("ScriptFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(_c1.Standby, error.TargetObject);
        Assert.Equal("cleaned up", output[^1].BaseObject);
        Assert.DoesNotContain(output, o => o.BaseObject is "went on");
        // Nobody was cut off half-way for it.
        Assert.Equal([1, 0, 1, 0], _c1.Cluster.Hosts.Select(h => h.Changes.Count));
    }

    [Theory]
    [InlineData("Set-PemPassFile -Credential (New-PemCredential repl)")]
    [InlineData("Get-PemClusterStatus")]
    [InlineData("Test-PemPrerequisite")]
    [InlineData("Test-PemVirtualIp")]
    [InlineData("Invoke-PemRollingRestart -Confirm:$false")]
    public void What_nobody_foresaw_is_an_error_of_ours_that_says_so(string command)
    {
        foreach (var host in _hosts) host.Does = (_, _) => throw new FormatException("the library's own words");
        var errors = new List<ErrorRecord>();
        var output = _engine.Try($"param($hosts) try {{ $hosts | {command} }} catch {{ $_ }}", _c1.Cluster.Hosts);
        errors.AddRange(output.Errors);
        errors.AddRange(output.Output.Select(o => o.BaseObject).OfType<ErrorRecord>());
        Assert.NotEmpty(errors);
        Assert.All(errors, e =>
        {
            Assert.StartsWith("Unexpected,", e.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains("PemHa did not foresee this: FormatException: the library's own words", e.ErrorDetails.Message, StringComparison.Ordinal);
            Assert.StartsWith(command.Split(' ')[0] + ": ", e.ErrorDetails.Message, StringComparison.Ordinal);
            Assert.True(e.TargetObject is PemHost or PemCluster, $"{e.TargetObject}");
            // Whoever reports it can tell where it came from.
            Assert.IsType<FormatException>(e.Exception.InnerException);
            Assert.NotEmpty(e.ErrorDetails.RecommendedAction);
        });
    }

    [Theory]
    [InlineData("$hosts[1] | Invoke-PemRollingRestart -Confirm:$false", "PrimaryMissing")]
    [InlineData("New-PemCluster -VirtualIp 10.0.0.9 -PingServer 10.0.0.1 -SecretName @{ Efm = 'a b' }", "SecretNameUnfit")]
    [InlineData("New-PemCluster -VirtualIp 10.0.0.9 -PingServer 10.0.0.1 -DataDirectory /etc", "DataDirectoryUnfit")]
    [InlineData("New-PemCluster -VirtualIp 10.0.0.9 -PingServer 10.0.0.1 -ServiceName edb-as-17.service", "ServiceNameUnfit")]
    [InlineData("Import-PemTopology -Path $folder/none.psd1", "FileUnreadable")]
    [InlineData("$hosts | Export-PemTopology -Path $folder/none/there/x.psd1", "FileUnwritable")]
    [InlineData("$hosts | Export-PemRunbook -Path $folder/x -Replication $any -Efm $any -SuperUser $any -AuthorityPath $folder -AuthorityPassword $any.Password -StartAt Set-PemPassFile -StopAfter Set-PemPassFile -ErrorAction SilentlyContinue",
        "PlanIncomplete")]
    public void Wrong_input_has_a_name_a_target_and_a_remedy(string command, string id)
    {
        if (id != "PlanIncomplete") _hosts[1].Instead = null;
        _hosts[0].Says = _ => "up\t=1\nrecovery\t=false\nsysid\t=77\nstreaming\t=2\n";
        var error = _engine.Fails("param($hosts, $folder) $any = New-PemCredential any; " + command, _c1.Cluster.Hosts, _folder.Path);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorTable.Of(id).Category.ToString(), error.CategoryInfo.Category.ToString());
        Assert.NotNull(error.TargetObject);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
    }

    public static TheoryData<string> Names => [.. Cmdlets.Types.Select(Cmdlets.Name)];

    static readonly object?[] Odd =
    [
        null, "", " ", "a\nb", "a\0b", "\e[2J", "\u202e", new string('x', 5000), -1, 0, long.MaxValue, double.NaN, "$(x)", "/no/such/file", "nodrive:/x", "[", "*", "'", "--", "-x",
        Array.Empty<object>(), new object?[] { null }, new Hashtable(), new Hashtable { [1] = new Hashtable() }, new Version(0, 0), DateTime.MinValue,
    ];

    /// <summary>Whatever a parameter is given, the person gets an error of PowerShell's about it, one of ours, or none.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void No_raw_exception_comes_of_wrong_input(string name)
    {
        var type = Cmdlets.Types.Single(t => Cmdlets.Name(t) == name);
        foreach (var parameter in Cmdlets.Parameters(type))
        {
            var own = parameter.GetCustomAttributes<ParameterAttribute>().Select(a => a.ParameterSetName).ToHashSet();
            foreach (var odd in Odd)
            {
                using var shell = _engine.Shell("");
                shell.Commands.Clear();
                shell.AddCommand(name);
                foreach (var other in Cmdlets.Parameters(type).Where(p => p.Name != parameter.Name && p.GetCustomAttributes<ParameterAttribute>().Any(a => a.Mandatory
                    && (a.ParameterSetName == ParameterAttribute.AllParameterSets || own.Contains(a.ParameterSetName)))))
                    shell.AddParameter(other.Name, Fit(other));
                shell.AddParameter(parameter.Name, odd);
                if (Cmdlets.Attribute(type).SupportsShouldProcess) shell.AddParameter("WhatIf", true);
                var errors = new List<(ErrorRecord Record, Exception Exception)>();
                try
                {
                    var running = shell.BeginInvoke();
                    // It is wrong input: nobody may be kept waiting for it.
                    Assert.True(running.AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(60)), $"{name} -{parameter.Name} {odd ?? "$null"} ({odd?.GetType().Name}) does not end.");
                    shell.EndInvoke(running);
                }
                catch (RuntimeException e)
                {
                    errors.Add((e.ErrorRecord, e));
                }
                foreach (var (error, exception) in errors.Concat(shell.Streams.Error.Select(e => (e, e.Exception))))
                {
                    var id = error.FullyQualifiedErrorId.Split(',')[0];
                    Assert.True(ErrorTable.All.Any(k => k.Id == id && id != "Unexpected") || exception is ParameterBindingException or SessionStateException
                        || error.Exception is SessionStateException,
                        $"{name} -{parameter.Name} {odd ?? "$null"} ({odd?.GetType().Name}): {error.FullyQualifiedErrorId}: {exception.GetType()} {error.Exception}");
                }
            }
        }
    }

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    /// <summary>Hosts that one may try to reach: nobody listens there, and no packet leaves this machine.</summary>
    static PemHost[] Nearby()
    {
        var cluster = new PemCluster("efm", "127.0.0.9") { PingServer = "127.0.0.8" };
        return [new PemHost(cluster, "127.0.0.1", PemRole.Primary, "node1") { SshPort = 1 }, new PemHost(cluster, "127.0.0.2", PemRole.Standby, "node2") { SshPort = 1 }];
    }

    /// <summary>A value that a mandatory parameter takes.</summary>
    object Fit(PropertyInfo parameter) => parameter switch
    {
        { PropertyType: var t } when t == typeof(PemHost[]) => Nearby(),
        { PropertyType: var t } when t == typeof(PemCluster) => new PemCluster("efm", "172.16.161.245"),
        { PropertyType: var t } when t == typeof(PSCredential) => new PSCredential("someone", Secure("pw")),
        { PropertyType: var t } when t == typeof(SecureString) => Secure("pw"),
        { PropertyType: var t } when t == typeof(PemRole) => PemRole.Standby,
        { Name: "VirtualIp" } => "172.16.161.245",
        { Name: "PingServer" or "Address" } => "172.16.161.1",
        { Name: "UserName" } => "repl",
        { Name: "InputObject" } => new[] { "Cluster Status: efm" },
        { Name: "Path" or "AuthorityPath" or "CertificatePath", PropertyType: var t } => t == typeof(string[]) ? new[] { _folder["none"] } : _folder["none"],
        _ => throw new NotSupportedException($"The test has no value for the mandatory -{parameter.Name}."),
    };

    static SecureString Secure(string text)
    {
        var secure = new SecureString();
        foreach (var c in text) secure.AppendChar(c);
        return secure;
    }
}
