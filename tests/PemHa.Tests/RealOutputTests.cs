using System.Text.RegularExpressions;
using PemHa.Engine;
using PemHa.Engine.Efm;
using PemHa.Engine.Pem;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests;

/// <summary>
/// Recorded outputs of the real products, in the folder Real: addresses and names are anonymised, the rest is as it was
/// printed. Each is passed to the code that would receive it. They are the only evidence against an error that PemHa
/// and the lab's stand-ins have in common.
/// </summary>
public class RealOutputTests
{
    static readonly string Folder = Path.Combine(
        Path.GetDirectoryName(ModuleAssemblies.Manifest)!, "tests", "PemHa.Tests", "Real");

    /// <summary>How each file is judged. Each file that is added needs a row.</summary>
    static readonly Dictionary<string, Action<string>> Judgements = new()
    {
        ["efm-4.10-encrypt-from-env.stdout.txt"] = EncryptedPassword,
        ["efm-4.10-properties-changed-lines-of-a-standby.properties"] = PropertiesOfAStandby,
        ["efm-4.10-text-1-primary-database-just-stopped.txt"] = PrimaryJustStopped,
        ["efm-4.10-text-2-failed-over-old-primary-down.txt"] = OldPrimaryDown,
        ["efm-4.10-text-3-old-primary-started-by-hand-split-brain.txt"] = SplitBrain,
        ["efm-4.7-encrypt-dialogue.txt"] = EncryptDialogue,
        ["efm-4.7-startup-messages.log"] = NodesFileNotWritable,
        ["efm-4.x-any-command-without-java.txt"] = NoJava,
        ["efm-5.1-systemctl-status.txt"] = AgentsUnit,
        ["epas-15-unit-settings.txt"] = DatabasesUnit,
        ["epas-16-startup-refused-by-recovery.conf.log"] = FencedServer,
        ["epas-17-setup-and-status.txt"] = DatabaseSetup,
        ["pem-9-configure-dialogue-type-1.txt"] = PemQuestions,
        ["pem-9-configure-last-lines.txt"] = PemConfigured,
        ["pem-9-configure-without-sslutils.txt"] = PemWithoutSslutils,
        ["pem-9-pemworker-without-password.txt"] = PemWorkerWithoutPassword,
    };

    [Fact]
    public void Every_file_has_a_judgement_and_every_judgement_a_file() =>
        Assert.Equal(Directory.GetFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Judgements.Keys.Order(StringComparer.Ordinal));

    public static TheoryData<string> Files => [.. Judgements.Keys];

    [Theory]
    [MemberData(nameof(Files))]
    [Spec("F1", "F3", "F4", "F6", "F8", "P17", "P18", "P21", "P35")]
    public void A_real_output_is_judged_right(string file) =>
        Judgements[file](File.ReadAllText(Path.Combine(Folder, file)));

    // EFM's status. R1: one cluster, before a failover, after it, and with the old primary started by hand.

    static void PrimaryJustStopped(string text)
    {
        var nodes = Status(text);
        Assert.Equal(["198.51.100.26 Standby", "198.51.100.27 Primary", "198.51.100.28 Witness"], Roles(nodes));
        Assert.Equal(
            ("198.51.100.27", "198.51.100.28"),
            (nodes.Single(n => n.VirtualIp).Name, nodes.Single(n => n.Coordinator).Name));
        Assert.Contains("Critical: EFM says: No primary database was found.", Findings(nodes[0]));

        var refused = Assert.Single(nodes[1].Finding);
        Assert.Equal("Critical", refused.Severity);
        Assert.StartsWith(
            "EFM could not ask its database: Connection to 198.51.100.27:5444 refused.",
            refused.Message,
            StringComparison.Ordinal);
        // No server listens, so neither rules nor passwords are the cause.
        Assert.StartsWith("No server listens there.", refused.Remedy, StringComparison.Ordinal);
        Assert.DoesNotMatch("pg_hba|password", refused.Remedy);
    }

