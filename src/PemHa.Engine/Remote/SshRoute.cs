using System.Globalization;

namespace PemHa.Engine.Remote;

/// <summary>What Connect-PemHost was asked for; what is null is ssh_config's to say, and then the default's.</summary>
sealed record SshOptions
{
    /// <summary>The login on the nodes.</summary>
    public string? UserName { get; init; }

    /// <summary>Password of the login; also given to sudo. Opens encrypted keys when there is no <see cref="KeyPassphrase"/>.</summary>
    public string? Password { get; init; }

    /// <summary>Private key files to offer, and no others.</summary>
    public IReadOnlyList<string>? KeyFile { get; init; }

    public string? KeyPassphrase { get; init; }

    public IReadOnlyList<string>? KnownHostsFile { get; init; }

    /// <summary>Fingerprints (<c>SHA256:…</c>) to trust although <c>known_hosts</c> does not know the host.</summary>
    public IReadOnlyList<string> AcceptFingerprint { get; init; } = [];

    /// <summary>The way to the nodes, as in <c>ssh -J</c>; <c>none</c> for the direct one.</summary>
    public string? JumpHost { get; init; }

    /// <summary>The login on the jump hosts.</summary>
    public string? JumpUserName { get; init; }

    /// <summary>Its password; no jump host is ever given that of the nodes.</summary>
    public string? JumpPassword { get; init; }

    public SshConfig Config { get; init; } = SshConfig.None;

    /// <summary>The admin's home directory.</summary>
    public string Home { get; init; } = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>A key to offer.</summary>
/// <param name="Path">The private key's file; the agent may hold the key instead.</param>
/// <param name="Required">Whether it was asked for by name, so that it is an error when it cannot be used.</param>
sealed record SshIdentity(string Path, bool Required);

/// <summary>One machine to log in to, a node or a jump host, with all that is to be known for it.</summary>
sealed record SshHop
{
    /// <summary>What messages call it; with its port where that is not the usual one.</summary>
    public required string Label { get; init; }

    public required string HostName { get; init; }

    public required int Port { get; init; }

    public required string UserName { get; init; }

    public string? Password { get; init; }

    /// <summary>Keys, in the order in which they are offered.</summary>
    public IReadOnlyList<SshIdentity> Identities { get; init; } = [];

    /// <summary>Whether the agent's other keys are not offered.</summary>
    public bool IdentitiesOnly { get; init; }

    /// <summary>Whether the password comes before the keys, because it was asked for and they were not.</summary>
    public bool PasswordFirst { get; init; }

    public string? Passphrase { get; init; }

    /// <summary>Files with OpenSSH certificates of the keys.</summary>
    public IReadOnlyList<string> Certificates { get; init; } = [];

    /// <summary>Socket or pipe of the agent; null when there is none.</summary>
    public string? Agent { get; init; }

    /// <summary>Name and port under which <c>known_hosts</c> knows it.</summary>
    public required (string Name, int Port) KnownAs { get; init; }

    public required IReadOnlyList<string> KnownHostsFile { get; init; }

    public IReadOnlyList<string> AcceptFingerprint { get; init; } = [];

    /// <summary>What ssh_config wants that PemHa cannot do, and that may not matter.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public TimeSpan Timeout { get; init; }
}

/// <summary>The way to a node. The one place where parameters, ssh_config and defaults are weighed, in this order.</summary>
/// <param name="Jumps">The jump hosts, the nearest first.</param>
/// <param name="Node">The node.</param>
sealed record SshRoute(IReadOnlyList<SshHop> Jumps, SshHop Node)
{
    static readonly string[] DefaultKeys = ["id_ed25519", "id_ecdsa", "id_rsa"];

    /// <summary>Keywords that change to whom or over what a connection is made, with what to do instead. To go on without them would be wrong.</summary>
    static readonly (string Keyword, string Instead)[] Refused =
    [
        ("bindaddress", "Let the routing table choose"),
        ("bindinterface", "Let the routing table choose"),
        ("canonicalizehostname", "Write the full host name"),
        ("knownhostscommand", "Write the hosts' keys to a file for -KnownHostsFile"),
        ("revokedhostkeys", "Mark the keys @revoked in known_hosts"),
    ];

    /// <summary>Keywords that are a further way to log in: to go on without is right as long as another way is open.</summary>
    static readonly string[] Passed = ["gssapiauthentication", "hostbasedauthentication", "pkcs11provider"];

