using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PemHa.Engine.Postgres;

/// <summary>SCRAM-SHA-256 verifiers, made on our side so that no server, log or process list sees a password (P7; RFC 5802, RFC 7677).</summary>
static class ScramVerifier
{
    const int Iterations = 4096;

    /// <summary>What a server may say that it used: fewer are weaker than ours and are replaced, more would keep us busy for a host's sake.</summary>
    const int MostIterations = 1_000_000;

    /// <summary>A new verifier, as Postgres stores it in <c>pg_authid.rolpassword</c>.</summary>
    public static string Create(string password) => Create(password, RandomNumberGenerator.GetBytes(16), Iterations);

    /// <summary>Whether a stored verifier is that of the password.</summary>
    public static bool Matches(string verifier, string password)
    {
        // SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>
        var parts = verifier.Split('$', ':');
        if (parts.Length != 5 || parts[0] != "SCRAM-SHA-256") return false;
        if (Digits.Whole(parts[1]) is not { } n || n is < Iterations or > MostIterations) return false;

        try
        {
            return CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(Create(password, Convert.FromBase64String(parts[2]), n)), Encoding.ASCII.GetBytes(verifier));
        }
        catch (FormatException)
        {
            return false;
        }
    }

    static string Create(string password, byte[] salt, int iterations)
    {
        var bytes = Encoding.UTF8.GetBytes(Prepared(password));
        var salted = Rfc2898DeriveBytes.Pbkdf2(bytes, salt, iterations, HashAlgorithmName.SHA256, 32);
        CryptographicOperations.ZeroMemory(bytes);
        // Whoever has the client's key needs no password.
        var client = HMACSHA256.HashData(salted, "Client Key"u8);
        var stored = SHA256.HashData(client);
        CryptographicOperations.ZeroMemory(client);
        var server = HMACSHA256.HashData(salted, "Server Key"u8);
        CryptographicOperations.ZeroMemory(salted);
        return string.Create(CultureInfo.InvariantCulture,
            $"SCRAM-SHA-256${iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(stored)}:{Convert.ToBase64String(server)}");
    }

    /// <summary>SASLprep (RFC 4013). Where it refuses a password, or leaves nothing of it, Postgres and libpq take the password as it is.</summary>
    static string Prepared(string password)
    {
        var prepared = Mapped(password).Normalize(NormalizationForm.FormKC);
        return prepared.Length == 0 || prepared.EnumerateRunes().Any(Prohibited) ? password : prepared;
    }

    /// <summary>RFC 3454, C.2 to C.9; and A.1, what Unicode 3.2 did not have yet, as far as whole planes go.</summary>
    static bool Prohibited(Rune rune) => Rune.IsControl(rune) || rune.Value switch
    {
        0x340 or 0x341 or 0x6dd or 0x70f or 0x180e or (>= 0x200c and <= 0x200f) or (>= 0x2028 and <= 0x202e) or (>= 0x2060 and <= 0x206f) or (>= 0x2ff0 and <= 0x2ffb) => true,
        (>= 0xe000 and <= 0xf8ff) or (>= 0xfdd0 and <= 0xfdef) or 0xfeff or (>= 0xfff9 and <= 0xffff) => true,
        >= 0x1d173 and <= 0x1d17a => true,
        > 0xffff and not ((>= 0x10300 and <= 0x1034f) or (>= 0x10400 and <= 0x1044f) or (>= 0x1d000 and <= 0x1d7ff) or (>= 0x20000 and <= 0x2a6d6) or (>= 0x2f800 and <= 0x2fa1d)) => true,
        _ => false,
    };

    /// <summary>SASLprep's mapping, before its NFKC: unusual spaces are spaces, some code points are nothing (RFC 4013, 2.1; RFC 3454, C.1.2 and B.1).</summary>
    static string Mapped(string password) => string.Concat(password
        .Where(c => c is not ('\u00ad' or '\u034f' or '\u1806' or (>= '\u180b' and <= '\u180d') or '\u200c' or '\u200d' or '\u2060' or (>= '\ufe00' and <= '\ufe0f') or '\ufeff'))
        .Select(c => c is '\u00a0' or '\u1680' or (>= '\u2000' and <= '\u200b') or '\u202f' or '\u205f' or '\u3000' ? ' ' : c));
}
