using System.Collections;
using System.Management.Automation;
using System.Reflection;
using System.Security;
using System.Text.RegularExpressions;
using CsCheck;
using PemHa.Engine.Efm;
using PemHa.Engine.Pem;
using PemHa.Engine.Postgres;

namespace PemHa.Tests.Hosted;

/// <summary>
/// Whatever is given to whichever parameter: it is refused with an error that has a name, or it means nothing to a shell, a statement or a file,
/// or it is a role's name or a property, and those are quoted (RealReaderTests and PropertiesTextTests prove it with the real readers).
/// </summary>
public sealed partial class HostileParameterTests(HostedEngine engine) : IClassFixture<HostedEngine>, IDisposable
{
    /// <summary>Where a text goes.</summary>
    enum Goes
    {
        /// <summary>To hosts as it is: nothing in it may need quotes anywhere.</summary>
        Plain,

        /// <summary>To hosts as a role of the database and its password.</summary>
        Role,

        /// <summary>To efm.properties.</summary>
        Property,

        /// <summary>To an SSH server, or to the command line of a runbook's ssh.</summary>
        Login,

        /// <summary>To no host: a file or a folder on this machine.</summary>
        Local,

        /// <summary>To no host: a report to be read, what it is called, and names that are only looked up in a list.</summary>
        Report,
    }

    /// <summary>Every parameter that takes a text, with a value that will do.</summary>
    static readonly Dictionary<string, (Goes Goes, string Good)> Texts = new(StringComparer.Ordinal)
    {
        ["NewPemCluster.Name"] = (Goes.Plain, "efm"),
        ["NewPemCluster.VirtualIp"] = (Goes.Plain, "10.0.0.9"),
        ["NewPemCluster.VirtualIpInterface"] = (Goes.Plain, "eth0"),
        ["NewPemCluster.PingServer"] = (Goes.Plain, "10.0.0.1"),
        ["NewPemCluster.MonitoredSubnet"] = (Goes.Plain, "10.0.0.0/24"),
        ["NewPemCluster.UserEmail"] = (Goes.Plain, "dba@example.com"),
        ["NewPemCluster.EfmVersion"] = (Goes.Plain, "5.2"),
        ["NewPemCluster.Database"] = (Goes.Plain, "edb"),
        ["NewPemCluster.DataDirectory"] = (Goes.Plain, "/pgdata/17"),
        ["NewPemCluster.ServiceName"] = (Goes.Plain, "edb-as-17"),
        ["NewPemCluster.AgentUser"] = (Goes.Plain, "common_agent_user"),
        ["NewPemCluster.FirewallZone"] = (Goes.Plain, "public"),
        ["NewPemCluster.JournalPath"] = (Goes.Local, "journal"),
        ["NewPemCluster.EfmProperty"] = (Goes.Property, "node.timeout"),
        ["NewPemCluster.SecretName"] = (Goes.Plain, "pem-repl"),
        ["NewPemHost.Address"] = (Goes.Plain, "10.0.0.2"),
        ["NewPemHost.Name"] = (Goes.Plain, "node2"),
        ["NewPemHost.HostName"] = (Goes.Plain, "node2.example.com"),
        ["NewPemCredential.UserName"] = (Goes.Plain, "repl"),
        ["NewPemCredential.Path"] = (Goes.Local, "secrets"),
        ["ConnectPemHost.Credential"] = (Goes.Login, "root"),
        ["ConnectPemHost.UserName"] = (Goes.Login, "root"),
        ["ConnectPemHost.JumpHost"] = (Goes.Login, "a@127.0.0.1:1"),
        ["ConnectPemHost.JumpCredential"] = (Goes.Login, "root"),
        ["ConnectPemHost.AcceptHostKey"] = (Goes.Plain, "SHA256:" + new string('a', 43)),
        ["ConnectPemHost.KeyFile"] = (Goes.Local, "key"),
        ["ConnectPemHost.SshConfigFile"] = (Goes.Local, "none"),
        ["ConnectPemHost.KnownHostsFile"] = (Goes.Local, "known_hosts"),
        ["ConvertFromPemEfmStatus.InputObject"] = (Goes.Report, "x"),
        ["ConvertFromPemEfmStatus.Path"] = (Goes.Local, "report"),
        ["ConvertFromPemEfmStatus.ClusterName"] = (Goes.Report, "efm"),
        ["EnablePemReplication.Credential"] = (Goes.Role, "repl"),
        ["EnablePemUserSettings.Credential"] = (Goes.Role, "pem_user_settings"),
        ["SetPemPassFile.Credential"] = (Goes.Role, "repl"),
        ["InitializePemReplica.UserName"] = (Goes.Role, "repl"),
        ["SetPemHba.SuperUser"] = (Goes.Role, "pemsuper"),
        ["InstallPemServer.EfmInstallPath"] = (Goes.Plain, "/usr/edb/efm-5.2/bin"),
        ["InstallPemServer.Credential"] = (Goes.Role, "pemsuper"),
        ["NewPemEfmCluster.Credential"] = (Goes.Role, "efm"),
        ["NewPemEfmCluster.Property"] = (Goes.Property, "node.timeout"),
        ["NewPemEfmCluster.BootGuard"] = (Goes.Plain, "Order"),
        ["NewPemEfmCluster.VirtualIpAnnouncer"] = (Goes.Plain, "Kernel"),
        ["CertificateStep.AuthorityPath"] = (Goes.Local, "authority"),
        ["CertificateStep.CertificatePath"] = (Goes.Local, "certificates"),
        ["Deployment.AuthorityPath"] = (Goes.Local, "authority"),
        ["Deployment.CertificatePath"] = (Goes.Local, "certificates"),
        ["Deployment.Replication"] = (Goes.Role, "repl"),
        ["Deployment.Efm"] = (Goes.Role, "efm"),
        ["Deployment.SuperUser"] = (Goes.Role, "pemsuper"),
        ["Deployment.UserSettings"] = (Goes.Role, "pem_user_settings"),
        ["Deployment.EfmInstallPath"] = (Goes.Plain, "/usr/edb/efm-5.2/"),
        ["Deployment.EfmProperty"] = (Goes.Property, "node.timeout"),
        ["Deployment.VirtualIpAnnouncer"] = (Goes.Plain, "Kernel"),
        ["Deployment.StartAt"] = (Goes.Report, "Set-PemSsl"),
        ["Deployment.StopAfter"] = (Goes.Report, "Set-PemSsl"),
        ["ExportPemRunbook.Path"] = (Goes.Local, "runbook"),
        ["ExportPemTopology.Path"] = (Goes.Local, "topology.psd1"),
        ["ImportPemSupportBundle.Path"] = (Goes.Local, "absent.zip"),
        ["ImportPemTopology.Path"] = (Goes.Local, "absent.psd1"),
        ["SavePemSupportBundle.Path"] = (Goes.Local, "bundle.zip"),
    };