    /// <summary>Finds the way.</summary>
    /// <exception cref="PemException">ssh_config asks for what PemHa cannot do, or a jump host makes no sense.</exception>
    public static SshRoute To(PemHost host, SshOptions options)
    {
        var alias = host.HostName ?? host.Address;
        var config = options.Config.For(alias, options.UserName);
        var node = Hop(alias, config, options, host.SshPort, options.UserName ?? config.Get("user")?.Word ?? "root", options.Password, null);
        node = node with { Label = node.HostName == host.Name ? host.Name : $"{host.Name} ({Shown(node)})" };
        return new SshRoute([.. Way(alias, config, node, options, options.JumpHost)], node);
    }

    static IEnumerable<SshHop> Way(string alias, SshConfigHost config, SshHop to, SshOptions options, string? given, params IReadOnlyList<string> before)
    {
        string? spec = given, where = "-JumpHost";
        if (given is null)
        {
            if (config.First("proxycommand") is { } command && config.Precedes("proxycommand", "proxyjump") && !Is(command.Sure(), "none"))
                throw SshConfig.Unsupported(command.Where, "PemHa does not run a ProxyCommand", "Use ProxyJump or -JumpHost");
            if (config.Precedes("proxyjump", "proxycommand") && config.Get("proxyjump") is { } jump)
                (spec, where) = (Tokens(alias, to, options).Percent(jump.Word, jump.Where, "hnpr"), jump.Where);
        }
        if (string.IsNullOrEmpty(spec) || spec.Equals("none", StringComparison.OrdinalIgnoreCase)) return [];
        if (before.Contains(alias)) throw SshConfig.Invalid(where, $"the jump hosts lead in a circle: {string.Join(", ", before.Append(alias))}");
        var jumps = new List<SshHop>();
        foreach (var text in spec.Split(','))
        {
            var (user, name, port) = Parse(text.Trim()) ?? throw (given is null ? SshConfig.Invalid(where, $"'{text}' is no jump host; one is written user@host:port")
                : new PemException("JumpHostUnfit", Trouble.InvalidArgument, $"'{text}' is no jump host.", "Write user@host:port, several with commas, the nearest first."));
            var own = options.Config.For(name, user ?? options.JumpUserName);
            user ??= options.JumpUserName ?? own.Get("user")?.Word ?? Environment.UserName;
            var jump = Hop(name, own, options, port, user, user == options.JumpUserName ? options.JumpPassword : null, name);
            // Only the nearest one may be behind further ones, by its own account.
            if (jumps.Count == 0) jumps.AddRange(Way(name, own, jump, options, null, [.. before, alias]));
            jumps.Add(jump);
        }
        return jumps;
    }

    /// <summary>User, host and port of <c>[user@]host[:port]</c> or <c>ssh://…</c>; null when it is neither.</summary>
    internal static (string? User, string Host, int? Port)? Parse(string text)
    {
        if (text.StartsWith("ssh://", StringComparison.OrdinalIgnoreCase)) text = text[6..].TrimEnd('/');
        var at = text.LastIndexOf('@');
        var (user, rest) = at < 0 ? (null, text) : (text[..at], text[(at + 1)..]);
        string host = rest, port = "";
        if (rest.StartsWith('['))
        {
            var end = rest.IndexOf(']', StringComparison.Ordinal);
            if (end < 0) return null;
            (host, port) = (rest[1..end], rest[(end + 1)..]);
            if (port.Length > 0 && port[0] != ':') return null;
            port = port.TrimStart(':');
        }
        else if (rest.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon && colon == rest.LastIndexOf(':'))
        {
            (host, port) = (rest[..colon], rest[(colon + 1)..]);
            if (port.Length == 0) return null;
        }
        if (user?.Length == 0 || host.Length == 0 || host[0] == '-' || !host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':')) return null;
        if (port.Length == 0) return (user, host, null);
        return PortNumber(port) is { } number ? (user, host, number) : null;
    }

