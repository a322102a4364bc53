using System.Diagnostics;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>The tests that follow the vendor's page share one lab, and each section is walked once.</summary>
[CollectionDefinition(Name)]
public sealed class PageTests : ICollectionFixture<PageCluster>
{
    public const string Name = "The page";
}

/// <summary>
/// The page's own example, three data nodes and a witness, deployed along the page to the letter. Each part walks the page as far as its
/// trouble, looks, and then mends just what keeps the next part from being reached; what it saw stays for the tests.
/// </summary>
public sealed class PageCluster : ProcedureLab
{
    internal const string Password = "password";

    /// <summary>T3: a password of a person's choice.</summary>
    internal const string Awkward = @"a:b\c";

    const string Data = "/var/lib/edb/as17/data";
    const string Properties = "/etc/edb/efm-5.2/efm.properties";

    /// <summary>How long something must stay as it is before it counts as stuck.</summary>
    static readonly TimeSpan Stuck = TimeSpan.FromSeconds(4);

    Task<PagePackages>? _packages;
    Task<PageReplication>? _replication;
    Task<PageEfm>? _efm;
    Task<PageSsl>? _ssl;
    Task<PageAgents>? _agents;
    Task<PagePem>? _pem;
    Task<PageSettings>? _settings;
    Task<PageFailover>? _failover;

    /// <summary>Section A.</summary>
    internal async Task<PagePackages> PackagesAsync()
    {
        await LabAsync();
        return await (_packages ??= TimedAsync("Packages", WalkPackagesAsync));
    }

    /// <summary>Section B.</summary>
    internal async Task<PageReplication> ReplicationAsync()
    {
        await PackagesAsync();
        return await (_replication ??= TimedAsync("Replication", WalkReplicationAsync));
    }

    /// <summary>Section C, as far as it can be followed before section D.</summary>
    internal async Task<PageEfm> EfmAsync()
    {
        await ReplicationAsync();
        return await (_efm ??= TimedAsync("Efm", WalkEfmAsync));
    }

    /// <summary>Section D.</summary>
    internal async Task<PageSsl> SslAsync()
    {
        await EfmAsync();
        return await (_ssl ??= TimedAsync("Ssl", WalkSslAsync));
    }

    /// <summary>The end of section C, which only TLS makes possible.</summary>
    internal async Task<PageAgents> AgentsAsync()
    {
        await SslAsync();
        return await (_agents ??= TimedAsync("Agents", WalkAgentsAsync));
    }

    /// <summary>Section E.</summary>
    internal async Task<PagePem> PemAsync()
    {
        await AgentsAsync();
        return await (_pem ??= TimedAsync("Pem", WalkPemAsync));
    }

    /// <summary>The linked page about user settings.</summary>
    internal async Task<PageSettings> SettingsAsync()
    {
        await PemAsync();
        return await (_settings ??= TimedAsync("Settings", WalkSettingsAsync));
    }

    /// <summary>What the page promises for a failed primary.</summary>
    internal async Task<PageFailover> FailoverAsync()
    {
        await SettingsAsync();
        return await (_failover ??= TimedAsync("Failover", WalkFailoverAsync));
    }

    static async Task<T> TimedAsync<T>(string section, Func<Task<T>> walk)
    {
        var watch = Stopwatch.StartNew();
        var seen = await walk();
        TestContext.Current.SendDiagnosticMessage($"the page, {section}: {watch.Elapsed.TotalSeconds:0.0} s");
        return seen;
    }

    async Task<PageRunner> PageAsync() => new(await LabAsync(), Cancellation);

    async Task<PagePackages> WalkPackagesAsync()
    {
        var page = await PageAsync();
        await RootAsync("witness1", "mv /etc/yum.repos.d/edb.repo /root");
        var none = await page.PackagesAsync("witness1");
        var changed = await RootAsync("witness1", """
            dnf -q module list --disabled postgresql | grep -o -m 1 '\[x\]'; rpm -q --qf '%{NAME}\n' epel-release
            """);
        await RootAsync("witness1", "mv /root/edb.repo /etc/yum.repos.d");
        var installed = await Task.WhenAll(PageRunner.All.Select(page.PackagesAsync));
        await page.DatabasesAsync();
        await page.FirewallAsync();
        var encrypt = await page.EncryptAsync();
        var start = await page.StartAgentAsync("node1");
        var log = await RootAsync("node1", "journalctl --sync; journalctl -q --no-pager -o cat -u edb-efm-5.2");

        await Task.WhenAll(PageRunner.All.Select(h => RootAsync(h, "dnf -qy install java-17-openjdk-headless")));
        return new PagePackages(none, changed, installed, encrypt, start, log);
    }