    /// <summary>What would break out of sh, SQL, pg_hba.conf, properties, .pgpass, Python, sudoers, LDIF, options, units, paths or a terminal.</summary>
    static readonly string[] Hostile =
    [
        "x\n", "x\r\n", "\nx", "x\nhost all all all trust", "x\n# END PemHa efm\nhost all all all trust", "x\u0085y", "x\u2028y", "x; touch M", "$(touch M)", "`touch M`", "x|touch M",
        "x&touch M", "x>M", "${IFS}x", "x' OR '1'='1", "x';DROP ROLE a;--", "x\" \"y", "x\\", "\\", "x\\'y", "-oProxyCommand=touch M", "--help", "-x", "../../etc/passwd", "/../x", "/etc", "/",
        "x\0y", "\0", "x\u001b[2J", "x y", " x", "x\t", "%i", "%n%%", "x=y", "=x", "x:y", ":", "#x", "!x", "@x", "+x", "/x", "/.*", "*", "?", "[a]", "{a,b}", "~root", "|1|x", "x,y", "'", "\"",
        "''", "\"\"\"", "'''\nimport os", "\\u000a", "\\n", "ALL=(ALL) NOPASSWD: ALL", "dn: cn=x", "cn=x,dc=y", "CN=a/CN=b", "all", "pg_x", "public", "replication", "x.service", "é", "日本", "\ud800",
        "x\u202ey", "", " ", new('a', 70), new('a', 5000), "EOF", "PEMHA", "TEXT", "10.0.0.2/32", "0", "NaN",
    ];

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Nothing in it means anything to whoever reads it, wherever it stands.</summary>
    [GeneratedRegex(@"^[\p{L}\p{N}_:/][\p{L}\p{N}_.:/@%+=, -]*\z|^\z")]
    private static partial Regex Harmless();

    /// <summary>Whoever reads an option by it has been told.</summary>
    [GeneratedRegex("(^|/)\\.\\.?(/|$)")]
    private static partial Regex Elsewhere();

    [Fact]
    public void Every_parameter_that_takes_a_text_is_known_here()
    {
        var found = Commands().SelectMany(c => TextParameters(c).Select(Key)).Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.Equal(Texts.Keys.Order(StringComparer.Ordinal), found);
        // Its $ would let a line break pass.
        Assert.Empty(Commands().SelectMany(Cmdlets.Parameters).Where(p => p.GetCustomAttribute<ValidatePatternAttribute>() is not null).Select(Key));
    }

