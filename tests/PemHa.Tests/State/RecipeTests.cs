using CsCheck;
using PemHa.Engine.Efm;
using PemHa.Engine.Postgres;
using PemHa.Engine.State;

namespace PemHa.Tests.State;

/// <summary>The runbook's shell edits files as PemHa does, so that PemHa finds nothing to change afterwards.</summary>
public class RecipeTests
{
    static readonly Gen<string> File = Gen.OneOfConst("# a comment", "", "host all all 127.0.0.1/32 trust",
        "# BEGIN PemHa efm\nhost edb efm 1.2.3.4/32 x\n# END PemHa efm",
        "# BEGIN PemHa replication\nhost a b c d\nhost e f g h\n# END PemHa replication", "# END PemHa efm",
        "# BEGIN PemHa", "a\\b 'c' \"d\" $HOME `e` %s é").Array[0, 6]
        .Select(lines => string.Concat(lines.Select(l => l + "\n")));

    [Fact]
    public void A_block_is_set_where_PemHa_sets_it() => Gen.Select(File, Gen.OneOfConst("first", "top", "end"), Gen.Bool).Holds((text, where, crlf) =>
    {
        if (crlf) text = text.Replace("\n", "\r\n", StringComparison.Ordinal);
        string[] lines = ["host x y\\n %d", "hostssl 'z' $1 é"];
        Assert.Equal(MarkedBlock.Set(text, "efm", lines, top: where != "end", first: where == "first"),
            Edited(text, $"set_block \"$F\" efm {where} <<'L'\n{string.Join('\n', lines)}\nL"));
    }, cases: 30, threads: 1);

    [Fact]
    public void Rules_demand_TLS_in_the_block_that_is_named_and_nowhere_else() => Assert.Equal(
        "host all all\n# BEGIN PemHa efm\nhostssl a\nhostssl b\n# a comment\n# END PemHa efm\nhost c\n",
        Edited("host all all\n# BEGIN PemHa efm\nhost a\nhostssl b\n# a comment\n# END PemHa efm\nhost c\n", "secure_block \"$F\" efm"));

    [Fact]
    public void Properties_are_set_where_PemHa_sets_them() =>
        Gen.OneOfConst("# a comment", "db.user=old", "  db.user = older ", "#db.user=", "is.witness=", "", "=x", "is.witness", "db.user:two", "x=a\\", "db.user=a\\", "# c\\", "x=b\\\\").Array[0, 7].Holds(found =>
        {
            var text = string.Concat(found.Select(l => l + "\n"));
            Dictionary<string, string> values = new() { ["db.user"] = "a\\b = c & d", ["is.witness"] = "true", ["virtual.ip"] = "" };
            Assert.Equal(PropertiesText.Set(text, values), Edited(text, $"set_properties \"$F\" /dev/null '' '' <<'L'\n{PropertiesText.Set("", values)}L"));
        }, cases: 30, threads: 1);

    static string Edited(string text, string command)
    {
        using var folder = new TemporaryFolder();
        var file = folder["file"];
        System.IO.File.WriteAllText(file, text);
        var cluster = new Example().Cluster;
        var result = Shell.Sh($"T=$(mktemp -d); set -eu; F='{file}'\n{Prelude.For(cluster)}{Recipe.Functions}{command}\nrm -r \"$T\"\n");
        Assert.True(result.ExitCode == 0, result.Error);
        return System.IO.File.ReadAllText(file);
    }
}