    async Task<PageReplication> WalkReplicationAsync()
    {
        var page = await PageAsync();
        await SqlAsync("node3", "CREATE TABLE treasure AS SELECT 42 AS n; CHECKPOINT");
        await page.ReplicationRoleAsync(Awkward);
        await page.ReplicationSettingsAsync();
        // A reload, which the page does not have, is all that its settings need.
        await page.ReloadAsync("node1");
        const string settings = """
            SELECT name, setting, pending_restart FROM pg_settings
            WHERE name IN ('wal_level', 'max_wal_senders', 'wal_keep_size', 'max_replication_slots') ORDER BY name
            """;
        await UntilAsync("reloaded", () => SqlAsync("node1", settings), s => s.Contains("wal_keep_size|500", StringComparison.Ordinal));
        var pending = await SqlAsync("node1", settings);
        var lab = await LabAsync();
        var session = Command.Start(lab.SshCommand("node1", "--", "su - enterprisedb -c \"psql -c 'SELECT pg_sleep(600)'\""));
        await using var _ = session;
        const string sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND pid <> pg_backend_pid()";
        await UntilAsync("a session", () => SqlAsync("node1", sleeping), n => n == "1");
        await page.RestartPrimaryAsync();
        var cut = await session.Result;

        await page.PassFilesAsync(Awkward);
        await page.EmptyAsync("node2");
        var refused = await page.CopyAsync("node2");
        var left = await RootAsync("node2", $"ls -A {Data} | wc -l");
        await RootAsync("node1", $"echo \"listen_addresses = '*'\" >> {Data}/postgresql.conf; systemctl restart edb-as-17");
        var unknown = await page.CopyAsync("node2");
        foreach (var host in PageRunner.DataNodes)
            await RootAsync(host, @"sed -i 's/:a:b\\c$/:a\\:b\\\\c/' ~enterprisedb/.pgpass");

        // What a database has when somebody has just worked with it: pages that are not written yet.
        await SqlAsync("node1", "CREATE TABLE weight AS SELECT n, repeat('0123456789abcdef', 60) AS text FROM generate_series(1, 20000) n");
        var copy = page.CopyAsync("node2");
        const string phase = "SELECT phase || ', ' || backup_streamed || ' bytes' FROM pg_stat_progress_basebackup";
        await UntilAsync("a base backup", () => SqlAsync("node1", phase), p => p.Length > 0);
        var phases = await ObserveAsync(() => SqlAsync("node1", phase));
        await SqlAsync("node1", "CHECKPOINT");
        await page.EmptyAsync("node3");
        var third = page.CopyAsync("node3");
        await UntilAsync("a second base backup", async () => third.IsCompleted || (await SqlAsync("node1", phase)).Length > 0, is_ => is_);
        await SqlAsync("node1", "CHECKPOINT");
        (await copy).Check("The copy on node2");
        (await third).Check("The copy on node3");
        foreach (var standby in PageRunner.Standbys)
            await page.StartAsync(standby);
        const string streaming = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        await UntilAsync("two standbys", () => SqlAsync("node1", streaming), n => n == "2");
        var treasure = await SqlAsync("node3", "SELECT coalesce(to_regclass('treasure')::text, 'gone')");
        return new PageReplication(pending, cut, refused, left, unknown, phases, await third, treasure);
    }