    /// <param name="jump">The jump host's name as it was given; null for a node.</param>
    static SshHop Hop(string alias, SshConfigHost config, SshOptions options, int? port, string user, string? password, string? jump)
    {
        foreach (var (keyword, instead) in Refused)
            if (config.Get(keyword) is { } value && !Is(value, "none") && !Is(value, "no"))
                throw SshConfig.Unsupported(value.Where, $"PemHa does not know {keyword}", instead);

        var name = alias;
        if (config.Get("hostname") is { } real) name = new SshTokens(options.Home, alias, alias, 0, user, alias).Percent(real.Word, real.Where, "h");
        // Either would be an option, or a command of the shell that runs a proxy, to the ssh of a runbook.
        if (name.Length == 0 || name[0] == '-' || !name.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '%'))
            throw SshConfig.Invalid(config.Get("hostname")?.Where ?? alias, $"'{name}' is no host name");
        if (user.Length == 0 || user[0] == '-' || user.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || "'`\"$;&<>|(){},".Contains(c, StringComparison.Ordinal)))
            throw new PemException("UserNameUnfit", Trouble.InvalidArgument, $"'{user}' is no login for {alias}.", "Give a name without blanks, quotes and other characters that mean something to a shell.") { Given = user };
        var number = port ?? (config.Get("port") is { } p ? PortNumber(p.Word) ?? throw SshConfig.Invalid(p.Where, $"{p.Word} is no port") : 22);
        var keyAlias = config.Get("hostkeyalias")?.Word;
        var hop = new SshHop
        {
            Label = "",
            HostName = name,
            Port = number,
            UserName = user,
            Password = password,
            Passphrase = options.KeyPassphrase ?? options.Password,
            KnownAs = keyAlias is null ? (name.ToLowerInvariant(), number) : (keyAlias.ToLowerInvariant(), 22),
            KnownHostsFile = [],
            AcceptFingerprint = options.AcceptFingerprint,
            Timeout = options.Timeout,
        };
        var tokens = Tokens(alias, hop, options) with { KeyAlias = keyAlias ?? alias };
        var implied = jump is not null || options.KeyFile is null;
        var keys = implied && !Is(config.Get("pubkeyauthentication"), "no");
        return hop with
        {
            Label = jump is null ? "" : $"the jump host {(name == alias ? Shown(hop) : $"{alias} ({Shown(hop)})")}",
            KnownHostsFile = options.KnownHostsFile ?? KnownHostsFiles(config, options, tokens),
            Identities =
            [
                .. (options.KeyFile ?? []).Select(path => new SshIdentity(path, true)),
                .. keys ? Implied(config, options, tokens) : [],
            ],
            IdentitiesOnly = !keys || Is(config.Get("identitiesonly"), "yes"),
            PasswordFirst = password is not null && (jump is not null || options.KeyFile is null),
            Certificates = [.. config.All("certificatefile").Select(c => tokens.Path(c.Word, c.Where))],
            Agent = Agent(config, tokens),
            Notes = [.. Passed.Select(config.First).OfType<SshConfigValue>().Where(v => !Is(v, "no") && !Is(v, "none"))
                .Select(v => $"{v.Where} asks for a login that PemHa does not do (Kerberos, host-based, PKCS#11)")],
        };
    }

    static IEnumerable<SshIdentity> Implied(SshConfigHost config, SshOptions options, SshTokens tokens)
    {
        var given = config.All("identityfile").ToList();
        var paths = given.Count > 0 ? given.Where(v => !Is(v, "none")).Select(v => tokens.Path(v.Word, v.Where))
            : DefaultKeys.Select(n => Path.Combine(options.Home, ".ssh", n)).Where(File.Exists);
        return paths.Distinct().Select(path => new SshIdentity(path, false));
    }

    static List<string> KnownHostsFiles(SshConfigHost config, SshOptions options, SshTokens tokens)
    {
        var global = OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ssh", "ssh_known_hosts") : "/etc/ssh/ssh_known_hosts";
        return
        [
            .. Files("userknownhostsfile", Path.Combine(options.Home, ".ssh", "known_hosts")),
            .. Files("globalknownhostsfile", global),
        ];

        IEnumerable<string> Files(string keyword, string standard) => config.Get(keyword) is not { } value ? [standard]
            : value.Words.Where(w => !w.Equals("none", StringComparison.OrdinalIgnoreCase)).Select(w => tokens.Path(w, value.Where));
    }

    static string? Agent(SshConfigHost config, SshTokens tokens)
    {
        var value = config.Get("identityagent");
        if (value is null || value.Word == "SSH_AUTH_SOCK") return SshAgent.Usual;
        if (Is(value, "none")) return null;
        return value.Word.StartsWith('$') && !value.Word.StartsWith("${", StringComparison.Ordinal)
            ? Environment.GetEnvironmentVariable(value.Word[1..]) : tokens.Path(value.Word, value.Where);
    }

    static SshTokens Tokens(string alias, SshHop hop, SshOptions options) => new(options.Home, alias, hop.HostName, hop.Port, hop.UserName, hop.KnownAs.Name);

    static string Shown(SshHop hop) => hop.Port == 22 ? hop.HostName : string.Create(CultureInfo.InvariantCulture, $"{hop.HostName}, port {hop.Port}");

    static int? PortNumber(string text) =>
        Digits.Whole(text) is { } port and > 0 and < 65536 ? port : null;

    static bool Is(SshConfigValue? value, string word) => value is not null && value.Word.Equals(word, StringComparison.OrdinalIgnoreCase);
}
