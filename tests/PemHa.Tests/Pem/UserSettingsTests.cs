using System.Text;
using CsCheck;
using PemHa.Engine;
using PemHa.Engine.Pem;
using PemHa.Engine.Postgres;
using PemHa.Engine.Procedure;
using PemHa.Engine.State;

namespace PemHa.Tests.Pem;

/// <summary>The user settings of the web applications: their database, its rules, and the line that says where it is.</summary>
[Spec("P36", "T19")]
public class UserSettingsTests
{
    const string Mode = "640 root:pem";
    readonly Example _c1 = new();

    /// <summary>Passwords that need no percent-encoding.</summary>
    static readonly Gen<string> Plain = Gen.Char["abzAZ019._~-"].Array[1, 40].Select(c => new string(c));

    [Fact]
    [Fuzzes("UserSettings.Uri", "UserSettings.Refusal")]
    public void A_password_is_refused_or_stands_in_the_URI_as_it_is() => Gen.OneOf(Texts.Any, Plain).Holds(password =>
    {
        var plain = Uri.EscapeDataString(password) == password;
        Assert.Equal(plain, UserSettings.Refusal(password) is null);
        if (!plain) return;
        var uri = UserSettings.Uri(_c1.Cluster, "pem_user_settings", password);
        Assert.Equal(
            $"postgresql+psycopg://pem_user_settings:{password}@172.16.161.245:5444/pem_user_settings?sslmode=require",
            uri);
    }, cases: 500);

    [Fact]
    public void Python_reads_the_password_back_from_the_line_as_the_migration_does() =>
        Plain.Array[500].Holds(passwords =>
    {
        // A host without Python has no web application; this machine may be one.
        if (!Shell.Has("python3")) return;
        var lines = string.Join('\0', passwords.Select(Line));
        var result = Shell.Run("python3", Encoding.UTF8.GetBytes(lines), "-c", """
            import configparser, sys, urllib.parse
            for line in sys.stdin.buffer.read().decode().split('\0'):
                names = {}
                exec(line, names)
                parser = configparser.ConfigParser()
                parser.add_section('alembic')
                parser.set('alembic', 'sqlalchemy.url', names['CONFIG_DATABASE_URI'])
                uri = urllib.parse.urlsplit(parser.get('alembic', 'sqlalchemy.url'))
                assert (uri.hostname, uri.port, uri.path) == ('172.16.161.245', 5444, '/pem_user_settings'), line
                sys.stdout.buffer.write((urllib.parse.unquote(uri.password) + '\0').encode())
            """);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(passwords, result.Output.Split('\0')[..^1]);
    }, cases: 2, each: 500, threads: 1);

    [Fact]
    public void An_IPv6_address_stands_in_brackets() => Assert.Equal(
        "postgresql+psycopg://a_b:p@[fd00::9]:5555/pem_user_settings?sslmode=require",
        UserSettings.Uri(new PemCluster("efm", "fd00::9") { Port = 5555 }, "a_b", "p"));

    [Fact]
    public void The_rest_of_the_configuration_stays_byte_for_byte() => Texts.Any.Holds(text =>
    {
        var set = Edited(File("pw"), text);
        var from = set.IndexOf("# BEGIN PemHa user settings", StringComparison.Ordinal);
        Assert.True(set[..from] == text || set[..from] == text + "\n" || set[..from] == text + "\r\n");
        Assert.Null(File("pw").Compare(Facts.Of(("file.text", set), ("file.mode", Mode)), false));
        Assert.Equal(set.Replace(":pw@", ":other@", StringComparison.Ordinal), Edited(File("other"), set));
    }, cases: 300);

    [Fact]
    public void A_runbook_writes_the_same_line_from_a_password_that_it_is_given() => Gen.OneOf(
        Texts.Line.Where(x => x.Length > 0), Plain).Array[10].Holds(passwords =>
    {
        foreach (var password in passwords)
        {
            var recipe = File("pw").Compare(Facts.Of(), false)!.Recipe;
            var variable = Assert.Single(recipe.Secrets);
            // All but the code that writes the file, which is the same for every file.
            var secret = $"{variable}={PemHa.Engine.Remote.Sh.Quote(password)}";
            var result = Shell.Sh(
                $"LC_ALL=C\nfail() {{ echo refused; exit 1; }}\n{secret}\nset_block() {{ cat; }}\n{recipe.Script}\n");
            Assert.Equal(
                UserSettings.Refusal(password) is null ? Line(password) + "\n" : "refused\n", result.Output);
        }
    }, cases: 3, each: 10, threads: 1);