    async Task<PageEfm> WalkEfmAsync()
    {
        var page = await PageAsync();
        await page.EfmRoleAsync();
        await page.EfmRulesAsync("node1");
        await page.ReloadAsync(PageRunner.DataNodes);
        const string count = "SELECT count(*) FROM pg_hba_file_rules WHERE 'efm' = ANY (user_name)";
        var rules = await Task.WhenAll(PageRunner.DataNodes.Select(h => SqlAsync(h, count)));
        var logins = await Task.WhenAll(PageRunner.DataNodes.Select(h => page.PasteAsync("node1", $"""
            PGPASSWORD={Password} /usr/edb/as17/bin/psql -XAtw -h {PageRunner.Address(h)} -U efm -d edb -c 'SELECT current_user'
            """)));

        await page.EfmFilesAsync();
        await page.EfmCoordinatorAsync(PageRunner.Standbys);
        await page.EfmPropertiesAsync((await page.EncryptAsync()).Stdout.Trim());
        // Anybody on the host; the key is made of the cluster's name, which is the file's.
        var read = await page.PasteAsync("node1", $$"""
            runuser -u nobody -- bash <<'E'
            text=$(sed -n 's/^db.password.encrypted=//p' {{Properties}})
            key=$(printf 'efm password efm' | sha256sum | cut -d' ' -f1)
            printf "$(sed 's/../\\x&/g' <<< "${text:32}")" | openssl enc -d -aes-256-cbc -K "$key" -iv "${text:0:32}"
            E
            """);
        var start = await page.StartAgentAsync("node1");
        var log = await UnitLogAsync("node1", "edb-efm-5.2");
        var allow = await page.AllowAsync();
        return new PageEfm(rules, logins, read, start, log, allow, await page.StatusAsync("node1"));
    }

    async Task<PageSsl> WalkSslAsync()
    {
        var page = await PageAsync();
        await page.SslFilesAsync();
        await page.SslSettingsAsync();
        await page.PemRulesAsync();

        // A key that its maker forgot to give to the server, on one node.
        await RootAsync("node1", $"chown root:root {Data}/server.key");
        await page.ReloadAsync("node1");
        const string closed = "SELECT count(*) FROM pg_hba_file_rules WHERE type = 'hostssl' AND 'repl' = ANY (user_name)";
        Assert.Equal("3", await SqlAsync("node1", closed));
        await UntilAsync("the reload", () => LoginAsync("node2", "node1"), r => r.ExitCode != 0);
        var ssl = await SqlAsync("node1", "SHOW ssl");
        var locked = await LoginAsync("node2", "node1");
        var restart = await page.RestartPrimaryAsync();
        var state = await RootAsync("node1", "systemctl is-active edb-as-17 || :");
        await RootAsync("node1", $"chown enterprisedb:enterprisedb {Data}/server.key; systemctl start edb-as-17");
        await UntilAsync("the primary", () => page.SqlAsync("node1", "SELECT 1"), r => r.ExitCode == 0);

        // A standby that will not come back, at the beginning of the rolling restart.
        const string started = "SELECT pg_postmaster_start_time()";
        await RootAsync("node2", $"echo 'no_such_setting = 1' >> {Data}/postgresql.conf");
        var before = await Task.WhenAll(new[] { "node1", "node3" }.Select(h => SqlAsync(h, started)));
        await page.RollingRestartAsync();
        await UntilAsync("the others", () => page.SqlAsync("node1", "SELECT 1"), r => r.ExitCode == 0);
        var after = await Task.WhenAll(new[] { "node1", "node3" }.Select(h => SqlAsync(h, started)));
        var lost = await RootAsync("node2", "systemctl is-active edb-as-17 || :");
        await RootAsync("node2", $"sed -i /no_such_setting/d {Data}/postgresql.conf; systemctl start edb-as-17");

        // "You can replace the failed primary node with a new standby using the procedure above": the same for a standby.
        await page.EmptyAsync("node3");
        var copy = page.CopyAsync("node3");
        await UntilAsync("a base backup", async () => copy.IsCompleted
            || (await SqlAsync("node1", "SELECT 1 FROM pg_stat_progress_basebackup")).Length > 0, is_ => is_);
        await SqlAsync("node1", "CHECKPOINT");
        (await copy).Check("The copy on node3");
        await page.StartAsync("node3");
        await UntilAsync("node3", () => page.SqlAsync("node3", "SELECT 1"), r => r.ExitCode == 0);
        var keys = await Task.WhenAll(PageRunner.DataNodes.Select(h => RootAsync(h, $"sha256sum < {Data}/server.key")));
        var shown = await RootAsync("node1", $"""
            openssl s_client -starttls postgres -connect {PageRunner.Address("node3")}:5444 -CAfile /root/ca/ca_certificate.crt \
                -verify_hostname node3 </dev/null 2>&1 | grep -e '^subject' -e '^Verify return code'
            """);
        await RootAsync("node3", $"""
            cd {Data}; for kind in crt key; do cp /root/ssl/node3.$kind server.$kind; done; systemctl reload edb-as-17
            """);
        await RootAsync("node2", "systemctl reset-failed edb-efm-5.2");
        return new PageSsl(ssl, locked, restart, state, before, after, lost, keys, shown);

        // As a standby's walreceiver comes, over TLS where the server has it.
        async Task<CommandResult> LoginAsync(string from, string to) => await page.PasteAsync(from, $"""
            su - enterprisedb -c "psql -Xw -c IDENTIFY_SYSTEM 'host={PageRunner.Address(to)} user=repl dbname=replication replication=true'"
            """);
    }

