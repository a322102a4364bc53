using System.Security.Cryptography;
using System.Text;

namespace PemHa.Engine.Remote;

/// <summary>What <c>known_hosts</c> says of a host's key.</summary>
enum HostKeyVerdict
{
    Unknown,
    Known,
    Changed,
    Revoked,
}

/// <summary>OpenSSH's <c>known_hosts</c> files: plain and hashed names, ports, patterns, <c>@revoked</c>.</summary>
/// <remarks>Format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". Certificates of hosts are not checked, so <c>@cert-authority</c> makes nothing trusted.</remarks>
sealed class KnownHosts
{
    readonly List<(string Marker, string Names, string KeyType, string Key)> _entries = [];

    /// <summary>Reads the files that exist; the others count as empty.</summary>
    public static KnownHosts Read(IEnumerable<string> paths)
    {
        var known = new KnownHosts();
        foreach (var path in paths.Where(File.Exists)) known.Parse(File.ReadAllText(path));
        return known;
    }

    /// <summary>Adds the entries of a file's text.</summary>
    public void Parse(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#')) continue;
            var marker = words[0].StartsWith('@') ? words[0] : "";
            var rest = marker.Length > 0 ? words[1..] : words;
            if (rest.Length >= 3) _entries.Add((marker, rest[0], rest[1], rest[2]));
        }
    }

    /// <summary>The key types known for a host, so that the client can ask for one that it can check.</summary>
    public IReadOnlyList<string> KeyTypes(string host, int port) =>
        [.. _entries.Where(e => e.Marker.Length == 0 && Matches(e.Names, host, port)).Select(e => e.KeyType).Distinct()];

    /// <summary>Whether a certificate of the host would be believed by those who check certificates.</summary>
    public bool HasAuthority(string host, int port) => _entries.Any(e => e.Marker == "@cert-authority" && Matches(e.Names, host, port));

    /// <summary>Judges a host's key.</summary>
    /// <param name="key">The key's wire form, as the server sent it.</param>
    /// <param name="keyType">Its type in the wire form, such as <c>ssh-ed25519</c>.</param>
    public HostKeyVerdict Check(string host, int port, string keyType, byte[] key)
    {
        var encoded = Convert.ToBase64String(key);
        var verdict = HostKeyVerdict.Unknown;
        foreach (var entry in _entries.Where(e => Matches(e.Names, host, port)))
        {
            var same = string.Equals(entry.Key, encoded, StringComparison.Ordinal);
            if (entry.Marker == "@revoked" && same) return HostKeyVerdict.Revoked;
            if (entry.Marker.Length > 0) continue;
            if (same) verdict = HostKeyVerdict.Known;
            else if (verdict == HostKeyVerdict.Unknown && entry.KeyType == keyType) verdict = HostKeyVerdict.Changed;
        }
        // A host with keys of other types only is as suspicious as a changed key: an impostor would offer another type.
        if (verdict == HostKeyVerdict.Unknown && KeyTypes(host, port).Count > 0) return HostKeyVerdict.Changed;
        return verdict;
    }

    static bool Matches(string names, string host, int port)
    {
        var name = port == 22 ? host : $"[{host}]:{port}";
        if (names.StartsWith("|1|", StringComparison.Ordinal))
        {
            var parts = names.Split('|');
            if (parts.Length != 4) return false;
            try
            {
                // OpenSSH's format is HMAC-SHA1; it hides names, it does not protect keys.
#pragma warning disable CA5350
                var hash = HMACSHA1.HashData(Convert.FromBase64String(parts[2]), Encoding.ASCII.GetBytes(name));
#pragma warning restore CA5350
                return CryptographicOperations.FixedTimeEquals(hash, Convert.FromBase64String(parts[3]));
            }
            catch (FormatException)
            {
                return false;
            }
        }
        var (matched, lower) = (false, name.ToLowerInvariant());
        foreach (var pattern in names.Split(','))
        {
            if (pattern.StartsWith('!'))
            {
                if (SshConfig.Glob(pattern[1..].ToLowerInvariant(), lower)) return false;
            }
            else if (SshConfig.Glob(pattern.ToLowerInvariant(), lower))
            {
                matched = true;
            }
        }
        return matched;
    }
}
