using CsCheck;
using PemHa.Engine;
using PemHa.Engine.Remote;

namespace PemHa.Tests.Remote;

/// <summary>ssh_config as ssh reads it.</summary>
public sealed class SshConfigTests : IDisposable
{
    readonly TemporaryFolder _home = new();

    [Theory]
    [InlineData("Host db\nUser a", "db", "a")]
    [InlineData("host  db \t\n\tuSeR\t a  ", "db", "a")]
    [InlineData("Host db\r\nUser a\r\n", "db", "a")]
    [InlineData("Host=db\nUser=a", "db", "a")]
    [InlineData("Host = db\nUser = a", "db", "a")]
    [InlineData("User =a=b", "db", "a=b")]
    [InlineData("\"User\" \"a b\"", "db", "a b")]
    [InlineData("User 'a b'  # the admin", "db", "a b")]
    [InlineData("User a\\ b", "db", "a b")]
    [InlineData("User \"a\\\"b\"", "db", "a\"b")]
    [InlineData("User a\\b", "db", "a\\b")]
    [InlineData("User a#b", "db", "a#b")]
    [InlineData("# User a\n  # User b\n\nUser c", "db", "c")]
    [InlineData("User a\nUser b\nHost db\nUser c", "db", "a")]
    [InlineData("Host db\nUser a\nHost *\nUser b", "db", "a")]
    [InlineData("Host d? w*\nUser a", "db", "a")]
    [InlineData("Host d? w*\nUser a", "web.example.com", "a")]
    [InlineData("Host d? w*\nUser a", "dba", null)]
    [InlineData("Host * !db\nUser a", "db", null)]
    [InlineData("Host !web *\nUser a", "db", "a")]
    [InlineData("Host !web\nUser a", "db", null)]
    [InlineData("Host DB\nUser a", "db", null)]
    [InlineData("Host x\nUser a\nMatch all\nUser b", "db", "b")]
    [InlineData("Host x\nUser a\nMatch !all\nUser b", "db", null)]
    [InlineData("Match originalhost d*,!db\nUser a", "db", null)]
    [InlineData("HostName real\nMatch host REAL\nUser a", "db", "a")]
    [InlineData("HostName %h.lab\nMatch host=db.lab\nUser a", "db", "a")]
    [InlineData("Match !host db\nUser a", "db", null)]
    public void Its_words_blocks_and_patterns(string text, string host, string? user) => Assert.Equal(user, Parse(text).For(host, null).Get("user")?.Word);

    [Theory]
    [InlineData("Match user root\nIdentityFile a", "root", true)]
    [InlineData("Match user root\nIdentityFile a", "admin", false)]
    [InlineData("User root\nMatch user admin\nIdentityFile a", "admin", true)]
    [InlineData("User admin\nMatch user admin\nIdentityFile a", null, true)]
    public void Match_user_looks_at_the_login_that_will_be_used(string text, string? user, bool applies) =>
        Assert.Equal(applies, Parse(text).For("db", user).All("identityfile").Any());

    [Fact]
    public void Keys_add_up_and_lists_are_kept()
    {
        var found = Parse("Host db\nIdentityFile a\nUserKnownHostsFile k1 \"k 2\"\nHost *\nIdentityFile b\nUserKnownHostsFile k3\nIdentityFile a").For("db", null);
        Assert.Equal(["a", "b", "a"], found.All("identityfile").Select(v => v.Word));
        Assert.Equal(["k1", "k 2"], found.Get("userknownhostsfile")!.Words);
        Assert.Equal("config:3", found.Get("userknownhostsfile")!.Where);
        Assert.Null(found.Get("port"));
    }

