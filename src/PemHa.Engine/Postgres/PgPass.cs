using System.Text.RegularExpressions;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>The owner's <c>.pgpass</c> with a line for each data node (P11). Other lines stay.</summary>
sealed class PgPass : ManagedFile
{
    public required string UserName { get; init; }

    public required string Password { get; init; }

    public required IReadOnlyList<string> Addresses { get; init; }

    public required int Port { get; init; }

    /// <summary>
    /// A field of the file: <c>:</c> and <c>\</c> need a backslash, and so does a lone <c>*</c>, which would stand for everybody (T3; libpq,
    /// "The Password File"); in UTF-8, as libpq sends it.
    /// </summary>
    public static string Escape(string field) =>
        field == "*" ? "\\*" : Utf8(field.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal));

    protected override string Edit(string? current, Facts facts)
    {
        // libpq takes the first line that matches, so ours go to the top.
        var lines = Addresses.Select(a => $"{Escape(a)}:{Port}:replication:{Escape(UserName)}:{Escape(Password)}").ToList();
        return MarkedBlock.Set(current ?? "", "replication", lines, top: true);
    }

    protected override Recipe ByHand(Facts facts, string wanted)
    {
        var variable = Recipe.PasswordOf(UserName);
        return new($$"""
            {{FindPath}}
            S=$(printf %s "${{variable}}" | sed 's/[\\:]/\\&/g')
            for a in {{Sh.Join([.. Addresses.Select(a => Plain(Escape(a)))])}}; do
                printf '%s:%s:replication:%s:%s\n' "$a" {{Port}} {{Sh.Quote(Plain(Escape(UserName)))}} "$S"
            done | set_block "$F" replication top {{Rights}}
            """)
        { Secrets = [variable] };
    }

    /// <summary>The last field of every line is a password; the four before it may hold escaped colons.</summary>
    protected override string Shown(string text) =>
        Regex.Replace(text, @"^((?:(?:[^:\\\r\n]|\\.)*:){4}).+$", "$1********", RegexOptions.Multiline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
}