    static void OldPrimaryDown(string text)
    {
        var nodes = Status(text);
        Assert.Equal(["198.51.100.26 Primary", "198.51.100.27 Unknown", "198.51.100.28 Witness"], Roles(nodes));
        Assert.Equal(["Warning: EFM says: No standby databases were found."], Findings(nodes[0]));

        var idle = Assert.Single(nodes[1].Finding);
        Assert.StartsWith(
            "its EFM agent is idle: Connection to 198.51.100.27:5444 refused.", idle.Message, StringComparison.Ordinal);
        // Started in its present state, it would be the second primary of the next file.
        Assert.Contains("Not if it was the primary before 198.51.100.26", idle.Remedy, StringComparison.Ordinal);
    }

    static void SplitBrain(string text)
    {
        var nodes = Status(text);
        Assert.Equal(["198.51.100.26 Primary", "198.51.100.27 Primary", "198.51.100.28 Witness"], Roles(nodes));
        Assert.Contains("Critical: 198.51.100.26 and 198.51.100.27 both take writes", Findings(nodes[0]));

        var second = Assert.Single(nodes[1].Finding);
        Assert.Equal(
            ("Critical", "its database takes writes beside the primary: DB is not in recovery."),
            (second.Severity, second.Message));
        Assert.Equal(("0/D0001F8", (string?)null), (nodes[1].Lsn, nodes[1].ReplayLsn));
        Assert.All(
            nodes.SelectMany(n => n.Finding),
            f => Assert.DoesNotContain("efm resume", f.Remedy, StringComparison.Ordinal));
        Assert.Contains(
            "Stop edb-as-NN on 198.51.100.27 at once; 198.51.100.26 is the primary",
            nodes[0].Finding[0].Remedy,
            StringComparison.Ordinal);
    }

    // efm encrypt.

    static void EncryptedPassword(string text)
    {
        Assert.True(EfmPassword.IsEncrypted(text.Trim()));
        Assert.Null(Encrypted(text, 0));
        // The same text is not trusted when the command failed.
        Assert.NotNull(Encrypted(text, 1));
    }