    [Theory]
    [InlineData("Match exec \"test -e /x\"\nUser a", "user", true)]
    [InlineData("User b\nMatch exec true\nUser a", "user", false)]
    [InlineData("Match exec true\nUser a", "port", false)]
    [InlineData("Match originalhost web exec true\nUser a", "user", false)]
    [InlineData("Match exec true originalhost web\nUser a", "user", false)]
    [InlineData("Match final all\nUser a", "user", true)]
    [InlineData("Match canonical\nUser a\nHost *\nPort 1", "port", false)]
    [InlineData("Match tagged x\nIdentityFile a", "identityfile", true)]
    [InlineData("Match localnetwork 10.0.0.0/8\nUser a", "user", true)]
    public void A_match_that_nobody_can_judge_is_an_error_only_where_it_matters(string text, string keyword, bool matters)
    {
        var found = Parse(text).For("db", null);
        if (!matters)
        {
            found.Get(keyword);
            return;
        }
        var error = Assert.Throws<PemException>(() => found.All(keyword).ToList());
        Assert.Equal("SshConfigUnsupported", error.Id);
        Assert.StartsWith("config:1: Match ", error.Message, StringComparison.Ordinal);
        Assert.Contains("-SshConfigFile none", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host db\nUser \"a", 2)]
    [InlineData("User", 1)]
    [InlineData("\n\"User a", 2)]
    [InlineData("User # nobody", 1)]
    [InlineData("Match\nUser a", 1)]
    [InlineData("Match host\nUser a", 1)]
    [InlineData("Match all user a\nUser a", 1)]
    [InlineData("Include ${PEMHA_NO_SUCH}/x", 1)]
    public void What_makes_no_sense_is_an_error_with_its_line(string text, int line)
    {
        var error = Assert.Throws<PemException>(() => Parse(text).For("db", null));
        Assert.Equal("SshConfigInvalid", error.Id);
        Assert.StartsWith($"config:{line}: ", error.Message, StringComparison.Ordinal);
        Assert.Equal(Trouble.InvalidArgument, error.Category);
    }

    [Fact]
    public void Includes_stand_where_they_are_included_and_their_blocks_end_with_them()
    {
        Directory.CreateDirectory(_home[".ssh/conf.d"]);
        File.WriteAllText(_home[".ssh/conf.d/20"], "Port 20\nHost web\nHostName other\n");
        File.WriteAllText(_home[".ssh/conf.d/10"], "Port 10\n");
        File.WriteAllText(_home[".ssh/conf.d/.hidden"], "Port 1\n");
        File.WriteAllText(_home["absolute"], "User admin\n");
        var config = Parse($"""
            Host db
                Include conf.d/* no/such/file ~/absolute
                HostKeyAlias after
            Host *
                Port 30
            """);
        var db = config.For("db", null);
        Assert.Equal(("10", "admin", "after"), (db.Get("port")?.Word, db.Get("user")?.Word, db.Get("hostkeyalias")?.Word));
        Assert.Equal(_home[".ssh/conf.d/10"] + ":1", db.Get("port")!.Where);
        // Included from a block that is not web's, a block for web does not apply.
        var web = config.For("web", null);
        Assert.Equal(("30", null), (web.Get("port")?.Word, web.Get("hostname")?.Word));
    }

    [Fact]
    public void The_hosts_that_it_names_are_told_with_their_places()
    {
        File.WriteAllText(_home["more"], "Host web db\nPort 1\n");
        Assert.Equal([("db", "config:1"), ("web", $"{_home["more"]}:1"), ("last", "config:3")],
            Parse("Host db *.example.com !no d?\nInclude ~/more\nHost last\nMatch host other\nPort 2").Aliases());
    }

    [Fact]
    public void A_file_that_includes_itself_is_an_error_and_no_endless_loop()
    {
        File.WriteAllText(_home["loop"], "Include ~/loop\n");
        Assert.Equal("SshConfigInvalid", Assert.Throws<PemException>(() => SshConfig.Read(_home["loop"], _home.Path)).Id);
    }