    [Fact]
    public void A_file_that_others_may_read_is_closed()
    {
        var text = Edited(File("pw"), null);
        Assert.Equal("# BEGIN PemHa user settings\nCONFIG_DATABASE_URI = \"postgresql+psycopg://pem_user_settings:pw@172.16.161.245:5444/pem_user_settings?sslmode=require\"\n"
            + "# END PemHa user settings\n", text);
        Assert.StartsWith("mode 644 root:root -> 640 root:pem",
            File("pw").Compare(Facts.Of(("file.text", text), ("file.mode", "644 root:root")), false)!.Difference, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_of_somebody_elses_below_ours_would_win_and_is_named()
    {
        const string theirs = "X = 1\nCONFIG_DATABASE_URI = 'sqlite'\n";
        Assert.StartsWith(theirs, Edited(File("pw"), theirs), StringComparison.Ordinal);
        var error = Assert.Throws<PemException>(() => Edited(File("pw"), Edited(File("old"), "X = 1\n") + "Y = 2\nCONFIG_DATABASE_URI='sqlite'\n"));
        Assert.Equal("SettingOverridden", error.Id);
        Assert.Contains("in line 6,", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_difference_shows_a_password_new_or_old_nor_anything_of_others()
    {
        const string theirs = "MAIL_PASSWORD = 'mine'\n# was postgres://u:hers@h/d\n";
        var created = File("new.1").Compare(Facts.Of(("file.text", theirs), ("file.mode", Mode)), false)!.Difference;
        var old = Facts.Of(("file.text", Edited(File("old~2"), theirs)), ("file.mode", Mode));
        var changed = File("new.1").Compare(old, false)!.Difference;
        foreach (var secret in new[] { "new", "old", "mine", "hers" })
            Assert.DoesNotContain(secret, created + changed, StringComparison.Ordinal);
        Assert.Contains("+CONFIG_DATABASE_URI = \"postgresql+psycopg://pem_user_settings:********@172.16.161.245:5444/", created, StringComparison.Ordinal);
        Assert.Equal("only masked values differ", changed);
    }

    [Fact]
    public void The_database_is_the_roles_own_and_nobody_connects_by_the_way()
    {
        var change = Database().Compare(Facts.Of(("up", "1")), false)!;
        Assert.Equal("""
            CREATE DATABASE "pem_user_settings" OWNER "pem_user_settings" TEMPLATE template0;
            REVOKE CONNECT, TEMPORARY ON DATABASE "pem_user_settings" FROM PUBLIC;
            GRANT CONNECT ON DATABASE pem TO pem_user;
            GRANT CONNECT ON DATABASE pem TO pem_admin;
            GRANT CONNECT ON DATABASE pem TO pem_agent;
            REVOKE CONNECT ON DATABASE pem FROM PUBLIC;
            ALTER DEFAULT PRIVILEGES FOR ROLE "pem_user_settings" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO pem_user;
            ALTER DEFAULT PRIVILEGES FOR ROLE "pem_user_settings" GRANT SELECT, UPDATE ON SEQUENCES TO pem_user;
            """, change.Difference);
        Assert.Null(Database().Compare(Facts.Of(Well), false));
    }

    [Fact]
    public void A_database_that_the_page_made_gets_its_owner_and_loses_PUBLIC()
    {
        var change = Database().Compare(Facts.Of([.. Well, ("owner", "enterprisedb"), ("open.pem_user_settings", "1")]), false)!;
        Assert.Equal("ALTER DATABASE \"pem_user_settings\" OWNER TO \"pem_user_settings\";\n"
            + "REVOKE CONNECT, TEMPORARY ON DATABASE \"pem_user_settings\" FROM PUBLIC;", change.Difference);
        Assert.Equal("GRANT CREATE, USAGE ON SCHEMA public TO \"pem_user_settings\";",
            Database().Compare(Facts.Of([.. Well, ("create", "")]), false)!.Difference);
    }

    [Fact]
    [Spec("T12")]
    public void The_role_comes_from_every_web_host_to_this_database_and_to_no_other()
    {
        var step = Step("pw");
        foreach (var host in new[] { _c1.Primary, _c1.Standby, _c1.Third })
        {
            var text = Example.The<HbaFile>(step, host).Compare(Facts.Of(("file.text", "host all all all md5\n"), ("file.mode", "600 x:x"), ("ssl", "on")), false)!;
            Assert.Equal(
                [
                    .. new[] { "127.0.0.1", "172.16.161.200", "172.16.161.201", "172.16.161.202", "172.16.161.245" }
                        .Select(a => $"hostssl pem_user_settings pem_user_settings {a}/32 scram-sha-256"),
                    "host all pem_user_settings all reject",
                ], MarkedBlock.Get(Content(text), "user-settings")!);
        }
        Assert.Empty(Example.Resources(step, _c1.Witness));
    }

    [Fact]
    public void The_whole_order_does_it_on_request_and_otherwise_leaves_it_out()
    {
        var names = Deployment.Names.ToList();
        Assert.Equal(names.IndexOf("Install-PemServer") + 1, names.IndexOf("Enable-PemUserSettings"));
        Assert.Equal(names.IndexOf("Set-PemWebApplication") - 1, names.IndexOf("Enable-PemUserSettings"));
    }

    static readonly (string, string)[] Well =
    [
        ("up", "1"), ("owner", "pem_user_settings"), ("create", "1"), ("connect.pem_user", "1"), ("connect.pem_admin", "1"), ("connect.pem_agent", "1"),
        .. new[] { "SELECT", "INSERT", "UPDATE", "DELETE" }.Select(p => ($"default.r.{p}", "1")), ("default.S.SELECT", "1"), ("default.S.UPDATE", "1"),
    ];

    Step Step(string password) => SectionE.Settings(_c1.Cluster, _c1.Cluster.Hosts, _c1.Primary, "pem_user_settings", password);

    WebConfiguration File(string password) => Example.The<WebConfiguration>(Step(password), _c1.Standby);

    UserSettingsDatabase Database() => Example.The<UserSettingsDatabase>(Step("pw"), _c1.Primary);

    /// <summary>The line with the URI that has the password.</summary>
    string Line(string password) =>
        $"CONFIG_DATABASE_URI = \"{UserSettings.Uri(_c1.Cluster, "pem_user_settings", password)}\"";

    static string Edited(ManagedFile file, string? text) =>
        Content(file.Compare(text is null ? Facts.Of() : Facts.Of(("file.text", ManagedFile.Utf8(text)), ("file.mode", Mode)), false)!) is var bytes
            ? Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes)) : "";

    static string Content(Change change) =>
        Encoding.Latin1.GetString(Convert.FromBase64String(change.Apply.Split("<<'PEMHA'\n")[1].Split('\n')[0]));
}