    async Task<PageAgents> WalkAgentsAsync()
    {
        var page = await PageAsync();
        var lab = await LabAsync();
        async Task<string> HoldersAsync()
        {
            var held = await Task.WhenAll(PageRunner.All.Select(h => RootAsync(h, $"ip -o addr | grep -cF ' {VirtualIp}/' || :")));
            return string.Join(' ', PageRunner.All.Zip(held).Where(h => h.Second != "0").Select(h => h.First));
        }

        var silent = await page.StartAgentAsync("node1");
        var silentLog = await UnitLogAsync("node1", "edb-efm-5.2");
        foreach (var host in PageRunner.All)
            await page.PropertiesAsync(host, $"ping.server.ip={LabSwitch.Controller}");

        // The page's interface, which this host does not have.
        var nowhere = new PageVirtualIp(await page.StartAgentAsync("node1"), await page.StatusAsync("node1"), await HoldersAsync());
        await RootAsync("node1", "systemctl stop edb-efm-5.2");
        foreach (var host in PageRunner.All)
            await page.PropertiesAsync(host, "virtual.ip.interface=eth0");

        // Its address, which somebody has already.
        string[] stranger = [$"{VirtualIp}/24", "dev", "br0"];
        (await lab.EnterAsync(["ip", "addr", "add", .. stranger], cancellation: Cancellation)).Check("A stranger's address");
        var taken = new PageVirtualIp(await page.StartAgentAsync("node1"), await page.StatusAsync("node1"), await HoldersAsync());
        (await lab.EnterAsync(["ip", "addr", "del", .. stranger], cancellation: Cancellation)).Check("The stranger's leave");
        await UntilAsync("the virtual IP", HoldersAsync, h => h == "node1");

        await page.AllowAsync();
        // T6: the lines that were to be replicated.
        var alone = await page.StartAgentAsync("node2");
        var aloneLog = await UnitLogAsync("node2", "edb-efm-5.2");
        foreach (var host in PageRunner.Standbys)
            await page.EfmRulesAsync(host, "hostssl");
        await page.ReloadAsync(PageRunner.Standbys);
        foreach (var host in PageRunner.Standbys)
            (await page.StartAgentAsync(host)).Check($"The agent of {host}");

        // T7: the list that only the standbys were given.
        var lonely = await page.StartAgentAsync("witness1");
        var apart = new[] { (await page.StatusAsync("node1")).Stdout, (await page.StatusAsync("witness1")).Stdout };
        await RootAsync("witness1", "systemctl stop edb-efm-5.2");
        await page.EfmCoordinatorAsync("witness1");
        (await page.StartAgentAsync("witness1")).Check("The agent of the witness");
        await WellAsync();
        return new PageAgents(silent, silentLog, nowhere, taken, alone, aloneLog, lonely, apart, (await page.StatusAsync("node3")).Stdout);
    }

