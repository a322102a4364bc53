using System.Globalization;
using System.Text.RegularExpressions;
using PemHa.Engine.Postgres;
using PemHa.Engine.Remote;
using PemHa.Engine.State;

namespace PemHa.Engine.Pem;

/// <summary>Where PEM's web applications keep what their users have set, so that it is the same on every host (P36).</summary>
static class UserSettings
{
    public const string DatabaseName = "pem_user_settings";

    /// <summary>What the web application reads when it starts, of an administrator's own settings.</summary>
    public const string ConfigurationFile = "/usr/edb/pem/web/config_local.py";

    /// <summary>The unit that runs the web application behind nginx.</summary>
    public const string Service = "edb-uwsgi";

    /// <summary>
    /// The database as SQLAlchemy reads it: <c>postgresql</c> and not <c>postgres</c>, with the driver that the web
    /// application brings, and the one host that is always the primary (T19). Nothing in it needs a backslash in
    /// Python, nor percent-encoding: see <see cref="Refusal"/>.
    /// </summary>
    public static string Uri(PemCluster cluster, string user, string password)
    {
        var server = NodeAddress.At(cluster.VirtualIp, cluster.Port);
        return $"postgresql+psycopg://{user}:{password}@{server}/{DatabaseName}?sslmode=require";
    }

    /// <summary>The characters that a URI holds as they are.</summary>
    public const string Plain = "A-Za-z0-9._~-";

    /// <summary>
    /// Why a role or its password cannot stand in the URI; null when it can. Percent-encoding would be right for the
    /// URI, but the application's own migration may hand that to Python's ConfigParser, to which % begins an
    /// interpolation, and then the application does not start (B22).
    /// </summary>
    public static string? Refusal(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '~' or '-') ? null
        : "CONFIG_DATABASE_URI would hold it percent-encoded, which PEM's web application may not read; use letters, "
            + "digits and ._~- only (New-PemCredential makes such passwords)";
}

/// <summary>
/// The database of the users' settings and its privileges (P36). It belongs to the role that makes its tables, as from Postgres 15 on nobody
/// else may; and nobody connects by the privilege of PUBLIC, neither to it nor to PEM's own (T19).
/// </summary>
sealed class UserSettingsDatabase(string owner) : Resource
{
    /// <summary>PEM's own roles, which would lose PEM's database together with PUBLIC.</summary>
    static readonly string[] PemRoles = ["pem_user", "pem_admin", "pem_agent"];

    static readonly (string Kind, string Objects, string[] Privileges)[] Defaults =
        [("r", "TABLES", ["SELECT", "INSERT", "UPDATE", "DELETE"]), ("S", "SEQUENCES", ["SELECT", "UPDATE"])];

    public override string Name => $"database {UserSettings.DatabaseName}";

    public override Facts? Blank => Facts.Of(("up", "1"));

    public override string Probe => $$"""
        up || exit 0
        fact up 1
        {{SqlText.Run("postgres", $"""
            SELECT name || chr(9) || '=' || value FROM (
              SELECT 'owner' AS name, r.rolname::text AS value FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
                WHERE d.datname = {SqlText.Literal(UserSettings.DatabaseName)} UNION ALL
              SELECT 'open.' || d.datname, '1' FROM pg_database d WHERE d.datname IN ({SqlText.Literal(UserSettings.DatabaseName)}, 'pem')
                AND EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x WHERE x.grantee = 0 AND x.privilege_type = 'CONNECT') UNION ALL
              SELECT 'connect.' || r.rolname, '1' FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) x JOIN pg_roles r ON r.oid = x.grantee
                WHERE d.datname = 'pem' AND x.privilege_type = 'CONNECT') f
            """)}} > "$T/settings.database"
        cat "$T/settings.database"
        grep -q '^owner' "$T/settings.database" || exit 0
        {{SqlText.Run(UserSettings.DatabaseName, $"""
            WITH r AS (SELECT oid FROM pg_roles WHERE rolname = {SqlText.Literal(owner)})
            SELECT 'default.' || d.defaclobjtype::text || '.' || x.privilege_type || chr(9) || '=1'
              FROM r JOIN pg_default_acl d ON d.defaclrole = r.oid AND d.defaclnamespace = 0 CROSS JOIN LATERAL aclexplode(d.defaclacl) x
              JOIN pg_roles p ON p.oid = x.grantee AND p.rolname = 'pem_user' UNION ALL
            SELECT 'create' || chr(9) || '=1' FROM r, pg_namespace n WHERE n.nspname = 'public' AND has_schema_privilege(r.oid, n.oid, 'CREATE')
            """)}}
        """;

    public override Change? Compare(Facts facts, bool triggered)
    {
        if (!facts.Is("up")) throw Database.Missing("it does not run");
        string database = SqlText.Identifier(UserSettings.DatabaseName), role = SqlText.Identifier(owner);
        var missing = !facts.Has("owner");
        var outside = new List<string>();
        // template0 is what nobody is connected to, and in it nobody has changed whose the schema public is.
        if (missing) outside.Add($"CREATE DATABASE {database} OWNER {role} TEMPLATE template0;");
        else if (facts["owner"] != owner) outside.Add($"ALTER DATABASE {database} OWNER TO {role};");
        if (missing || facts.Is($"open.{UserSettings.DatabaseName}")) outside.Add($"REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC;");
        outside.AddRange(PemRoles.Where(r => !facts.Is($"connect.{r}")).Select(r => $"GRANT CONNECT ON DATABASE pem TO {r};"));
        if (missing || facts.Is("open.pem")) outside.Add("REVOKE CONNECT ON DATABASE pem FROM PUBLIC;");

        var inside = new List<string>();
        // The new owner has the schema with the database, unless that was made before Postgres 15, or by somebody's own ideas.
        if (!missing && facts["owner"] == owner && !facts.Is("create")) inside.Add($"GRANT CREATE, USAGE ON SCHEMA public TO {role};");
        foreach (var (kind, objects, privileges) in Defaults)
            if (!privileges.All(p => facts.Is($"default.{kind}.{p}")))
                inside.Add($"ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT {string.Join(", ", privileges)} ON {objects} TO pem_user;");
        if (outside.Count + inside.Count == 0) return null;
        var commands = new List<string>();
        if (outside.Count > 0) commands.Add(SqlText.Run("postgres", string.Join('\n', outside)));
        if (inside.Count > 0) commands.Add(SqlText.Run(UserSettings.DatabaseName, string.Join('\n', inside)));
        return new Change(missing ? "create" : "alter", string.Join('\n', outside.Concat(inside)), string.Join('\n', commands));
    }
}

