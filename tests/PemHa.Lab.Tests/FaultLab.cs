using System.Globalization;
using PemHa.Lab.Faults;
using Xunit;

namespace PemHa.Lab.Tests;

/// <summary>A cluster as it is before a step, and that step as a person runs it, in a process of its own.</summary>
public sealed class FaultLab : StationLab
{
    /// <summary>The user with sudo, and its password on the hosts.</summary>
    internal const string Admin = "admin", AdminPassword = "Lab-pass1";

    const string Held = "/usr/local/sbin/pemha-held", Open = "/run/pemha-open";

    readonly FaultStep _step;

    internal FaultLab(Stations stations, FaultStep step) : base(stations, StationOf(step)) => _step = step;

    /// <summary>Where a step begins.</summary>
    internal static string StationOf(FaultStep step) =>
        step.Name == FaultTable.Connect ? FaultTable.Packages : step.Name == FaultTable.UserSettings ? Stations.Deployed : step.Name;

    /// <summary>Starts the step, as root or with sudo.</summary>
    /// <param name="password">The password for sudo; null for root.</param>
    /// <param name="between">Whether it waits between connecting and the step, until <see cref="GoOn"/>.</param>
    /// <param name="under">A command that runs it.</param>
    internal Task<RunningCommand> StartAsync(string? password = null, bool between = false, params string[] under)
    {
        var step = _step.Name switch
        {
            FaultTable.Connect => "",
            FaultTable.Restart => " | Invoke-PemRollingRestart -Force -Confirm:$false",
            FaultTable.UserSettings => " | Enable-PemUserSettings -Credential (New-PemCredential pem_user_settings -Path $state)",
            _ => $" | Install-PemCluster @order -StartAt {_step.Name} -StopAfter {_step.Name}",
        };
        var credential = password is null ? "" : $$"""
            $secure = [securestring]::new(); foreach ($c in '{{password}}'.ToCharArray()) { $secure.AppendChar($c) }
            $login.Credential = [pscredential]::new('{{Admin}}', $secure)
            """;
        var wait = between ? $$"""
            [System.IO.File]::WriteAllText('{{Sign("connected")}}', '')
            while (-not [System.IO.File]::Exists('{{Sign("go")}}')) { [System.Threading.Thread]::Sleep(20) }
            """ : "";
        return StartPowerShellAsync($$"""
            {{WholeOrder}}
            {{credential}}
            Report { $nodes = $hosts | Connect-PemHost @login
            {{wait}}
            $nodes{{step}} }
            """, under: under);
    }

    /// <summary>Waits until a step that waits after its connections are made has them.</summary>
    internal Task ConnectedAsync() => UntilAsync("the connections", () => Task.FromResult(File.Exists(Sign("connected"))), there => there);

    /// <summary>Lets it go on.</summary>
    internal void GoOn() => File.WriteAllText(Sign("go"), "");

    string Sign(string name) => Path.Combine(LabPaths.StateOf(Options.Name), name);

    /// <summary>Prepares the host to stop in the middle of the step, where nothing in it takes long enough to be met.</summary>
    internal async Task HoldAsync()
    {
        if (_step.Runs is not null) return;
        // The scripts' PATH begins with this folder.
        var (tool, arguments) = _step.Hold;
        await RootAsync(_step.Host, $"""
            printf '%s\n' '#!/bin/sh' 'until [ -e {Open} ]; do sleep 0.05; done' > {Held}
            printf '%s\n' '#!/bin/sh' 'case "$*" in {arguments}) {Held} ;; esac' 'exec /usr/bin/{tool} "$@"' > /usr/local/sbin/{tool}
            chmod 755 {Held} /usr/local/sbin/{tool}
            """);
    }

    /// <summary>Waits until the host is in the middle of the step.</summary>
    internal async Task InTheMiddleAsync(RunningCommand run)
    {
        var sought = _step.Runs ?? Held;
        while (!CommandLines(_step.Host).Any(l => l.Contains(sought, StringComparison.Ordinal)))
        {
            if (run.Result.IsCompleted)
                Assert.Fail($"{_step.Name} ended before {_step.Host} was in its middle ({_step.When}).\n{(await run.Result).Stdout}{(await run.Result).Stderr}");
            await Task.Delay(5, Cancellation);
        }
    }

    /// <summary>Lets a held host go on, whether it can be reached or not.</summary>
    internal void LetGo()
    {
        foreach (var pid in Hosted(_step.Host).Take(1))
            File.WriteAllText($"/proc/{pid}/root{Open}", "");
    }

    /// <summary>Takes away what held it.</summary>
    internal async Task UnholdAsync()
    {
        if (_step.Runs is null)
            await RootAsync(_step.Host, $"touch {Open}; rm -f {Held} /usr/local/sbin/{_step.Hold.Tool}");
    }

    /// <summary>
    /// A row that must never be lost, where there is a database already; on the standbys too before anything is struck, as one that has
    /// just booted asks its primary again only after five seconds.
    /// </summary>
    internal async Task MarkAsync()
    {
        await SqlWhereUpAsync("node1", "CREATE TABLE kept AS SELECT 42 AS n");
        var treasure = await TreasureAsync("node1");
        foreach (var standby in new[] { "node2", "node3" })
            await UntilAsync($"the row on {standby}", () => TreasureAsync(standby), kept => kept.Length == 0 || kept == treasure);
    }