    async Task<PagePem> WalkPemAsync()
    {
        var page = await PageAsync();
        await page.CommonAgentUserAsync();
        foreach (var installed in await page.PemPackageAsync())
            installed.Check("edb-pem");
        await page.SuperuserAsync();
        var common = await page.ConfigureAsync("node1", PageRunner.CommonAgent);
        // The other model, after what the failed run remembers is away; and the network brought up anew, with the virtual IP on the card.
        await RootAsync("node1", "rm /usr/edb/pem/share/.install-config");
        await RootAsync("node1", Upside($"{PageRunner.Address("node1")}/24", $"{VirtualIp}/24"));
        var superuser = await page.ConfigureAsync("node1", PageRunner.OwnAgent(1));
        await RootAsync("node1", Upside($"{VirtualIp}/24", $"{PageRunner.Address("node1")}/24"));
        var primary = await page.ConfigureAsync("node1", PageRunner.OwnAgent(1));
        var third = await page.ConfigureAsync("node2", PageRunner.OwnAgent(2), type: 3);
        var again = await page.ConfigureAsync("node2", PageRunner.OwnAgent(2));
        await Task.WhenAll(new[] { "node1", "node2" }.Select(h => RootAsync(h, "firewall-cmd -q --zone=public --add-port=8443/tcp")));
        var answers = await Task.WhenAll(new[] { "node1", "node2" }.Select(async h => (await (await LabAsync()).EnterAsync(
            ["bash", "-c", $"exec 3<>/dev/tcp/{PageRunner.Address(h)}/8443"], cancellation: Cancellation)).ExitCode == 0));
        return new PagePem(superuser, common, primary, third, again, answers);
    }

    async Task<PageSettings> WalkSettingsAsync()
    {
        var page = await PageAsync();
        var statements = await page.UserSettingsAsync();
        var scheme = await page.UserSettingsUriAsync("node1");
        var log = await RootAsync("node1", "journalctl --sync; journalctl -qu edb-uwsgi -n 5 -o cat");
        var login = await RootAsync("node1", "curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1:8443/pem");

        (await page.UserSettingsUriAsync("node1", "postgresql+psycopg")).Check("The other scheme");
        async Task<string> SettingsOfAsync() => await RootAsync("node1", "curl -sk https://127.0.0.1:8443/pem/stand-in/settings");
        var rules = await SettingsOfAsync();
        await RootAsync("node1", $"sed -i '1i hostssl pem_user_settings pem_user_settings 172.16.161.0/24 scram-sha-256' {Data}/pg_hba.conf");
        await page.ReloadAsync("node1");
        var owner = "";
        await UntilAsync("the rule", async () => owner = await SettingsOfAsync(), s => !s.Contains("no pg_hba.conf entry", StringComparison.Ordinal));
        const string connect = "SELECT has_database_privilege('efm', 'pem_user_settings', 'CONNECT')";
        var anybody = await SqlAsync("node1", connect);
        await RootAsync("node1", "rm /usr/edb/pem/web/config_local.py; systemctl restart edb-uwsgi");
        return new PageSettings(statements, scheme, log, login, rules, owner, anybody);
    }

