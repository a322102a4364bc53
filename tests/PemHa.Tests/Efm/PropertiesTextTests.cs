using CsCheck;
using PemHa.Engine.Efm;

namespace PemHa.Tests.Efm;

/// <summary>Edits of <c>efm.properties</c>.</summary>
[Spec("P17", "P19", "F5")]
public class PropertiesTextTests
{
    static readonly string[] Names = ["db.user", "db.port", "is.witness"];
    static readonly Gen<string> Value = Texts.Line.Where(v => v.Trim() == v);
    static readonly Gen<string> File =
        Texts.Of(12, "# comment\n", "#db.user=x\n", "\n", "db.user=one\n", "db.user = two\n", "  db.port=3\n", "db.password=x\n",
        "DB.USER=y\n", "other=1");

    [Fact]
    public void Values_are_set_where_they_stand_and_every_other_line_stays() =>
        Gen.Select(File, Gen.OneOfConst(Names), Value, Gen.Bool).Holds((text, name, value, windows) =>
    {
        if (windows) text = text.Replace("\n", "\r\n", StringComparison.Ordinal);
        var end = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var set = Set(text, name, value);
        Assert.Equal(value, PropertiesText.Get(set, name));
        var before = text.Split('\n');
        var after = set.Split('\n');
        for (var i = 0; i < before.Length - (before[^1].Length == 0 ? 1 : 0); i++)
        {
            if (Is(before[i], name)) Assert.True(Is(after[i], name));
            else Assert.Equal(before[i].TrimEnd('\r'), after[i].TrimEnd('\r'));
        }
        // One kind of line ends, and at most one line more.
        Assert.Equal(end == "\r\n", set.Contains('\r', StringComparison.Ordinal));
        if (end == "\r\n") Assert.All(after[..^1], l => Assert.EndsWith("\r", l, StringComparison.Ordinal));
        Assert.Equal(before.Any(l => Is(l, name)) ? 0 : 1, after.Count(l => l.Length > 0) - before.Count(l => l.Length > 0));
        Assert.Equal(set, Set(set, name, value));
    }, cases: 5000);

    /// <summary>A file of bytes, as Java sees them.</summary>
    static readonly Gen<string> Foul = Texts.Damaged(
        "db.user=one\ndb.user : two\r\n  db.user three\nfoo=a\\\n  db.user=b\n\\\n\n# c\\\ndb.user=x\rdb\\.user=y\n! z\nis.witness\\ = 1",
        "# efm\n\ndb.user=\ndb.port = 5444\n#db.user=\nis.witness=false\\\\\n\\u0064b.user=q\nx=\\u12\n", "db.port=\\\\\\\ndb.user=1\ndb.port").Select(t => string.Concat(t.Select(c => (char)(c & 0xff))));

    [Fact]
    [Fuzzes("PropertiesText.Get", "PropertiesText.Set", "PropertiesText.Escape")]
    public void Java_reads_back_what_is_set_and_everything_else_as_before() => Gen.Select(Foul, Value, Value).Array[500].Holds(cases =>
    {
        var files = cases.Select(c => c.Item1).Concat(cases.Select(c => PropertiesText.Set(c.Item1, [new("db.user", c.Item2), new("is.witness", c.Item3)]))).ToList();
        IReadOnlyList<IReadOnlyDictionary<string, string>?> read = [.. files.Select(JavaProperties.Load)];
        if (JavaProperties.LoadByJava(files) is { } java)
            foreach (var (file, ours, theirs) in files.Select((f, i) => (f, read[i], java[i]))) Assert.Equal((file, Flat(theirs)), (file, Flat(ours)));
        for (var i = 0; i < cases.Length; i++)
        {
            var (text, user, witness) = cases[i];
            // A file that Java refuses stays one.
            if (read[i] is not { } before) continue;
            Assert.Equal(before.GetValueOrDefault("db.user")?.Trim(), PropertiesText.Get(text, "db.user"));
            var wanted = new Dictionary<string, string>(before, StringComparer.Ordinal)
            {
                ["db.user"] = user,
                ["is.witness"] = witness,
            };
            var after = Flat(read[cases.Length + i]);
            Assert.True(Flat(wanted) == after, $"{Check.Print(text)}\n{Flat(wanted)}\n{after}");
        }
    }, cases: 4, each: 500, threads: 1);

