using System.Security.Cryptography;

namespace PemHa.Engine.Certificates;

/// <summary>Private keys in PEM files: RSA or EC (P24), plain or encrypted.</summary>
static class PrivateKeys
{
    /// <summary>The first private key in a text.</summary>
    /// <param name="password">Opens an encrypted key; null when none was given.</param>
    /// <exception cref="CryptographicException">There is none, it is of another kind, or the password does not open it; the message says which.</exception>
    public static AsymmetricAlgorithm Read(string pem, string? password)
    {
        if (pem.Contains("\nProc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
            throw new CryptographicException("it is encrypted in OpenSSL's old format; `openssl pkcs8 -topk8` makes a key of today out of it");
        if (Find(pem) is not var (label, text)) throw new CryptographicException("it holds no private key");
        var encrypted = label == "ENCRYPTED PRIVATE KEY";
        if (encrypted && password is null) throw new CryptographicException("it is encrypted, and there is no password for it");
        // Every attempt decrypts anew, which takes long on purpose; our own keys are of the kind that comes first.
        if (label != "RSA PRIVATE KEY" && Import(ECDsa.Create()) is { } ec) return ec;
        if (label != "EC PRIVATE KEY" && Import(RSA.Create()) is { } rsa) return rsa;
        throw new CryptographicException(encrypted ? "the password does not open it, or it is neither an RSA nor an EC key" : "it is neither an RSA nor an EC key");

        AsymmetricAlgorithm? Import(AsymmetricAlgorithm key)
        {
            try
            {
                if (encrypted) key.ImportFromEncryptedPem(text, password);
                else key.ImportFromPem(text);
                return key;
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException or PlatformNotSupportedException)
            {
                key.Dispose();
                return null;
            }
        }
    }

    /// <summary>The DER form of a public key that <c>openssl pkey -pubout</c> shows in PEM form.</summary>
    /// <exception cref="CryptographicException">The text holds none.</exception>
    public static byte[] Public(string pem)
    {
        if (!PemEncoding.TryFind(pem, out var fields)) throw new CryptographicException("no public key");
        return Convert.FromBase64String(pem[fields.Base64Data]);
    }

    /// <summary>Why a key is too weak; null when it is not (P24 asks for RSA or EC).</summary>
    public static string? Weakness(AsymmetricAlgorithm key) => key switch
    {
        RSA when key.KeySize < 2048 => $"it has {key.KeySize} bits; servers and clients of today want 2048 at least",
        ECDsa when key.KeySize < 256 => $"it has {key.KeySize} bits; servers and clients of today want 256 at least",
        _ => null,
    };

    static (string Label, string Text)? Find(string pem)
    {
        for (var rest = pem; PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
            if (rest[fields.Label] is "PRIVATE KEY" or "ENCRYPTED PRIVATE KEY" or "RSA PRIVATE KEY" or "EC PRIVATE KEY") return (rest[fields.Label], rest[fields.Location]);
        return null;
    }
}