    async Task<PageFailover> WalkFailoverAsync()
    {
        var page = await PageAsync();
        var lab = await LabAsync();

        // Two of four are lost.
        await Task.WhenAll(lab.PowerCutAsync("witness1", Cancellation), lab.PowerCutAsync("node1", Cancellation));
        const string minority = "grep -h 'failover will not be attempted' /var/log/efm-5.2/efm.log || :";
        await UntilAsync("word of the standbys", async () => string.Concat(await Task.WhenAll(PageRunner.Standbys.Select(h => RootAsync(h, minority)))), l => l.Length > 0);
        var half = await ObserveAsync(async () =>
            string.Join(' ', await Task.WhenAll(PageRunner.Standbys.Select(h => SqlAsync(h, "SELECT pg_is_in_recovery()")))));
        await Task.WhenAll(lab.PowerOnAsync("witness1", Cancellation), lab.PowerOnAsync("node1", Cancellation));
        // T13 can leave the agent idle, if it was the faster one.
        await UntilAsync("a primary again", () => page.PasteAsync("node1", """
            grep -q '^Primary' <(/usr/edb/efm-5.2/bin/efm cluster-status efm | tr -d '\t') || /usr/edb/efm-5.2/bin/efm resume efm
            """), r => r.ExitCode == 0);
        await WellAsync();

        // The primary is lost, replaced, and powered on again. The page gives the two services no order: which of them is the faster one
        // decides, and here, as with an agent that is a Java program, that is the database.
        var order = await RootAsync("node1", "systemctl show -p After --value edb-as-17");
        await RootAsync("node1", """
            mkdir -p /etc/systemd/system/edb-efm-5.2.service.d
            echo '[Service]
            ExecStartPre=/bin/sh -c "until /usr/edb/as17/bin/pg_isready -q; do sleep 0.1; done"' > /etc/systemd/system/edb-efm-5.2.service.d/slow.conf
            sync
            """);
        await lab.PowerCutAsync("node1", Cancellation);
        var next = "";
        await UntilAsync("a failover", async () => next = await WritesAsync("node2") ? "node2" : await WritesAsync("node3") ? "node3" : "", n => n.Length > 0);

        await lab.PowerOnAsync("node1", Cancellation);
        await lab.WaitRunningAsync("node1", Cancellation);
        var twins = new List<string>();
        foreach (var host in new[] { next, "node1" })
            twins.Add(await page.SqlAsync(host, "CREATE TABLE written_apart AS SELECT 1;") is { ExitCode: 0 } ? "takes writes" : "takes none");
        const string system = "SELECT system_identifier FROM pg_control_system()";
        var same = await SqlAsync(next, system) == await SqlAsync("node1", system);
        var log = await UnitLogAsync("node1", "edb-efm-5.2");
        return new PageFailover(half, order, twins, same, log);
    }

    /// <summary>
    /// Makes the second address of a card its first, the one that connections to its network leave with: what becomes of a node that holds
    /// the virtual IP when its network is brought up anew (EFM's manual: the operating system can choose).
    /// </summary>
    internal static string Upside(string first, string second) =>
        $"ip addr del {first} dev eth0; ip addr replace {second} dev eth0; ip addr add {first} dev eth0";

    /// <summary>Whether a server takes writes; not, when it does not answer.</summary>
    async Task<bool> WritesAsync(string host) => await (await PageAsync()).PasteAsync(
        host, "su - enterprisedb -c \"psql -XAtc 'SELECT pg_is_in_recovery()'\"") is { ExitCode: 0, Stdout: "f\n" };

    /// <summary>What the page shows as the end of section C.</summary>
    Task WellAsync() => UntilAsync("the page's status", () => RootAsync("node2", "/usr/edb/efm-5.2/bin/efm cluster-status efm || :"), s =>
        s.Contains($"{VirtualIp}*", StringComparison.Ordinal) && s.Contains("Witness", StringComparison.Ordinal)
        && s.Split("Standby  ").Length - 1 >= 2 && !s.Contains("Idle", StringComparison.Ordinal)
        && s.Contains("It is safe to promote.", StringComparison.Ordinal));

    /// <summary>Every answer, without repetition, over the time after which a thing counts as stuck.</summary>
    static async Task<IReadOnlyList<string>> ObserveAsync(Func<Task<string>> question)
    {
        var answers = new List<string>();
        for (var until = DateTime.UtcNow + Stuck; DateTime.UtcNow < until; await Task.Delay(100, Cancellation))
        {
            var answer = await question();
            if (answers.Count == 0 || answers[^1] != answer)
                answers.Add(answer);
        }
        return answers;
    }
}

/// <summary>Section A: a host without EDB's repository, what was changed there all the same, and EFM on a host without Java.</summary>
sealed record PagePackages(
    CommandResult Unsubscribed, string ChangedAllTheSame, CommandResult[] Installed, CommandResult Encrypt, CommandResult Start, string Log);

/// <summary>Section B.</summary>
/// <param name="Pending">The page's settings after a reload: name, value, whether a restart is pending.</param>
/// <param name="Session">A client's session that the restart met.</param>
/// <param name="Refused">The copy from a primary that listens on localhost.</param>
/// <param name="Left">How many files the standby has after that.</param>
/// <param name="Unknown">The copy with an awkward password.</param>
/// <param name="Phases">What the base backup did while it was watched.</param>
/// <param name="Copy">The copy over somebody's database.</param>
/// <param name="Treasure">What became of its table.</param>
sealed record PageReplication(
    string Pending, CommandResult Session, CommandResult Refused, string Left, CommandResult Unknown, IReadOnlyList<string> Phases,
    CommandResult Copy, string Treasure);

