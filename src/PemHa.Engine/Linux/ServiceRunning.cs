using System.Globalization;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Linux;

/// <summary>A systemd service that is enabled and runs; restarted when something it depends on changed.</summary>
sealed class ServiceRunning(string service) : Resource
{
    /// <summary>A file that the service reads when it starts: one that is newer than the start wants a restart, also when an earlier run was cut between the two.</summary>
    public string? Reads { get; init; }

    public override string Name => $"service {service}";

    public override string Probe => $$"""
        fact64 state <<E
        $(systemctl show -p UnitFileState -p ActiveState -p ActiveEnterTimestampMonotonic {{Sh.Quote(service)}} 2>/dev/null)
        E
        {{(Reads is null ? "" : Written(Reads))}}
        """;

    /// <summary>The shell that tells when a file was written, for <see cref="Outdated"/>.</summary>
    public static string Written(string path) =>
        // Both clocks at one moment: a host that is busy in between would make the service look older than it is.
        "for _ in 1 2 3 4 5 6 7 8 9; do read -r u _ < /proc/uptime; n=$(date +%s.%3N); read -r v _ < /proc/uptime; [ $u != $v ] || break; done\n"
        + $"fact now $n; fact uptime $u; fact written \"$(stat -c %.3Y {Sh.Quote(path)} 2>/dev/null)\"";

    public override Change? Compare(Facts facts, bool triggered)
    {
        var commands = new List<string>();
        var state = facts["state"].Split('\n');
        if (!state.Contains("UnitFileState=enabled")) commands.Add($"systemctl -q enable {Sh.Quote(service)}");
        var action = !state.Contains("ActiveState=active") ? "start" : triggered || Outdated(facts, state) ? "restart" : "enable";
        if (action != "enable") commands.Add($"systemctl {action} {Sh.Quote(service)}");
        if (commands.Count == 0) return null;
        var text = string.Join('\n', commands);
        string Said(string command) => $"{command} || {{ journalctl -q --no-pager -n 8 -o cat -u {Sh.Quote(service)} >&2; exit 1; }}";
        // What a runbook does before this one may have started it, with files as they were then.
        var byHand = triggered && action == "start" ? text.Replace("systemctl start ", "systemctl restart ", StringComparison.Ordinal) : text;
        return new Change(action, text, Said(text)) { Recipe = new Recipe(Said(byHand)) };
    }

    /// <summary>Whether a service was started before the file was written that it reads then.</summary>
    /// <param name="state">What <c>systemctl show</c> says, with <c>ActiveEnterTimestampMonotonic</c>.</param>
    public static bool Outdated(Facts facts, string[] state)
    {
        const string Entered = "ActiveEnterTimestampMonotonic=";
        return Number(facts["written"]) is { } written && Number(facts["now"]) is { } now && Number(facts["uptime"]) is { } uptime
            && Number(state.FirstOrDefault(l => l.StartsWith(Entered, StringComparison.Ordinal))?[Entered.Length..] ?? "") is { } microseconds
            && written > now - uptime + microseconds / 1_000_000;
    }

    static decimal? Number(string text) => decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
}
