using System.Globalization;
using System.Text.RegularExpressions;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>A block of settings at the end of <c>postgresql.conf</c>, where the last one counts (P8, P25).</summary>
sealed partial class SettingsFile : ManagedFile
{
    /// <summary>The block's name.</summary>
    public required string Block { get; init; }

    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>Settings that belong there too where the data directory has a list of revoked certificates, and nowhere else (P25).</summary>
    public IReadOnlyDictionary<string, string> WhereRevoked { get; init; } = new Dictionary<string, string>();

    public override string Probe => base.Probe + "\n" + ServerFacts.Probe;

    /// <summary>Whether a running server's value will do: what replication needs are minimums, and a server that has more keeps it.</summary>
    public static bool Satisfied(string name, string wanted, string current) => current == wanted
        || (name == "wal_level" && wanted == "replica" && current == "logical")
        || (name is "max_wal_senders" or "wal_keep_size" or "max_replication_slots"
            && long.TryParse(current, NumberStyles.None, CultureInfo.InvariantCulture, out var has)
            && long.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var needs) && has > needs);

    static string Kept(string name, string wanted, string current) => Satisfied(name, wanted, current) ? current : wanted;

    public override Facts? Blank => Facts.Of(("file.text", ""), ("file.mode", $"{Mode} {Owner}"));

    protected override string Edit(string? current, Facts facts) => current is null
        ? throw Database.Missing(PathOf(facts))
        : MarkedBlock.Set(current, Block, [.. Lines(facts).Select(Utf8)], top: false);

    IEnumerable<string> Lines(Facts facts) =>
        Settings.Concat(facts.Is("revoked") ? WhereRevoked : []).Select(s => $"{s.Key} = {Value(Kept(s.Key, s.Value, facts[$"setting.{s.Key}"]))}");

    protected override Recipe ByHand(Facts facts, string wanted) => new($"{FindPath}\nset_block \"$F\" {Block} end <<'SETTINGS'\n{string.Join('\n', Lines(facts))}\nSETTINGS");

    /// <summary>A value as the file wants it: words and numbers, with a unit or without, plain, the rest quoted; <c>1e5</c> is neither for Postgres.</summary>
    internal static string Value(string value) => Plain().IsMatch(value)
        ? value
        : "'" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + "'";

    [GeneratedRegex(@"^(?:[A-Za-z][A-Za-z0-9]*|[0-9]+[A-Za-z]*)\z")]
    private static partial Regex Plain();
}
