using System.Security.Cryptography;

namespace PemHa.Engine.Remote;

/// <summary>Public keys beside, or inside, files of private keys: no passphrase is needed for them.</summary>
static class PublicKeys
{
    static ReadOnlySpan<byte> Magic => "openssh-key-v1\0"u8;

    /// <summary>The public key, in its wire form, that belongs to a private key's file; null when it cannot be told.</summary>
    /// <param name="path">The private key's file, which need not be there when its <c>.pub</c> is; or a public key's.</param>
    public static byte[]? Of(string path)
    {
        try
        {
            if (File.Exists(path + ".pub") && Line(File.ReadAllText(path + ".pub")) is { } beside) return beside;
            var text = File.ReadAllText(path);
            return Line(text) ?? Inside(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The fingerprint as ssh-keygen and ssh-add show it.</summary>
    public static string Fingerprint(byte[] blob) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');

    /// <summary>A line <c>type base64 comment</c>.</summary>
    static byte[]? Line(string text)
    {
        var words = text.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries);
        return words.Length >= 2 && Decode(words[1]) is { } blob && SshWire.FirstText(blob) == words[0] ? blob : null;
    }

    /// <summary>OpenSSH's own format names the public key in clear text before the encrypted part.</summary>
    static byte[]? Inside(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length < 3 || lines[0] != "-----BEGIN OPENSSH PRIVATE KEY-----" || Decode(string.Concat(lines[1..^1])) is not { } data) return null;
        if (!data.AsSpan().StartsWith(Magic)) return null;
        try
        {
            var wire = new SshWire(data[Magic.Length..]);
            // Cipher, key derivation and its options; then how many keys there are.
            for (var i = 0; i < 3; i++) wire.Bytes();
            return wire.Number() == 1 ? wire.Bytes() : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    static byte[]? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var count) ? bytes[..count] : null;
    }
}
