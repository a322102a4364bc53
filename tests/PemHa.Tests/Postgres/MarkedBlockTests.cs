using CsCheck;
using PemHa.Engine.Postgres;

namespace PemHa.Tests.Postgres;

/// <summary>Blocks of ours in files of others.</summary>
public class MarkedBlockTests
{
    static readonly Gen<string> Foreign = Texts.Of(10,
        "host all all 127.0.0.1/32 md5\n", "# comment\n", "\n", "  \n", "x = 'y'\r\n", "é\n", "# BEGIN PemHa\n", "x # BEGIN PemHa pem\n",
            "no newline");

    // Hands that edit a file leave marks without their partners.
    static readonly Gen<string> Damaged =
        Texts.Of(8, "a\n", "b\n", "# BEGIN PemHa pem\n", "# END PemHa pem\n", "# BEGIN PemHa efm\n", "# END PemHa efm\n",
        "# BEGIN PemHa pem", "c");

    static readonly Gen<string[]> Lines = Gen.OneOfConst("hostssl pem +pem_user 127.0.0.1/32 cert", "# ours", "x = 1", "").Array[0, 4];

    [Fact]
    public void All_that_is_outside_the_block_stays_byte_for_byte() =>
        Gen.Select(Foreign, Lines, Lines, Gen.Bool).Holds((text, lines, others, top) =>
    {
        var set = MarkedBlock.Set(MarkedBlock.Set(text, "pem", lines, top), "pem", others, top);
        Assert.Equal(others, MarkedBlock.Get(set, "pem"));
        var (from, to) = Span(set, "pem");
        var rest = set[..from] + set[to..];
        // A last line without its end gets one when something must follow it.
        Assert.True(rest == text || (!top && (rest == text + "\n" || rest == text + "\r\n")));
    }, cases: 5000);

    [Fact]
    public void Setting_the_same_lines_again_changes_nothing_even_in_a_damaged_file() =>
        Gen.Select(Damaged, Lines, Gen.Bool).Holds((text, lines, top) =>
    {
        var once = MarkedBlock.Set(text, "pem", lines, top);
        Assert.Equal(once, MarkedBlock.Set(once, "pem", lines, top));
    }, cases: 5000);

    [Fact]
    public void A_mark_without_its_partner_swallows_nobodys_lines()
    {
        var text = MarkedBlock.Set("# BEGIN PemHa ssl\nmine = 1\n", "ssl", ["ssl = on"], top: false);
        Assert.Contains("mine = 1\n", MarkedBlock.Set(text, "ssl", ["ssl = off"], top: false), StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_keeps_its_last_line_when_the_file_ends_with_its_mark() =>
        Assert.Equal(["a", "b"], MarkedBlock.Get("# BEGIN PemHa pem\na\nb\n# END PemHa pem", "pem"));

    [Fact]
    public void Windows_line_ends_stay_and_are_used()
    {
        var text = MarkedBlock.Set("a = 1\r\nb = 2\r\n", "ssl", ["ssl = on"], top: false);
        Assert.Equal("a = 1\r\nb = 2\r\n# BEGIN PemHa ssl\r\nssl = on\r\n# END PemHa ssl\r\n", text);
        Assert.Equal(["ssl = on"], MarkedBlock.Get(text, "ssl"));
    }

    [Fact]
    [Spec("P26")]
    public void PEMs_block_is_on_top_whatever_came_first()
    {
        string[][] orders = [["replication", "efm", "pem"], ["pem", "replication", "efm"], ["replication", "pem", "efm"]];
        foreach (var order in orders)
        {
            var text = "local all all peer\n";
            foreach (var name in order) text = MarkedBlock.Set(text, name, ["x"], top: true, first: name == "pem");
            Assert.StartsWith("# BEGIN PemHa pem\nx\n# END PemHa pem\n# BEGIN PemHa replication\n", text, StringComparison.Ordinal);
            Assert.EndsWith("# END PemHa efm\nlocal all all peer\n", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_block_that_is_not_there_has_no_lines() => Assert.Null(MarkedBlock.Get("# BEGIN PemHa pem2\n# END PemHa pem2\n", "pem"));

    static (int From, int To) Span(string text, string name)
    {
        var from = ("\n" + text).IndexOf($"\n# BEGIN PemHa {name}\n", StringComparison.Ordinal);
        if (from < 0) from = ("\n" + text).IndexOf($"\n# BEGIN PemHa {name}\r\n", StringComparison.Ordinal);
        var mark = $"# END PemHa {name}";
        var to = text.IndexOf('\n', text.IndexOf("\n" + mark, from, StringComparison.Ordinal) + mark.Length) + 1;
        return (from, to);
    }
}