/// <summary>Section C before TLS.</summary>
/// <param name="Rules">How many HBA lines for efm each data node has.</param>
/// <param name="Logins">A login of efm at each data node.</param>
/// <param name="Read">The password, as anybody on the host reads it.</param>
sealed record PageEfm(
    string[] Rules, CommandResult[] Logins, CommandResult Read, CommandResult Start, string Log, CommandResult Allow, CommandResult Status);

/// <summary>Section D.</summary>
/// <param name="Ssl">What the server says of TLS after the reload with a key that it cannot read.</param>
/// <param name="Locked">A replication login then.</param>
/// <param name="Restart">The restart then, and the <paramref name="State"/> that it leaves.</param>
/// <param name="Before">Start times of the primary and the other standby before the rolling restart, and <paramref name="After"/> it.</param>
/// <param name="Lost">The standby that did not come back at its beginning.</param>
/// <param name="Keys">Hashes of the servers' keys after a standby was made anew.</param>
/// <param name="Shown">The certificate that it shows.</param>
sealed record PageSsl(
    string Ssl, CommandResult Locked, CommandResult Restart, string State, string[] Before, string[] After, string Lost, string[] Keys,
    string Shown);

/// <summary>An agent that starts without being able to hold the virtual IP.</summary>
sealed record PageVirtualIp(CommandResult Start, CommandResult Status, string Holders);

/// <summary>The end of section C.</summary>
/// <param name="Silent">The start with a ping server that does not answer.</param>
/// <param name="Nowhere">With an interface that is not there.</param>
/// <param name="Taken">With an address that a stranger has.</param>
/// <param name="Alone">The start on a standby without HBA lines.</param>
/// <param name="Lonely">The start on a witness that knows nobody.</param>
/// <param name="Apart">What the primary and the witness then say of the cluster.</param>
/// <param name="Reached">The status at last.</param>
sealed record PageAgents(
    CommandResult Silent, string SilentLog, PageVirtualIp Nowhere, PageVirtualIp Taken, CommandResult Alone, string AloneLog,
    CommandResult Lonely, string[] Apart, string Reached);

/// <summary>Section E.</summary>
/// <param name="Superuser">The configuration when connections leave with the virtual IP.</param>
/// <param name="Common">The configuration with a common agent user.</param>
/// <param name="Primary">With a certificate of its own, when connections leave with the node's address.</param>
/// <param name="Third">The page's "option 3" on a standby, and then (<paramref name="Again"/>) its commands' option 1.</param>
/// <param name="Answers">Whether the primary and that standby have a web server.</param>
sealed record PagePem(
    CommandResult Superuser, CommandResult Common, CommandResult Primary, CommandResult Third, CommandResult Again, bool[] Answers);

/// <summary>The user settings.</summary>
/// <param name="Statements">The page's SQL.</param>
/// <param name="Scheme">The start with its URI, what the <paramref name="Log"/> says of it, and the status of the <paramref name="Login"/> page then.</param>
/// <param name="Rules">What the web application says with a URI that it can read, without a rule in pg_hba.conf.</param>
/// <param name="Owner">With one.</param>
/// <param name="Anybody">Whether another role may connect to the database.</param>
sealed record PageSettings(
    CommandResult Statements, CommandResult Scheme, string Log, string Login, string Rules, string Owner, string Anybody);

/// <summary>Failures.</summary>
/// <param name="Half">Whether the standbys are in recovery while two of four agents are gone.</param>
/// <param name="Order">What the database starts after.</param>
/// <param name="Twins">What the new primary and the old one, powered on again, do with a write.</param>
/// <param name="Same">Whether they hold the same database.</param>
/// <param name="Log">What the old primary's agent says.</param>
sealed record PageFailover(IReadOnlyList<string> Half, string Order, IReadOnlyList<string> Twins, bool Same, string Log);
