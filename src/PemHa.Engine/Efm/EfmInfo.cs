using System.Text.RegularExpressions;

namespace PemHa.Engine.Efm;

/// <summary>Why EFM could not query a database.</summary>
enum InfoCause
{
    /// <summary>None of the causes below.</summary>
    Other,

    /// <summary>The host responds, but no server listens on the address and port.</summary>
    NotListening,

    /// <summary>No response: the host, the route, a firewall or name resolution.</summary>
    Unreachable,

    /// <summary>No rule of pg_hba.conf admits EFM's role.</summary>
    NoRule,

    /// <summary>The password in efm.properties differs from the role's.</summary>
    Password,

    /// <summary>The role or the database is missing, or a privilege of the role.</summary>
    Privilege,

    /// <summary>Server and agent do not agree on TLS.</summary>
    Tls,

    /// <summary>The server is starting, shutting down or recovering.</summary>
    NotReady,

    /// <summary>All connections of the server are in use.</summary>
    Full,

    /// <summary>The database responded and accepts writes, where a standby was expected.</summary>
    NotInRecovery,
}

/// <summary>
/// Classifies the text that EFM shows for a database, which comes from its JDBC driver or from the server (R1).
/// </summary>
static partial class EfmInfo
{
    // The first match wins: the text about a missing rule also names the user, the database and whether the connection
    // was encrypted.
    static readonly (Regex Text, InfoCause Cause)[] Causes =
    [
        (NotInRecovery(), InfoCause.NotInRecovery),
        (NoRule(), InfoCause.NoRule),
        (Password(), InfoCause.Password),
        (NotReady(), InfoCause.NotReady),
        (Full(), InfoCause.Full),
        (Privilege(), InfoCause.Privilege),
        (Tls(), InfoCause.Tls),
        (Unreachable(), InfoCause.Unreachable),
        (Refused(), InfoCause.NotListening),
    ];

    /// <summary>The cause that a text describes.</summary>
    public static InfoCause CauseOf(string? info) =>
        info is null ? InfoCause.Other : Causes.FirstOrDefault(c => c.Text.IsMatch(info)).Cause;

    const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.IgnoreCase;

    [GeneratedRegex("not in recovery", Options)]
    private static partial Regex NotInRecovery();

    [GeneratedRegex("pg_hba\\.conf", Options)]
    private static partial Regex NoRule();

    [GeneratedRegex("password|authentication failed", Options)]
    private static partial Regex Password();

    [GeneratedRegex("database system is|not yet accepting connections|terminating connection", Options)]
    private static partial Regex NotReady();

    [GeneratedRegex("too many|connection slots|connections limit", Options)]
    private static partial Regex Full();

    [GeneratedRegex("does not exist|permission denied|not permitted to log in", Options)]
    private static partial Regex Privilege();

    [GeneratedRegex("\\bSSL\\b|\\bTLS\\b|certificate|PKIX|handshake", Options)]
    private static partial Regex Tls();

    [GeneratedRegex(
        "timed? ?out|no route|unreachable|connection attempt failed|unknown ?host|name or service not known"
        + "|reset by peer",
        Options)]
    private static partial Regex Unreachable();

    [GeneratedRegex("refused", Options)]
    private static partial Regex Refused();
}
