using System.Text.RegularExpressions;

namespace PemHa.Engine.Efm;

/// <summary>Why EFM could not ask a database.</summary>
enum InfoCause
{
    /// <summary>None of those below.</summary>
    Other,

    /// <summary>The host answers, but no server listens at the address and port.</summary>
    NotListening,

    /// <summary>Nothing answers: host, route, firewall, name.</summary>
    Unreachable,

    /// <summary>No rule of pg_hba.conf admits EFM's role.</summary>
    NoRule,

    /// <summary>The password in efm.properties is not the role's.</summary>
    Password,

    /// <summary>The role or the database is missing, or a privilege of the role.</summary>
    Privilege,

    /// <summary>Server and agent do not agree on TLS.</summary>
    Tls,

    /// <summary>The server starts, stops or recovers.</summary>
    NotReady,

    /// <summary>All connections of the server are taken.</summary>
    Full,

    /// <summary>The database answered and takes writes, where a standby was expected.</summary>
    NotInRecovery,
}

/// <summary>
/// Reads the text that EFM shows for a database, which is that of its JDBC driver or of the server (R1).
/// </summary>
static partial class EfmInfo
{
    // The first that matches: a rule's text names the user, the database and whether the connection was encrypted.
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

    /// <summary>What a text is about.</summary>
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
        "timed? ?out|no route|unreachable|connection attempt failed|unknown ?host|name or service not known|reset by peer", Options)]
    private static partial Regex Unreachable();

    [GeneratedRegex("refused", Options)]
    private static partial Regex Refused();
}
