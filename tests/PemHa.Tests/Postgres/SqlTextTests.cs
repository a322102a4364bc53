using System.Text;
using CsCheck;
using PemHa.Engine.Postgres;

namespace PemHa.Tests.Postgres;

/// <summary>SQL quoting, judged by a small reader of its own.</summary>
public class SqlTextTests
{
    [Fact]
    [Fuzzes("SqlText.Literal")]
    public void A_literal_reads_back_as_its_text() =>
        Texts.Any.Holds(text => Assert.Equal(text, Read(SqlText.Literal(text), '\'')), cases: 5000);

    [Fact]
    [Fuzzes("SqlText.Identifier")]
    public void An_identifier_reads_back_as_its_name() =>
        Texts.Any.Where(t => t.Length > 0).Holds(name => Assert.Equal(name, Read(SqlText.Identifier(name), '"')), cases: 5000);

    [Fact]
    [Fuzzes("Conninfo.Quote")]
    public void A_word_of_a_connection_string_reads_back_as_libpq_reads_it() => Texts.Any.Holds(text =>
    {
        // Within quotes a backslash takes the next character as it is (libpq, "Keyword/Value Connection Strings").
        var quoted = Conninfo.Quote(text);
        var (read, at) = (new StringBuilder(), 1);
        for (; quoted[at] != '\''; at++) read.Append(quoted[at] == '\\' ? quoted[++at] : quoted[at]);
        Assert.Equal((text, quoted.Length - 1), (read.ToString(), at));
    }, cases: 5000);

    [Fact]
    public void What_Postgres_cannot_store_is_refused()
    {
        Assert.Throws<ArgumentException>(() => SqlText.Literal("a\0"));
        Assert.Throws<ArgumentException>(() => SqlText.Identifier("a\0"));
        Assert.Throws<ArgumentException>(() => SqlText.Identifier(""));
    }

    [Fact]
    public void Statements_reach_psql_through_a_pipe_as_they_are() => Texts.Any.Array[100].Holds(statements =>
    {
        // A stand-in for psql that shows what came on standard input, and the database it was called with.
        var script = "sql() { printf '%s>' \"$1\"; cat; printf '\\0'; }\n"
            + string.Join('\n', statements.Select(s => SqlText.Run("my db", s)));
        Assert.Equal(statements.Select(s => $"my db>{s}\n"), Encoding.UTF8.GetString(Shell.Sh(script).Bytes).Split('\0')[..^1]);
    }, cases: 10, each: 100, threads: 1);

    /// <summary>The server's reading of one quoted token; fails when the token ends before the text does.</summary>
    static string Read(string token, char quote)
    {
        // Of the constants that read the same whatever standard_conforming_strings says.
        var escapes = token[0] == 'E';
        if (!escapes && quote == '\'') Assert.DoesNotContain('\\', token);
        token = escapes ? token[1..] : token;
        Assert.Equal(quote, token[0]);
        var text = new StringBuilder();
        var at = 1;
        while (true)
        {
            if (escapes && token[at] == '\\') { Assert.Equal('\\', token[at + 1]); text.Append('\\'); at += 2; }
            else if (token[at] != quote) text.Append(token[at++]);
            else if (at + 1 < token.Length && token[at + 1] == quote) { text.Append(quote); at += 2; }
            else break;
        }
        Assert.Equal(token.Length - 1, at);
        return text.ToString();
    }
}
