using PemHa.Engine.Remote;

namespace PemHa.Engine.Postgres;

/// <summary>The one place where SQL is quoted.</summary>
static class SqlText
{
    /// <summary>A string constant, the same whether <c>standard_conforming_strings</c> is on or off.</summary>
    /// <exception cref="ArgumentException">The text holds a NUL, which Postgres cannot store.</exception>
    public static string Literal(string text)
    {
        var quoted = "'" + Checked(text).Replace("'", "''", StringComparison.Ordinal) + "'";
        return text.Contains('\\', StringComparison.Ordinal) ? "E" + quoted.Replace("\\", "\\\\", StringComparison.Ordinal) : quoted;
    }

    /// <summary>A quoted identifier.</summary>
    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public static string Identifier(string name) => name.Length == 0
        ? throw new ArgumentException("An identifier cannot be empty.", nameof(name))
        : "\"" + Checked(name).Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>The shell command that runs SQL in a database; the text goes through a pipe, never through argv.</summary>
    public static string Run(string database, string text) => $"printf '%s\\n' {Sh.Quote(text)} | sql {Sh.Quote(database)}";

    static string Checked(string text) => text.Contains('\0', StringComparison.Ordinal)
        ? throw new ArgumentException("SQL text cannot hold a NUL character.", nameof(text))
        : text;
}
