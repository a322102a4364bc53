using System.Text;
using System.Text.RegularExpressions;

namespace PemHa.Engine.Remote;

/// <summary>What <c>~</c>, <c>${NAME}</c> and <c>%x</c> stand for in a value of ssh_config.</summary>
/// <param name="Home">The admin's home directory, <c>%d</c>.</param>
/// <param name="Alias">The host as it was asked for, <c>%n</c>.</param>
/// <param name="HostName">The host that is connected to, <c>%h</c>.</param>
/// <param name="Port">Its port, <c>%p</c>.</param>
/// <param name="UserName">The login there, <c>%r</c>.</param>
/// <param name="KeyAlias">The name under which its key is known, <c>%k</c>.</param>
sealed partial record SshTokens(string Home, string Alias, string HostName, int Port, string UserName, string KeyAlias)
{
    /// <summary>A path with all of it put in.</summary>
    /// <exception cref="PemException">It has a token or a variable that nobody knows.</exception>
    public string Path(string text, string where) => Environment(Percent(Tilde(text, Home), where), where);

    /// <summary>The value with its <c>%</c> tokens put in.</summary>
    /// <param name="only">The tokens that the keyword takes; all when null.</param>
    public string Percent(string text, string where, string? only = null)
    {
        var expanded = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                expanded.Append(text[i]);
                continue;
            }
            var token = ++i < text.Length ? text[i] : '\0';
            if (token == '%') expanded.Append('%');
            else if (only?.Contains(token, StringComparison.Ordinal) != false && Value(token) is { } value) expanded.Append(value);
            else throw SshConfig.Unsupported(where, $"the token %{token} is not one that PemHa puts in here".Replace("\0", "", StringComparison.Ordinal), "Write out what it stands for");
        }
        return expanded.ToString();
    }

    /// <summary>The path with a leading <c>~/</c> put in.</summary>
    public static string Tilde(string path, string home) => path == "~" ? home
        : path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith(@"~\", StringComparison.Ordinal) ? System.IO.Path.Combine(home, path[2..]) : path;

    /// <summary>The text with <c>${NAME}</c> put in.</summary>
    /// <exception cref="PemException">There is no such variable.</exception>
    public static string Environment(string text, string where) => Variable().Replace(text, match =>
        System.Environment.GetEnvironmentVariable(match.Groups[1].Value)
            ?? throw SshConfig.Invalid(where, $"there is no environment variable {match.Groups[1].Value}"));

    string? Value(char token) => token switch
    {
        'd' => Home,
        'h' => HostName,
        'k' => KeyAlias,
        'L' => System.Environment.MachineName.Split('.')[0],
        'n' => Alias,
        'p' => FormattableString.Invariant($"{Port}"),
        'r' => UserName,
        'u' => System.Environment.UserName,
        _ => null,
    };

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Variable();
}
