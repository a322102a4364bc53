using System.Text;
using CsCheck;
using PemHa.Engine.State;

namespace PemHa.Tests.State;

/// <summary>What probes tell, from the shell's functions to here.</summary>
public class FactsTests
{
    [Fact]
    public void Every_byte_that_a_probe_tells_arrives() => Gen.Byte.Array[0, 300].Holds(bytes =>
    {
        var text = Encoding.Latin1.GetString(bytes);
        Assert.Equal(text, Facts.Parse($"name\t{Convert.ToBase64String(bytes)}\n")["name"]);
    }, cases: 2000);

    [Fact]
    public void The_shells_functions_tell_what_is_read()
    {
        var facts = Facts.Parse(Shell.Sh(Prelude.For(new Example().Cluster) + """
            fact plain 'a = b'
            fact empty ''
            fact yes 1
            printf 'two\nlines\n' | fact64 long
            echo noise
            """ + "\n").Output);
        Assert.Equal(("a = b", "", "two\nlines\n"), (facts["plain"], facts["empty"], facts["long"]));
        Assert.True(facts.Has("empty") && facts.Is("yes"));
        Assert.False(facts.Has("noise") || facts.Is("plain"));
    }

    [Fact]
    public void Garbage_is_passed_over() => Texts.Any.Holds(text =>
    {
        var facts = Facts.Parse(text + "\nlast\t=1\n");
        Assert.True(facts.Is("last"));
    }, cases: 2000);

    [Theory]
    [InlineData("t", true)]
    [InlineData("1", true)]
    [InlineData("f", false)]
    [InlineData("0", false)]
    [InlineData("", false)]
    public void Yes_is_what_sh_and_psql_say_for_it(string value, bool yes) => Assert.Equal(yes, Facts.Of(("x", value)).Is("x"));
}