    static void EncryptDialogue(string text)
    {
        Assert.False(EfmPassword.IsEncrypted(text.Trim()));
        var error = Encrypted(text, 0)!;
        Assert.Contains("Please enter the password", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789abcdef", error.Message, StringComparison.Ordinal);
    }

    static void NoJava(string text)
    {
        Assert.Contains("Install-PemEpas", Encrypted(text, 1)!.Remedy, StringComparison.Ordinal);
        Assert.Contains("Unable to find JRE in path.", Encrypted(text, 0)!.Message, StringComparison.Ordinal);
        NoStatus(text);
        // As the answer to a request for a cluster's status, the same words mean a missing Java, not a missing agent.
        var trouble = text.Trim().Split('\n')[^1];
        var finding = StatusJudge.Judge(
            new StatusView { Cluster = "efm", Nodes = [], Efm = null, EfmTrouble = trouble });
        Assert.Empty(finding);
        var node = StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes = [Node("Primary", "UP")],
            Efm = null,
            EfmTrouble = trouble,
        })[0];
        var missing = node.Finding.Single(f => f.Message.StartsWith("no EFM agent", StringComparison.Ordinal));
        Assert.Contains("finds no Java", missing.Remedy, StringComparison.Ordinal);
    }

    // EFM's files and unit.

    static void PropertiesOfAStandby(string text)
    {
        Assert.Equal(("/u01/pg16/pg_data/", "[EPAS/EFM]", "198.51.100.12:7800", "username@example.com"),
            (PropertiesText.Get(text, "db.data.dir"), PropertiesText.Get(text, "notification.text.prefix"),
                PropertiesText.Get(text, "bind.address"), PropertiesText.Get(text, "user.email")));
        Assert.True(EfmPassword.IsEncrypted(PropertiesText.Get(text, "db.password.encrypted")!));

        string[] names = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('=')[0])];
        Assert.All(names, n => Assert.True(PropertiesText.Knows(text, n), n));
        Assert.All(names, n => Assert.Null(PropertiesText.Refusal(n, PropertiesText.Get(text, n)!)));
        var same = names.Select(n => KeyValuePair.Create(n, PropertiesText.Get(text, n)!));
        Assert.Equal(text, PropertiesText.Set(text, same));
        foreach (var name in new[] { "db.bin", "db.data.dir" })
            Assert.Equal(PropertiesText.Get(text, name), PropertiesText.HelpersValue(text, name));
    }

    /// <summary>What happens to an agent that does not own its nodes file; PemHa's nodes file belongs to EFM.</summary>
    static void NodesFileNotWritable(string text)
    {
        Assert.Matches(@"File is not writable: /etc/edb/efm-4\.7/efm\.nodes", text);
        NoStatus(text);
        var c1 = new Example();
        var nodes = Example.The<EfmNodes>(Efm(c1), c1.Standby).Compare(Facts.Of(("sample.text", "")), false)!;
        Assert.Contains("put_file /etc/edb/efm-5.2/efm.nodes efm:efm 600 ", nodes.Apply, StringComparison.Ordinal);
    }

    static void AgentsUnit(string text)
    {
        var cluster = new PemCluster("efm", "198.51.100.30") { EfmVersion = new Version(5, 1) };
        Assert.Contains(
            $" {cluster.EfmServiceName}.service - EnterpriseDB Failover Manager 5.1", text, StringComparison.Ordinal);
        var bin = cluster.EfmCommand[..cluster.EfmCommand.LastIndexOf('/')];
        Assert.Contains($"ExecStart=/bin/bash -c {bin}/runefm.sh start ${{CLUSTER}} ", text, StringComparison.Ordinal);

        // The unit has started only when the agent reports it (row 6).
        Assert.Matches(@"Now monitoring database\.\n.* systemd\[1\]: Started EnterpriseDB Failover Manager", text);

        // The owner of the database reads the properties, so its group must be able to (row 8).
        Assert.Matches(
            $@"USER=postgres ; COMMAND={bin}/efm_db_functions \w+ {cluster.EfmConfigDirectory}/efm\.properties", text);
        var c1 = new Example();
        Assert.Equal(("efm:enterprisedb", "640"), (Example.The<EfmProperties>(Efm(c1), c1.Primary).Owner,
            Example.The<EfmProperties>(Efm(c1), c1.Primary).Mode));
        NoStatus(text);

        // Its nodes have names, which a status may show instead of addresses; they stand for the described nodes.
        var node = Regex.Match(text, @"\[node3-16262\((?<name>\w+)\)").Groups["name"].Value;
        Assert.Equal(c1.Third.Address, EfmAddress.Of(c1.Cluster, node));
    }

    // EPAS.

    static void DatabasesUnit(string text)
    {
        var cluster = new PemCluster("efm", "198.51.100.30") { PostgresVersion = 15 };
        Assert.Contains($"Environment=PGDATA={cluster.PackageDataDirectory}\n", text, StringComparison.Ordinal);
        Assert.Contains($"PIDFile={cluster.PackageDataDirectory}/postmaster.pid\n", text, StringComparison.Ordinal);
        Assert.Contains($"User={cluster.ServiceOwner}; ", text, StringComparison.Ordinal);
        Assert.Contains($"ExecStart={cluster.InstallDirectory}/bin/", text, StringComparison.Ordinal);
    }

    static void FencedServer(string text)
    {
        // So a recovery.conf in the directory is a fence, which StatusReader and Replica rely on.
        Assert.Matches(
            "FATAL:  using recovery command file \"recovery\\.conf\" is not supported\n.*\n.*aborting startup", text);
        NoStatus(text);
        var fenced = StatusJudge.Judge(new StatusView
        {
            Cluster = "efm",
            Nodes = [Node("Stopped", "DOWN") with { Fenced = true }],
            Efm = null,
            DatabasesAsked = true,
        })[0];
        Assert.Contains("Critical: EFM fenced it as a failed primary (recovery.conf)", Findings(fenced));
    }

    static void DatabaseSetup(string text)
    {
        var c1 = new Example();
        var setup = new ClusterInitialised(c1.Cluster).Compare(Facts.Of(), false)!.Difference;
        // Word for word, except for the quotes.
        var real = Regex.Match(text, "^# (PGSETUP_.*)$", RegexOptions.Multiline).Groups[1].Value.Replace('"', '\'');
        Assert.Contains(real, setup, StringComparison.Ordinal);
        Assert.Contains($"Main PID: 13289 (edb-postgres)", text, StringComparison.Ordinal);
        Assert.Contains(
            $"{c1.Cluster.InstallDirectory}/bin/edb-postgres -D {c1.Cluster.DataDirectory}\n",
            text,
            StringComparison.Ordinal);
        Assert.Contains(
            $" {c1.Cluster.ServiceName}.service - EDB Postgres Advanced Server 17", text, StringComparison.Ordinal);
        Assert.Contains($"# systemctl start {c1.Cluster.ServiceName}\n", text, StringComparison.Ordinal);
    }

    // PEM's script.

    /// <summary>
    /// Each question of the script is answered by an option or, where the page has none, by an empty line after the
    /// password, which selects the default (P35, K32).
    /// </summary>
    static void PemQuestions(string text)
    {
        var questions = new Dictionary<string, string>
        {
            ["Install type"] = " -t 1 ",
            ["local database server installation path"] = " --db-install-path ",
            ["super user name"] = " -su ",
            ["port number"] = " -p ",
            ["CIDR formatted network"] = "",
            ["systemd unit file"] = " --db-unitfile ",
            ["agent certificate path"] = "",
        };
        var command = Configure();
        string[] asked = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(questions.Count, asked.Length);
        Assert.All(asked, line =>
        {
            var option = Assert.Single(questions, q => line.Contains(q.Key, StringComparison.Ordinal)).Value;
            Assert.Contains(option, command, StringComparison.Ordinal);
        });
        var defaults = string.Concat(questions.Values.Where(v => v.Length == 0).Select(_ => "\\n"));
        Assert.Contains($"printf '%s\\n{defaults}' ", command, StringComparison.Ordinal);
    }

    static void PemConfigured(string text) => Assert.Equal((false, true), (Failed(text), Done(text)));

    static void PemWithoutSslutils(string text) => Assert.Equal((true, false), (Failed(text), Done(text)));

    /// <summary>
    /// Not one of the script's own errors: only the missing last line shows that nothing was configured.
    /// </summary>
    static void PemWorkerWithoutPassword(string text) => Assert.False(Done(text));

    /// <summary>Whether the detector of the script's errors, run as on a host, finds one.</summary>
    static bool Failed(string output)
    {
        var detector = Configure().Split('\n').Single(l => l.Contains("CRITICAL ERROR", StringComparison.Ordinal));
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["configure"], output);
        return Shell.Sh($"T='{folder[""]}'; fail() {{ exit 9; }}\n{detector}\n").ExitCode == 9;
    }

    /// <summary>Whether a log with this text counts as the log of a script that completed.</summary>
    static bool Done(string log)
    {
        var words = Regex.Match(PemServer.Configured, "grep -qs '([^']*)'").Groups[1].Value;
        Assert.NotEmpty(words);
        return log.Contains(words, StringComparison.Ordinal);
    }

    static string Configure()
    {
        var c1 = new Example();
        var step = SectionE.Server(c1.Cluster, c1.Cluster.Hosts, c1.Primary, "pemsuper", "pw", new PemServerOptions());
        return Example.The<PemServer>(step, c1.Primary).Compare(Facts.Of(), false)!.Apply;
    }

    static Step Efm(Example c1) =>
        SectionC.Cluster(c1.Cluster, c1.Cluster.Hosts, c1.Primary, "efm", "pw", new EfmOptions());

    /// <summary>
    /// The error when <c>efm encrypt</c> prints a text; null when that text is taken for the encrypted password.
    /// </summary>
    static PemException? Encrypted(string output, int status)
    {
        var c1 = new Example();
        return (PemException?)Record.Exception(() => Example.The<EfmProperties>(Efm(c1), c1.Primary).Compare(
            Facts.Of(("sample.text", "db.user=\n"), ("encrypt.status", $"{status}"), ("encrypted", output)), false));
    }

    static void NoStatus(string text) =>
        Assert.Equal("EfmStatusUnreadable", Assert.Throws<PemException>(() => EfmReport.Read(text)).Id);

    static IReadOnlyList<PemNodeStatus> Status(string text) =>
        StatusJudge.Of(Assert.Single(EfmReport.Read(text)), null);

    static NodeView Node(string role, string database) =>
        new(new PemNodeStatus { Name = "a", Address = "a", Cluster = "efm", Role = role, Database = database });

    static string[] Roles(IReadOnlyList<PemNodeStatus> nodes) => [.. nodes.Select(n => $"{n.Name} {n.Role}")];

    static string[] Findings(PemNodeStatus node) => [.. node.Finding.Select(f => f.ToString())];
}
