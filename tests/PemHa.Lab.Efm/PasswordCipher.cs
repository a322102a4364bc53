using System.Security.Cryptography;
using System.Text;

namespace PemHa.Lab.Efm;

/// <summary>
/// Encrypts the database password with a key made of the cluster's name: it keeps one cluster from using another's
/// password by accident, and is no protection against someone who can read the file. [F4]
/// </summary>
static class PasswordCipher
{
    internal static string Encrypt(string cluster, string password)
    {
        using var aes = Create(cluster);
        aes.GenerateIV();
        var body = aes.EncryptCbc(Encoding.UTF8.GetBytes(password), aes.IV);
        return Convert.ToHexStringLower([.. aes.IV, .. body]);
    }

    /// <returns>The password, or null when the text was not made for this cluster.</returns>
    internal static string? Decrypt(string cluster, string text)
    {
        try
        {
            var bytes = Convert.FromHexString(text);
            if (bytes.Length < 32 || bytes.Length % 16 != 0) return null;
            using var aes = Create(cluster);
            return new UTF8Encoding(false, true).GetString(aes.DecryptCbc(bytes.AsSpan(16), bytes.AsSpan(0, 16)));
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    static Aes Create(string cluster)
    {
        var aes = Aes.Create();
        aes.Key = SHA256.HashData(Encoding.UTF8.GetBytes("efm password " + cluster));
        return aes;
    }
}
