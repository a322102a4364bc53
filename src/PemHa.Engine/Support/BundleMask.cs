using System.Text.RegularExpressions;

namespace PemHa.Engine.Support;

/// <summary>
/// Masks secrets in the contents of a support bundle, by the forms in which files, logs and answers contain them. The
/// session's own secrets are masked by its redactor before; this class covers secrets that PemHa was never given. It
/// masks too much rather than too little.
/// </summary>
static partial class BundleMask
{
    const string Mask = "********";

    const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.IgnoreCase;

    /// <summary>
    /// Names that hold a secret: <c>db.password.encrypted</c>, PGPASSWORD, EFMPASS, PEM_ENC_PAYLOAD, a repository's
    /// token.
    /// </summary>
    const string Name =
        @"[\w.\-]*(?:passw(?:or)?d|passphrase|secret|token|pgpass|efmpass|pem_enc|api[_\-]?key)[\w.\-]*";

    /// <summary>Names that look like one of these but hold a method or a path, not a secret.</summary>
    const string Harmless =
        @"(?![\w.\-]*(?:password_encryption|passfile|password_file|nopasswd|passphrase_command_supports_reload)\b)";

    [GeneratedRegex(
        @"-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----(?! \*{8}).*?(?:-----END \1-----|\z)",
        RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex PrivateKey();

    // Password hashes of Postgres: a program can log in with one, or guess the password by trying words.
    [GeneratedRegex(@"(?<=SCRAM-SHA-256\$)[^\s'""|,;]+|\bmd5[0-9a-f]{32}\b", Options)]
    private static partial Regex Verifier();

    [GeneratedRegex(@"(?<=://)[^\s'""<>/@:$]*:[^\s'""<>]*(?=@)", Options)]
    private static partial Regex UserInUri();

    // A value in a properties file extends to the end of the line, or beyond it after a backslash.
    [GeneratedRegex(
        $@"^(?<key>[ \t]*(?:export[ \t]+|environment=)?[""']?{Harmless}{Name}[""']?[ \t]*[=:][ \t]*)"
        + @"(?<value>(?:\\\r?\n|[^\r\n])+)",
        Options | RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(
        $@"(?<![\w.\-]){Harmless}(?<key>{Name}[""']?[ \t]*[=:][ \t]*)"
        + @"(?<value>'(?:[^'\\]|\\.|'')*'?|""(?:[^""\\]|\\.)*""?|[^\s,;'""&)]+)",
        Options)]
    private static partial Regex Inline();

    [GeneratedRegex(
        @"(?<key>\b(?:password|identified[ \t]+by)\s+)"
        + @"(?<value>[EN]?'(?:[^'\\]|\\.|'')*'?|""[^""]*""?|\$(?<tag>\w*)\$.*?(?:\$\k<tag>\$|\z))",
        Options | RegexOptions.Singleline)]
    private static partial Regex Statement();

    [GeneratedRegex(
        @"(?<key>(?<!\S)--?[\w\-]*(?:password|passwd|token|secret)[\w\-]*[ \t=]+)(?<value>(?!-)\S+)",
        Options)]
    private static partial Regex Option();

    [GeneratedRegex(@"(?<key>\bauthorization:[ \t]*\w+[ \t]+)(?<value>\S+)", Options)]
    private static partial Regex Header();

    // A subscription's token is part of the addresses of its repositories.
    [GeneratedRegex(
        @"(?<key>https?://[\w.\-]*enterprisedb\.com(?::\d+)?/)(?<value>[^/\s'""]{8,})(?=/)"
        + @"|(?<key>https?://[^\s'""]*/)"
        + @"(?<value>(?=[A-Za-z_\-]*\d)(?=[\d_\-]*[A-Za-z])[\w\-]{20,})(?=[/\s'""?]|$)",
        Options | RegexOptions.Multiline)]
    private static partial Regex AddressToken();

    [GeneratedRegex(
        @"^(?<key>[ \t]*(?:proxy_)?username[ \t]*=[ \t]*)(?<value>[^\r\n]+)",
        Options | RegexOptions.Multiline)]
    private static partial Regex RepositoryUser();

    [GeneratedRegex($@"^(?<key>[ \t]+'{Name}' = )(?<value>'.*')$", Options | RegexOptions.Multiline)]
    private static partial Regex TopologyProperty();

    [GeneratedRegex(@"^ *JournalPath = .*\n", Options | RegexOptions.Multiline)]
    private static partial Regex TopologyJournal();

    /// <summary>Masks the secrets that any text may contain.</summary>
    public static string Common(string text)
    {
        text = PrivateKey().Replace(text, m => $"-----BEGIN {m.Groups[1].Value}----- {Mask}");
        text = UserInUri().Replace(Verifier().Replace(text, Mask), Mask);

        Regex[] forms = [Line(), Inline(), Statement(), Option(), Header(), AddressToken()];
        return forms.Aggregate(text, (masked, form) => form.Replace(masked, Value));
    }

    /// <summary>Masks a file of repositories: also the user of the subscription.</summary>
    public static string Repository(string text) => RepositoryUser().Replace(Common(text), Value);

    /// <summary>
    /// Masks the description of the cluster, which remains a valid topology file: the values of secret properties, and
    /// without the path of the journal, which is one on the administrator's machine.
    /// </summary>
    public static string Topology(string text) =>
        TopologyJournal().Replace(TopologyProperty().Replace(text, Value), "");

    // The quotes are kept, so that the text remains valid in its format.
    static string Value(Match match)
    {
        var value = match.Groups["value"].Value;
        var quote = value.Length > 1 && value[0] is '\'' or '"' && value[^1] == value[0] ? value[..1] : "";
        return $"{match.Groups["key"].Value}{quote}{Mask}{quote}";
    }
}