    [Fact]
    public void The_users_own_file_is_read_when_it_is_there_and_nobody_else_can_write_to_it()
    {
        Assert.Null(SshConfig.Choose(null, _home.Path).For("db", null).Get("user"));
        Directory.CreateDirectory(_home[".ssh"]);
        File.WriteAllText(_home[".ssh/config"], "User own\n");
        File.WriteAllText(_home["other"], "User other\n");
        Assert.Equal("own", SshConfig.Choose(null, _home.Path).For("db", null).Get("user")?.Word);
        Assert.Equal("other", SshConfig.Choose(_home["other"], _home.Path).For("db", null).Get("user")?.Word);
        Assert.Null(SshConfig.Choose("none", _home.Path).For("db", null).Get("user"));
        Assert.Null(SshConfig.Choose("", _home.Path).For("db", null).Get("user"));
        Assert.Equal("SshConfigUnreadable", Assert.Throws<PemException>(() => SshConfig.Choose(_home["none"], _home.Path)).Id);
        if (OperatingSystem.IsWindows()) return;
        File.SetUnixFileMode(_home[".ssh/config"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite);
        Assert.Equal("SshConfigUnsafe", Assert.Throws<PemException>(() => SshConfig.Choose(null, _home.Path)).Id);
    }

    /// <summary>Without a slash, so that no <c>Include</c> finds the machine's own files.</summary>
    [Fact]
    public void Any_text_is_read_or_refused_with_its_line() => Texts.Of(30, "Host ", "Match ", "all", "exec ", "host ", "Include ", "IdentityFile ", "*", "?", "!", "a",
        "\"", "'", "\\", "#", "=", " ", "\t", "\n", "\r\n", "${", "}", "%h", "é", "[", "]", "~", ",").Holds(text =>
    {
        try
        {
            var found = Parse(text).For("a", "b");
            _ = found.All("identityfile").ToList();
            Assert.DoesNotContain(Parse(text).Aliases(), a => a.Alias.Contains('*', StringComparison.Ordinal));
        }
        catch (PemException e)
        {
            Assert.StartsWith("SshConfig", e.Id, StringComparison.Ordinal);
            Assert.Matches(@"^config:\d+: ", e.Message);
        }
    }, cases: 3000);

    [Fact]
    public void It_is_read_as_ssh_reads_it()
    {
        Assert.SkipUnless(Shell.Has("ssh"), "There is no ssh to compare with.");
        File.WriteAllText(_home["included"], "User inc\nHost ab\nPort 77\nMatch all\nHostKeyAlias inca\n");
        string[] names = ["a", "ab", "b.c", "b.d"];
        string[] lines =
        [
            "Host a", "Host a* !ab", "Host *", "Host b.? a", "Host !a", "Host=ab", "Host \"b.c\"", "Match all", "Match host b.*", "Match originalhost a,ab",
            "Match !host a", "Match user root,inc", "Match user u1 host real", "Match host real", $"Match localuser {Environment.UserName}", "HostName real", "HostName = \"b.d\"",
            "User u1", "user=u2", "  User  'u3' # x", "Port 22", "Port=2222", "IdentityFile k1", "IdentityFile \"k 2\"", "identityfile = k3", "HostKeyAlias ka",
            "ProxyJump j1", "ProxyJump j1,u@j2:33", "ProxyJump none", "IdentitiesOnly yes", "IdentitiesOnly no", $"Include {_home["included"]}", "# Port 1", "",
        ];
        Gen.Select(Gen.OneOfConst(lines).Array[0, 14], Gen.OneOfConst(names)).Holds((chosen, name) =>
        {
            var text = string.Join('\n', chosen) + "\n";
            File.WriteAllText(_home["config"], text);
            var said = Shell.Run("ssh", [], "-G", "-F", _home["config"], name);
            Assert.True(said.ExitCode == 0, said.Error);
            var theirs = said.Output.Split('\n').Select(l => l.Split(' ', 2)).Where(w => w.Length == 2).ToLookup(w => w[0], w => w[1]);
            var ours = SshConfig.Read(_home["config"], _home.Path).For(name, null);
            Assert.Equal(theirs["hostname"].Single(), ours.Get("hostname")?.Word ?? name);
            Assert.Equal(theirs["user"].Single(), ours.Get("user")?.Word ?? Environment.UserName);
            Assert.Equal(theirs["port"].Single(), ours.Get("port")?.Word ?? "22");
            Assert.Equal(theirs["identitiesonly"].Single(), ours.Get("identitiesonly")?.Word ?? "no");
            Assert.Equal(theirs["hostkeyalias"].SingleOrDefault(), ours.Get("hostkeyalias")?.Word);
            Assert.Equal(theirs["proxyjump"].SingleOrDefault(), ours.Get("proxyjump")?.Word is { } jump && jump != "none" ? jump : null);
            var keys = ours.All("identityfile").Select(v => v.Word).Distinct().ToList();
            if (keys.Count > 0) Assert.Equal(theirs["identityfile"], keys);
        }, cases: 300, threads: 1);
    }

    public void Dispose() => _home.Dispose();

    SshConfig Parse(string text) => SshConfig.Parse(text, "config", _home.Path);
}
