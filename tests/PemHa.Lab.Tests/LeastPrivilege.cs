using System.Text.RegularExpressions;

namespace PemHa.Lab.Tests;

/// <summary>How sudo lets the operator's one command through.</summary>
enum SudoForm
{
    WithoutPassword,
    WithPassword,
}

/// <summary>The operator that docs/security.md tells an administrator to make on each host, made by that document's own lines.</summary>
static partial class LeastPrivilege
{
    public const string User = "pemha";

    static readonly string Document = File.ReadAllText(Path.Combine(LabPaths.Checkout, "docs", "security.md"));

    /// <summary>The lines for sudoers, as they stand there.</summary>
    public static string Sudoers(SudoForm form) => Blocks().Matches(Document).Select(m => m.Groups[1].Value).ElementAt((int)form);

    /// <summary>Makes the user with its key on every host; with a password where sudo is to ask for one.</summary>
    /// <param name="key">The private key's file; it is made, and is nobody else's.</param>
    /// <param name="from">Addresses from which the key is let in.</param>
    public static async Task MakeAsync(ProcedureLab cluster, SudoForm form, string key, string passphrase, string password, string from)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(key)!);
        string[] keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", User, "-f", key];
        (await Command.RunAsync(keygen, ProcedureLab.Cancellation)).Check("ssh-keygen");
        var (add, home, options) = (Line("useradd "), Line("install -d ").Split('#')[0], Options().Match(Document).Groups[1].Value);
        var lab = await cluster.LabAsync();
        foreach (var host in lab.Hosts)
        {
            await cluster.RootAsync(host.Name, $"""
                {add}
                {home}
                cat > ~{User}/.ssh/authorized_keys <<'E'
                {options.Replace(LabSwitch.Controller, from, StringComparison.Ordinal)} {(await File.ReadAllTextAsync(key + ".pub", ProcedureLab.Cancellation)).Trim()}
                E
                chown {User}: ~{User}/.ssh/authorized_keys; chmod 600 ~{User}/.ssh/authorized_keys
                install -m 440 /dev/stdin /etc/sudoers.d/pemha <<'E'
                {Sudoers(form)}
                E
                visudo -qc
                {(form == SudoForm.WithPassword ? $"chpasswd <<'E'\n{User}:{password}\nE" : "")}
                """);
        }
    }

    /// <summary>What comes of commands that the operator gives sudo: "COMMAND: last line".</summary>
    /// <param name="password">What sudo asks for; null when it asks for nothing.</param>
    public static async Task<IReadOnlyList<string>> TryAsync(ProcedureLab cluster, string host, string? password, params IEnumerable<string> commands) =>
        (await cluster.RootAsync(host, $$"""
            P=$(cat <<'E'
            {{password}}
            E
            )
            try() { printf '%s\n' "$P" 'id -u' | runuser -u {{User}} -- sudo -k {{(password is null ? "-n" : "-S -p ''")}} "$@" 2>&1 | tail -n 1 | sed "s,^,$*: ,"; }
            cd /
            {{string.Join('\n', commands.Select(c => "try " + c))}}
            """)).Split('\n');

    static string Line(string start) => Document.Split('\n').Select(l => l.Trim()).Single(l => l.StartsWith(start, StringComparison.Ordinal));

    [GeneratedRegex("^```sudoers\n(.*?)\n```$", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex("in its authorized_keys: (.*) ssh-ed25519 ", RegexOptions.CultureInvariant)]
    private static partial Regex Options();
}
