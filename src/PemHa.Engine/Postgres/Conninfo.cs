namespace PemHa.Engine.Postgres;

/// <summary>Connection strings of libpq.</summary>
static class Conninfo
{
    /// <summary>A value as they want it (libpq, "Keyword/Value Connection Strings").</summary>
    public static string Quote(string value) => "'" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";
}
