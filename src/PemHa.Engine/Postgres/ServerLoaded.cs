using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>The running server has read its files: a reload, or a restart only when the server says that one is pending (T2, P10, P15).</summary>
sealed class ServerLoaded(PemHost host) : Resource
{
    /// <summary>Settings that must have this value afterwards.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Settings that must have this value where the data directory has a list of revoked certificates (P25).</summary>
    public IReadOnlyDictionary<string, string> WhereRevoked { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a restart, if needed, is left to Invoke-PemRollingRestart.</summary>
    public bool ReloadOnly { get; init; }

    public override string Name => $"configuration of {host.Cluster.ServiceName}";

    public override Facts? Blank => Facts.Of([("up", "1"), .. Settings.Select(s => ($"setting.{s.Key}", s.Value))]);

    public override string Probe => ServerFacts.Probe;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!facts.Is("up")) throw Database.Missing("it does not run");
        // What wins over the file is known before the file is written.
        foreach (var (name, wanted) in Wanted(facts))
            if (!SettingsFile.Satisfied(name, wanted, facts[$"setting.{name}"]) && Wins(name, facts)) throw Overridden(name, wanted, facts);
        if (triggered || facts["stale"] == "true")
            return new Change("reload", $"systemctl reload {host.Cluster.ServiceName}", Reload + (ReloadOnly ? "" : Restart));
        if (!ReloadOnly && facts.Has("pending"))
            return new Change("restart", $"systemctl restart {host.Cluster.ServiceName}  # for {facts["pending"]}", Restart);
        foreach (var (name, wanted) in Wanted(facts))
        {
            // A setting that still waits for a restart shows its old value; that is the restart's business.
            if (SettingsFile.Satisfied(name, wanted, facts[$"setting.{name}"]) || facts["pending"].Split(", ").Contains(name)) continue;
            throw Overridden(name, wanted, facts);
        }
        return null;
    }

    IEnumerable<KeyValuePair<string, string>> Wanted(Facts facts) => Settings.Concat(facts.Is("revoked") ? WhereRevoked : []);

    /// <summary>The server's command line and ALTER SYSTEM win over every other file. What they say now counts, and not what they said when the server was started.</summary>
    static bool Wins(string name, Facts facts) => facts.Has($"auto.{name}") || facts[$"source.{name}"] == CommandLine;

    const string CommandLine = "command line";

    PemException Overridden(string name, string wanted, Facts facts)
    {
        var auto = facts[$"auto.{name}"];
        var source = auto.Length > 0 ? auto : facts[$"source.{name}"];
        return new("SettingOverridden", Trouble.InvalidResult, $"{name} is {facts[$"setting.{name}"]} on {host.Name}, not {wanted}: set by {source}.",
            (auto.Length > 0 ? $"ALTER SYSTEM RESET {name}; in the database of {host.Name}"
                : source == CommandLine ? $"Take it out of the server's command line (systemctl cat {host.Cluster.ServiceName})" : "Remove that line")
            + ", if nobody needs it so; then run the step again.");
    }

    const string Reload = """
        loaded() { [ "$(echo "SELECT extract(epoch FROM pg_conf_load_time()) >= $M" | sql postgres)" = t ]; }
        M=$(newest)
        systemctl reload "$PGSERVICE"
        wait_for 30 loaded || fail "$PGSERVICE did not read its configuration again; see its log"

        """;

    // With an agent running, a stopped database would be a failover: that restart is Invoke-PemRollingRestart's.
    const string Restart = """
        N=$(echo "SELECT string_agg(name, ', ') FROM pg_settings WHERE pending_restart" | sql postgres)
        if [ -n "$N" ]; then
            systemctl -q is-active "$EFMSERVICE" && fail "a restart is pending for $N, and EFM runs: run Invoke-PemRollingRestart"
            systemctl restart "$PGSERVICE"
            ready() { echo 'SELECT 1' | sql postgres >/dev/null 2>&1; }
            wait_for 60 ready || fail "$PGSERVICE did not come back; see its log"
        fi

        """;
}