/// <summary>The line of ours in the web application's configuration that says where its users' settings are (P36).</summary>
sealed partial class WebConfiguration : ManagedFile
{
    const string Block = "user settings", Setting = "CONFIG_DATABASE_URI";

    public required string Uri { get; init; }

    /// <summary>What the URI is made of, for a runbook.</summary>
    public required PemCluster Cluster { get; init; }

    public required string UserName { get; init; }

    protected override Recipe ByHand(Facts facts, string wanted)
    {
        var variable = Recipe.PasswordOf(UserName);
        return new($$"""
            {{FindPath}}
            # as PemHa itself refuses it: the web application may not read a percent-encoded one
            case "${{variable}}" in
                ''|*[!{{UserSettings.Plain}}]*)
                    fail "the password of {{UserName}} may hold letters, digits and ._~- only" ;;
            esac
            P=${{variable}}
            printf '%s\n' "{{Setting}} = \"{{UserSettings.Uri(Cluster, UserName, "$P")}}\"" |
                set_block "$F" {{Sh.Quote(Block)}} end {{Rights}}
            """)
        { Secrets = [variable] };
    }

    /// <summary>The file is Python, and its last word counts.</summary>
    protected override string Edit(string? current, Facts facts)
    {
        var text = MarkedBlock.Set(current ?? "", Block, [$"{Setting} = \"{Uri}\""], top: false);
        var after = text[(text.LastIndexOf($"# END PemHa {Block}", StringComparison.Ordinal) + 1)..];
        if (Assignment().Match(after) is { Success: true } other)
            throw new PemException("SettingOverridden", Trouble.InvalidResult,
                $"{PathOf(facts)} sets {Setting} once more in line {1 + text[..(text.Length - after.Length + other.Index)].Count(c => c == '\n')}, below PemHa's block, and the last one counts.",
                "Remove that line, then run the step again.");
        return text;
    }

    /// <summary>What is not ours may be as secret as a password, whatever it looks like.</summary>
    protected override string Shown(string text)
    {
        var ours = false;
        return string.Join('\n', text.Split('\n').Select(line =>
        {
            var mark = line.TrimEnd('\r');
            if (mark == $"# BEGIN PemHa {Block}") ours = true;
            var shown = ours ? Password().Replace(line, "$1********@") : mark.Length == 0 ? line : "(a line of somebody else's)";
            if (mark == $"# END PemHa {Block}") ours = false;
            return shown;
        }));
    }

    [GeneratedRegex(@"^[ \t]*CONFIG_DATABASE_URI\b", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Assignment();

    [GeneratedRegex("(://[^:/@]*:).*@", RegexOptions.CultureInvariant)]
    private static partial Regex Password();
}

/// <summary>A host's own web application answers, with whatever certificate; after a start it has made the tables that it wants.</summary>
sealed class WebAnswers(PemHost host) : Resource
{
    public override string Name => $"web application at {Url}";

    public override string Probe => $"fact code \"$({Request})\"";

    public override Change? Compare(Facts facts, bool triggered) => !triggered && facts["code"] is ['2' or '3', ..] ? null
        : new Change("prove", $"curl {Url}", $$"""
            answers() { C=$({{Request}}); case "$C" in 2??|3??) ;; *) return 1;; esac; }
            wait_for 30 answers || fail "{{Url}} answers with status $C; see journalctl -u {{UserSettings.Service}}"
            """);

    string Url => string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{host.Cluster.WebPort}/pem");

    string Request => $"curl -sk -m 10 -o /dev/null -w '%{{http_code}}' {Url} 2>/dev/null";
}
