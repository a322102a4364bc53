using System.Text;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Postgres;

/// <summary>A login role with a password and privileges (P7, P13, P32). The password leaves us only as a SCRAM verifier.</summary>
sealed class Role(Redactor redactor) : Resource
{
    public required string RoleName { get; init; }

    /// <summary>Such as <c>LOGIN REPLICATION</c>.</summary>
    public required IReadOnlyList<string> Attributes { get; init; }

    /// <summary>Clear text; null for a role that logs in by certificate only.</summary>
    public string? Password { get; init; }

    /// <summary>The database in which privileges are checked and given.</summary>
    public string Database { get; init; } = "postgres";

    /// <summary>A condition in SQL and the statement that makes it true.</summary>
    public IReadOnlyList<(string Holds, string Grant)> Privileges { get; init; } = [];

    /// <summary>Whether the last comparison found another password than the wanted one.</summary>
    public bool PasswordChanged { get; private set; }

    public override string Name => $"role {RoleName}";

    public override Facts? Blank => Facts.Of(("up", "1"));

    public override string Probe
    {
        get
        {
            var attributes = string.Join(" AND ", Attributes.Select(a => Columns[a]));
            var held = string.Concat(Privileges.Select((p, i) => $"\n  UNION ALL SELECT 'holds{i}', ({p.Holds})::text FROM r"));
            return "up || exit 0\nfact up 1\n" + SqlText.Run(Database, $"""
                WITH r AS (SELECT * FROM pg_authid WHERE rolname = {SqlText.Literal(RoleName)})
                SELECT name || chr(9) || '=' || value FROM (
                  SELECT 'verifier' AS name, coalesce(rolpassword, '') AS value FROM r
                  UNION ALL SELECT 'attributes', ({attributes})::text FROM r
                  UNION ALL SELECT 'expired', (rolvaliduntil <= now())::text FROM r WHERE rolvaliduntil IS NOT NULL{held}) f
                """);
        }
    }

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!facts.Is("up")) throw Postgres.Database.Missing("it does not run");
        var name = SqlText.Identifier(RoleName);
        var shown = new List<string>();
        var sent = new List<string>();
        var byHand = new List<string>();
        void Statement(string text)
        {
            shown.Add(text);
            sent.Add(text);
            byHand.Add(text);
        }
        var attributes = string.Join(' ', Attributes);
        var exists = facts.Has("verifier");
        redactor.Add(facts["verifier"]);
        if (!exists) Statement($"CREATE ROLE {name} {attributes};");
        else if (facts["attributes"] != "true") Statement($"ALTER ROLE {name} {attributes};");
        // Somebody else's role of this name may have had its day; a password that has expired opens nothing.
        if (Password is not null && facts.Is("expired")) Statement($"ALTER ROLE {name} VALID UNTIL 'infinity';");
        if (Password is not null && !ScramVerifier.Matches(facts["verifier"], Password))
        {
            PasswordChanged = exists;
            var verifier = ScramVerifier.Create(Password);
            redactor.Add(verifier);
            shown.Add($"ALTER ROLE {name} PASSWORD 'SCRAM-SHA-256$...';");
            sent.Add($"ALTER ROLE {name} PASSWORD {SqlText.Literal(verifier)};");
        }
        for (var i = 0; i < Privileges.Count; i++)
            if (facts[$"holds{i}"] != "true") Statement(Privileges[i].Grant + ";");
        if (sent.Count == 0) return null;
        var variable = Recipe.PasswordOf(RoleName);
        var password = sent.Count > byHand.Count;
        return new Change(exists ? "alter" : "create", string.Join('\n', shown), Transaction(sent))
        {
            Recipe = new Recipe((byHand.Count > 0 ? Transaction(byHand) + "\n" : "") + (password ? $"role_password {Sh.Quote(name)} \"${variable}\"" : ""))
            {
                Secrets = password ? [variable] : [],
            },
        };
    }

    /// <summary>Why a role cannot be called so; null when it can. Whatever else is in a name, every file and statement that bears it quotes.</summary>
    public static string? Refusal(string name) =>
        name.Length == 0 ? "it is empty"
        : Garbled(name) ? "it holds a line break, another control character or half of one"
        : name[0] is ' ' || name[^1] is ' ' ? "it begins or ends with a blank, which files drop"
        // pg_hba.conf has no quotes that would take this away (since 16).
        : name[0] == '/' ? "pg_hba.conf takes a name that begins with / for a regular expression"
        : name.StartsWith("pg_", StringComparison.Ordinal) || name is "public" or "none" ? "Postgres keeps that name for itself"
        : Encoding.UTF8.GetByteCount(name) > 63 ? "it is longer than 63 bytes, where Postgres cuts it off" : null;

    /// <summary>Why a role cannot have such a password; null when it can.</summary>
    public static string? PasswordRefusal(string password) =>
        password.Length == 0 ? "it is empty"
        : password.AsSpan().IndexOfAny('\n', '\r', '\0') >= 0 ? "it holds a line break"
        : Halved(password) ? "it holds half of a character" : null;

    static bool Garbled(string text) => text.Any(char.IsControl) || Halved(text);

    /// <summary>Whether UTF-8 cannot hold it.</summary>
    static bool Halved(string text) => text.EnumerateRunes().Contains(Rune.ReplacementChar) && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) != text;

    string Transaction(IEnumerable<string> statements) => SqlText.Run(Database, string.Join('\n', statements.Prepend("BEGIN;").Append("COMMIT;")));

    static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["LOGIN"] = "rolcanlogin",
        ["REPLICATION"] = "rolreplication",
        ["SUPERUSER"] = "rolsuper",
        ["NOSUPERUSER"] = "NOT rolsuper",
    };
}