    /// <summary>Waits until every standby that runs streams: one that has just booted asks its primary again after some seconds.</summary>
    internal async Task StreamAsync()
    {
        foreach (var host in new[] { "node1", "node2", "node3" })
            await UntilAsync($"{host} streams, if it is a standby", () => SqlWhereUpAsync(host,
                "SELECT coalesce((SELECT status FROM pg_stat_wal_receiver), 'none') WHERE pg_is_in_recovery()"), said => said is "" or "streaming");
    }

    /// <summary>Identity of the first primary's database and the row in it, and the row on each standby that runs; empty where there is none.</summary>
    internal async Task<string> TreasureAsync(string host) => await SqlWhereUpAsync(host,
        "SELECT system_identifier FROM pg_control_system(); SELECT CASE WHEN to_regclass('kept') IS NULL THEN 'no row' ELSE (xpath('/row/n/text()', query_to_xml('SELECT n FROM kept', false, true, '')))[1]::text END");

    Task<string> SqlWhereUpAsync(string host, string sql) => RootAsync(host, $$"""
        cd /; systemctl -q is-active edb-as-17 || exit 0
        runuser -u enterprisedb -- /usr/edb/as17/bin/psql -XAtq -v ON_ERROR_STOP=1 -p 5444 -d postgres <<'SQL'
        {{sql}}
        SQL
        """);

    /// <summary>The files that PemHa writes: a hash for each, or "damaged" for a key that cannot be read and a certificate that is not valid now.</summary>
    internal async Task<IReadOnlyDictionary<string, string>> FilesAsync()
    {
        var lab = await LabAsync();
        var files = new Dictionary<string, string>();
        await Task.WhenAll(lab.Hosts.Select(async host =>
        {
            // A pair is made anew when it is not whole: its files need only be readable.
            var text = await RootAsync(host.Name, """
                D=/var/lib/edb/as17/data
                # the same password is another text each time that it is encrypted; that there is one has to stay
                for f in $D/postgresql.conf $D/pg_hba.conf /var/lib/edb/.pgpass /etc/edb/efm-5.2/efm.properties /usr/edb/pem/web/config_local.py; do
                    [ ! -f $f ] || echo "$(sed -E 's/^(db.password.encrypted=).+/\1set/' $f | sha256sum | cut -d' ' -f1)  $f"
                done
                for f in $D/*.crt /etc/pki/pemha/*.crt; do [ ! -f $f ] || openssl verify -partial_chain -trusted $f $f >/dev/null 2>&1 || echo "damaged  $f"; done
                for f in $D/*.key /etc/pki/pemha/*.key; do [ ! -f $f ] || openssl pkey -in $f -noout 2>/dev/null || echo "damaged  $f"; done
                """);
            lock (files)
            {
                foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    files[$"{host.Name}:{line[(line.IndexOf(' ', StringComparison.Ordinal) + 2)..]}"] = line.Split(' ')[0];
            }
        }));
        return files;
    }

    /// <summary>Looks five times a second, until it is disposed, for two servers that take writes and for two hosts with the virtual IP.</summary>
    internal async Task<ClusterWatch> WatchAsync() => new(this, await LabAsync());

    /// <summary>The hosts whose server takes writes now. One that is frozen takes none.</summary>
    internal IEnumerable<string> Writing(Lab lab) => lab.Hosts.Where(h => !h.IsWitness && !h.IsFrozen).Select(h => h.Name)
        .Where(h => CommandLines(h).Any(l => l.StartsWith("postgres: walwriter", StringComparison.Ordinal)));
}

/// <summary>What must never be seen while a cell runs.</summary>
sealed class ClusterWatch : IAsyncDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    readonly CancellationTokenSource _over = CancellationTokenSource.CreateLinkedTokenSource(ProcedureLab.Cancellation);
    readonly FaultLab _cluster;
    readonly Lab _lab;
    readonly Task _looking;

    public ClusterWatch(FaultLab cluster, Lab lab)
    {
        (_cluster, _lab) = (cluster, lab);
        _looking = Task.Run(LookAsync);
    }

    /// <summary>What was seen all the same.</summary>
    public List<string> Seen { get; } = [];

    public int Looks { get; private set; }

    /// <summary>Ends the looking.</summary>
    public async Task EndAsync()
    {
        await _over.CancelAsync();
        await _looking;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _over.Dispose();
    }

    async Task LookAsync()
    {
        try
        {
            for (; ; await Task.Delay(Pause, _over.Token))
            {
                var writing = _cluster.Writing(_lab).ToList();
                if (writing.Count > 1) Note($"{string.Join(" and ", writing)} take writes at once");
                var holding = new List<string>();
                foreach (var host in _lab.Hosts.Where(h => h.IsOn))
                {
                    // From outside: a host that is frozen or cut off has its addresses all the same.
                    var said = await Command.RunAsync(["ip", "-n", Namespaces.Host(_lab.Name, host.Name), "-o", "addr", "show", "to", ProcedureLab.VirtualIp], _over.Token);
                    if (said.Stdout.Contains(ProcedureLab.VirtualIp + "/", StringComparison.Ordinal)) holding.Add(host.Name);
                }
                if (holding.Count > 1) Note($"{string.Join(" and ", holding)} have the virtual IP at once");
                Looks++;
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    void Note(string what) => Seen.Add(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.f} {what}"));
}