    static string Flat(IReadOnlyDictionary<string, string>? settings) =>
        // A last backslash of its own sets the empty name to nothing, and it is nobody's.
        settings is null ? "(refused)" : string.Join('\n', settings.Where(s => s.Key.Length > 0).OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => Check.Print((s.Key, s.Value))));

    [Theory]
    [InlineData("db\\\r")]
    [InlineData("db\\\n")]
    [InlineData("db\\\r\n")]
    [InlineData("db\\")]
    public void A_last_line_that_goes_on_takes_no_setting_for_its_own(string text) =>
        Assert.Equal("x", JavaProperties.Load(PropertiesText.Set(text, [new("db.user", "x")]))!["db.user"]);

    [Fact]
    public void The_last_setting_counts_when_there_are_several() =>
        Assert.Equal("two", PropertiesText.Get("db.user=one\n# db.user=x\ndb.user = two\nDB.USER=three\n", "db.user"));

    [Fact]
    public void What_is_read_can_be_written_back() => Value.Holds(value =>
    {
        var text = Set("a=1\n", "db.user", value);
        Assert.Equal(text, Set(text, "db.user", PropertiesText.Get(text, "db.user")!));
    }, cases: 3000);

    [Fact]
    public void A_property_that_is_not_set_has_no_value() => Assert.Null(PropertiesText.Get("#db.user=x\ndb.user.more=y\n", "db.user"));

    [Theory]
    [InlineData("", "x")]
    [InlineData("db user", "x")]
    [InlineData("db=user", "x")]
    [InlineData("#db.user", "x")]
    [InlineData("db.user", "two\nlines")]
    [InlineData("db.user", "two\rlines")]
    [InlineData("db.user", " blank")]
    [InlineData("db.user", "blank ")]
    [InlineData("db.user", "NUL\0")]
    public void What_the_format_cannot_hold_is_refused(string name, string value) =>
        Assert.Throws<ArgumentException>(() => Set("a=1\n", name, value));

    static string Set(string text, string name, string value) => PropertiesText.Set(text, [new(name, value)]);

    static bool Is(string line, string name) => line.Split('=') is [var left, _, ..] && left.Trim() == name;

    [Theory]
    [InlineData("db.data.dir", "/u01/pg16/pg_data/", true)]
    [InlineData("db.data.dir", "/data/a#b", false)]
    [InlineData("db.data.dir", "/data/a=b", false)]
    [InlineData("db.config.dir", "/data/a\\b", false)]
    [InlineData("db.bin", "/opt/é/bin", false)]
    [InlineData("db.bin", "/opt/a  b/bin", false)]
    [InlineData("user.email", "a=b#c", true)]
    [Spec("F5", "P19")]
    public void A_directory_that_EFMs_scripts_would_misread_is_refused(string name, string value, bool fit) =>
        Assert.Equal(fit, PropertiesText.Refusal(name, value) is null);

    [Theory]
    [InlineData("db.bin=/a\n", "/a")]
    [InlineData("db.bin=/a\ndb.bin=/b\n", "/b")]
    [InlineData("db.bin = /a b \r\n", "/a b")]
    [InlineData("db.bin=/a\n#db.bin=/b\n", "/a")]
    [InlineData("db.bin=/a # note\n", null)]
    [InlineData("db.bin=/a=b\n", "/a")]
    [InlineData("db.bin=/a\nmydbxbin=/b\n", "/b")]
    [InlineData("", null)]
    [Spec("F5")]
    public void EFMs_scripts_take_the_last_line_that_matches(string text, string? value)
    {
        Assert.Equal(value, PropertiesText.HelpersValue(text, "db.bin"));
        // The same pipe as in the public copies of efm_db_functions (G50).
        var piped = Shell.Sh($"printf %s '{text}' | grep db.bin | grep -v '#' | tail -1 | cut -d= -f2 | xargs")
            .Output.Trim();
        Assert.Equal(value ?? "", piped);
    }
}