    [Fact]
    public void What_will_do_is_not_refused()
    {
        foreach (var (command, parameter) in All())
            if (Texts[Key(parameter)].Goes is Goes.Plain or Goes.Property or Goes.Role)
                Assert.DoesNotContain(Errors(command, parameter, Texts[Key(parameter)].Good), e => Id(e).StartsWith("ParameterArgument", StringComparison.Ordinal) || Id(e).EndsWith("Unfit", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_hostile_comes_through()
    {
        foreach (var (command, parameter) in All())
            foreach (var text in Hostile.Append(Texts[Key(parameter)].Good + "\n").Append(Texts[Key(parameter)].Good + "\0")) Judge(command, parameter, text);
    }

    [Fact]
    public void Nothing_at_all_comes_through_that_is_not_quoted() =>
        Gen.Select(Gen.OneOfConst([.. All()]), PemHa.Tests.Texts.Hostile).Holds((which, text) => Judge(which.Command, which.Parameter, text), cases: 600, threads: 1);

    [Fact]
    public void A_topology_file_says_the_same_of_each_of_its_keys()
    {
        var file = _folder["topology.psd1"];
        foreach (var (command, parameter) in All().Where(p => p.Command.Name is "NewPemClusterCommand" or "NewPemHostCommand"))
        {
            if (Texts[Key(parameter)].Goes != Goes.Plain || parameter.PropertyType == typeof(Hashtable)) continue;
            foreach (var text in Hostile.Append(Texts[Key(parameter)].Good + "\n"))
            {
                // A file is of whole characters.
                if (text.Contains('\ud800', StringComparison.Ordinal)) continue;
                var mine = $"; {parameter.Name} = '{text.Replace("'", "''", StringComparison.Ordinal)}'";
                var (cluster, host) = command.Name == "NewPemClusterCommand" ? (mine, "") : ("", mine);
                string Unless(string key, string value) => parameter.Name == key ? "" : $"; {key} = '{value}'";
                File.WriteAllText(file, $"@{{ PostgresVersion = 17{cluster}{Unless("VirtualIp", "10.0.0.9")}{Unless("PingServer", "10.0.0.1")}\nHosts = @( @{{ Role = 'Primary'{host}{Unless("Address", "10.0.0.2")} }} ) }}");
                var said = engine.Run("param($file) try { @(Import-PemTopology $file -ErrorAction Stop) } catch { $_ }", file).Select(o => o.BaseObject).ToList();
                if (said.OfType<ErrorRecord>().SingleOrDefault() is { } error)
                {
                    Assert.True(Id(error) == "TopologyUnfit", $"{Key(parameter)} {Check.Print(text)}: {error.FullyQualifiedErrorId}: {error.Exception}");
                    Assert.DoesNotMatch(Unprintable(), error.ErrorDetails.Message);
                }
                else
                {
                    Assert.True(IsHarmless(parameter, text), $"{Key(parameter)} in a topology file takes {Check.Print(text)}");
                }
            }
        }
    }

    void Judge(Type command, PropertyInfo parameter, string text)
    {
        var what = $"{Cmdlets.Name(command)} -{parameter.Name} {Check.Print(text)}";
        // The engine itself makes no such object.
        if (parameter.PropertyType == typeof(PSCredential) && text.Length == 0) return;
        var errors = Errors(command, parameter, text);
        foreach (var error in errors)
        {
            Assert.True(Name().IsMatch(Id(error)), $"{what}: {error.FullyQualifiedErrorId}: {error.Exception.Message}");
            Assert.True(!Unprintable().IsMatch(error.ErrorDetails?.Message ?? "") && !Unprintable().IsMatch(error.ErrorDetails?.RecommendedAction ?? ""), $"{what}: {error.ErrorDetails?.Message}");
            if (error.Exception.GetType().Assembly != typeof(PSObject).Assembly)
                Assert.False(string.IsNullOrEmpty(error.ErrorDetails?.RecommendedAction), $"{what}: {Id(error)} has no remedy");
        }
        var ids = errors.Select(Id).ToList();
        switch (Texts[Key(parameter)].Goes)
        {
            case Goes.Plain:
                Assert.True(ids.Any(Refusal) || IsHarmless(parameter, text), $"{what} was taken: {string.Join(", ", ids)}");
                break;
            case Goes.Role:
                var vendor = parameter.Name is "SuperUser" && parameter.PropertyType == typeof(PSCredential) || command.Name == "InstallPemServerCommand";
                Assert.True(ids.Any(Refusal) || (Role.Refusal(text) is null && (!vendor || PemServer.UserRefusal(text) is null)), $"{what} was taken: {string.Join(", ", ids)}");
                break;
            case Goes.Property:
                Assert.True(ids.Any(Refusal) || PropertiesText.Refusal("a", text) is null, $"{what} was taken: {string.Join(", ", ids)}");
                break;
            case Goes.Login when parameter.PropertyType != typeof(string[]):
                Assert.True(ids.Any(Refusal) || (text[0] != '-' && !text.Any(c => char.IsControl(c) || "'`\"$;&<>|(){}, \t".Contains(c, StringComparison.Ordinal))), $"{what} was taken: {string.Join(", ", ids)}");
                break;
        }
    }

    static bool Refusal(string id) => id.StartsWith("ParameterArgument", StringComparison.Ordinal) || id.StartsWith("CannotConvert", StringComparison.Ordinal) || id.EndsWith("Unfit", StringComparison.Ordinal);

    /// <summary>Of a version only its numbers are left; a mail address may have an apostrophe, and goes to efm.properties alone, which has no quotes.</summary>
    static bool IsHarmless(PropertyInfo parameter, string text) => parameter.PropertyType == typeof(Version)
        || (Harmless().IsMatch(parameter.Name == "UserEmail" ? text.Replace("'", "", StringComparison.Ordinal) : text) && !Elsewhere().IsMatch(text));

    [GeneratedRegex(@"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]")]
    private static partial Regex Unprintable();

    [GeneratedRegex("^[A-Z][A-Za-z0-9]+$")]
    private static partial Regex Name();

    static string Id(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];

    static IReadOnlyList<Type> Commands() => Cmdlets.Types;

    static string Key(PropertyInfo parameter) => $"{parameter.DeclaringType!.Name.Replace("Command", "", StringComparison.Ordinal)}.{parameter.Name}";

    static IEnumerable<PropertyInfo> TextParameters(Type command) => Cmdlets.Parameters(command).Where(p => !p.PropertyType.IsEnum
        && p.PropertyType != typeof(int) && p.PropertyType != typeof(int?) && p.PropertyType != typeof(SwitchParameter)
        // Only what the engine itself made, and what no file bears unmasked.
        && p.PropertyType != typeof(PemHost[]) && p.PropertyType != typeof(PemCluster) && p.PropertyType != typeof(SecureString));

    static IEnumerable<(Type Command, PropertyInfo Parameter)> All() => Commands().SelectMany(c => TextParameters(c).Select(p => (c, p)));

    /// <summary>What a command says to a text, all else being well; nothing is changed and nobody is reached.</summary>
    IReadOnlyList<ErrorRecord> Errors(Type command, PropertyInfo parameter, string text)
    {
        var good = new SecureString();
        foreach (var c in "Good-pass1") good.AppendChar(c);
        var set = parameter.GetCustomAttributes<ParameterAttribute>().First().ParameterSetName;
        var values = new Hashtable();
        foreach (var other in Cmdlets.Parameters(command))
        {
            var mandatory = other.GetCustomAttributes<ParameterAttribute>().Any(a => a.Mandatory && (a.ParameterSetName == set || a.ParameterSetName == ParameterAttribute.AllParameterSets
                || (set == ParameterAttribute.AllParameterSets && a.ParameterSetName == "Text")));
            if (other.Name == parameter.Name || !mandatory) continue;
            values[other.Name] = other.PropertyType == typeof(PemHost[]) ? "hosts" : other.PropertyType == typeof(PemCluster) ? "cluster" : other.PropertyType == typeof(SecureString) ? good
                : other.PropertyType == typeof(PemRole) ? PemRole.Standby : Value(other, Texts[Key(other)].Good, good);
        }
        values[parameter.Name] = Value(parameter, text, good);
        if (Cmdlets.Attribute(command).SupportsShouldProcess) values["WhatIf"] = true;
        if (command.Name == "ConnectPemHostCommand")
        {
            values["TimeoutSec"] = 1;
            if (parameter.Name != "SshConfigFile") values["SshConfigFile"] = "none";
            if (parameter.Name == "JumpCredential") values["JumpHost"] = "127.0.0.1:1";
        }
        return [.. engine.Run("""
            param($name, $values, $folder)
            $null = $ExecutionContext.SessionState.Path.SetLocation($folder)
            $cluster = New-PemCluster -VirtualIp 10.0.0.9 -PingServer 10.0.0.1
            $hosts = @(New-PemHost 127.0.0.1 Primary -Cluster $cluster -Name node1 -SshPort 1)
            foreach ($key in @($values.Keys)) { if ("$($values[$key])" -ceq 'hosts') { $values[$key] = $hosts } elseif ("$($values[$key])" -ceq 'cluster') { $values[$key] = $cluster } }
            try { & $name @values 2>&1 3>$null 6>$null } catch { $_ }
            """, Cmdlets.Name(command), values, _folder.Path).Select(o => o?.BaseObject).OfType<ErrorRecord>()];
    }

    static object Value(PropertyInfo parameter, string text, SecureString password) =>
        parameter.PropertyType == typeof(PSCredential) ? new PSCredential(text, password)
        : parameter.PropertyType == typeof(Hashtable) ? new Hashtable { ["name"] = text }
        : parameter.PropertyType.IsArray ? new[] { text } : text;
}
