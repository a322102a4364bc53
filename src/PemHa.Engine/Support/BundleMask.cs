using System.Text.RegularExpressions;

namespace PemHa.Engine.Support;

/// <summary>
/// Takes secrets out of what a support bundle holds, by the forms in which files, logs and answers carry them. The
/// session's own secrets are masked by its redactor before; this is for those that PemHa was never given. It masks too
/// much rather than too little.
/// </summary>
static partial class BundleMask
{
    const string Mask = "********";

    const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.IgnoreCase;

    /// <summary>
    /// Names that hold a secret: <c>db.password.encrypted</c>, PGPASSWORD, EFMPASS, PEM_ENC_PAYLOAD, a repository's
    /// token.
    /// </summary>
    const string Name = @"[\w.\-]*(?:passw(?:or)?d|passphrase|secret|token|pgpass|efmpass|pem_enc|api[_\-]?key)[\w.\-]*";

    /// <summary>Names that look like it and say how, not what.</summary>
    const string Harmless = @"(?![\w.\-]*(?:password_encryption|passfile|password_file|nopasswd|passphrase_command_supports_reload)\b)";

    [GeneratedRegex(@"-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----(?! \*{8}).*?(?:-----END \1-----|\z)", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex PrivateKey();

    // Password hashes of Postgres: with one a program can log in, or words can be tried on it.
    [GeneratedRegex(@"(?<=SCRAM-SHA-256\$)[^\s'""|,;]+|\bmd5[0-9a-f]{32}\b", Options)]
    private static partial Regex Verifier();

    [GeneratedRegex(@"(?<=://)[^\s'""<>/@:$]*:[^\s'""<>]*(?=@)", Options)]
    private static partial Regex UserInUri();

    // The value of a properties file goes to the line's end, and on behind a backslash.
    [GeneratedRegex($@"^(?<key>[ \t]*(?:export[ \t]+|environment=)?[""']?{Harmless}{Name}[""']?[ \t]*[=:][ \t]*)(?<value>(?:\\\r?\n|[^\r\n])+)", Options | RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex($@"(?<![\w.\-]){Harmless}(?<key>{Name}[""']?[ \t]*[=:][ \t]*)(?<value>'(?:[^'\\]|\\.|'')*'?|""(?:[^""\\]|\\.)*""?|[^\s,;'""&)]+)", Options)]
    private static partial Regex Inline();

    [GeneratedRegex(@"(?<key>\b(?:password|identified[ \t]+by)\s+)(?<value>[EN]?'(?:[^'\\]|\\.|'')*'?|""[^""]*""?|\$(?<tag>\w*)\$.*?(?:\$\k<tag>\$|\z))", Options | RegexOptions.Singleline)]
    private static partial Regex Statement();

    [GeneratedRegex(@"(?<key>(?<!\S)--?[\w\-]*(?:password|passwd|token|secret)[\w\-]*[ \t=]+)(?<value>(?!-)\S+)", Options)]
    private static partial Regex Option();

    [GeneratedRegex(@"(?<key>\bauthorization:[ \t]*\w+[ \t]+)(?<value>\S+)", Options)]
    private static partial Regex Header();

    // A subscription's token is a part of its repositories' addresses.
    [GeneratedRegex(@"(?<key>https?://[\w.\-]*enterprisedb\.com(?::\d+)?/)(?<value>[^/\s'""]{8,})(?=/)|(?<key>https?://[^\s'""]*/)(?<value>(?=[A-Za-z_\-]*\d)(?=[\d_\-]*[A-Za-z])[\w\-]{20,})(?=[/\s'""?]|$)", Options | RegexOptions.Multiline)]
    private static partial Regex AddressToken();

    [GeneratedRegex(@"^(?<key>[ \t]*(?:proxy_)?username[ \t]*=[ \t]*)(?<value>[^\r\n]+)", Options | RegexOptions.Multiline)]
    private static partial Regex RepositoryUser();

    [GeneratedRegex($@"^(?<key>[ \t]+'{Name}' = )(?<value>'.*')$", Options | RegexOptions.Multiline)]
    private static partial Regex TopologyProperty();

    [GeneratedRegex(@"^ *JournalPath = .*\n", Options | RegexOptions.Multiline)]
    private static partial Regex TopologyJournal();

    /// <summary>What every text goes through.</summary>
    public static string Common(string text)
    {
        text = PrivateKey().Replace(text, m => $"-----BEGIN {m.Groups[1].Value}----- {Mask}");
        text = UserInUri().Replace(Verifier().Replace(text, Mask), Mask);
        foreach (var form in new[] { Line(), Inline(), Statement(), Option(), Header(), AddressToken() }) text = form.Replace(text, Value);
        return text;
    }

    /// <summary>A file of repositories: the subscription's user besides.</summary>
    public static string Repository(string text) => RepositoryUser().Replace(Common(text), Value);

    /// <summary>
    /// The description of the cluster, which stays one: secret properties, and the journal's path, which is of the
    /// admin's machine.
    /// </summary>
    public static string Topology(string text) => TopologyJournal().Replace(TopologyProperty().Replace(text, Value), "");

    // The quotes stay, so that the text stays what it is.
    static string Value(Match match)
    {
        var value = match.Groups["value"].Value;
        var quote = value.Length > 1 && value[0] is '\'' or '"' && value[^1] == value[0] ? value[..1] : "";
        return $"{match.Groups["key"].Value}{quote}{Mask}{quote}";
    }
}
