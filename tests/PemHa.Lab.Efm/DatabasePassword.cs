namespace PemHa.Lab.Efm;

/// <summary>
/// The source of the database password: db.password.encrypted or, from 5.4 on, the output of script.db.password, which
/// runs at the start and after each refused login [G5, O81].
/// </summary>
sealed class DatabasePassword(EfmProperties properties, HostCommands host)
{
    /// <summary>How often the script is tried before the agent goes on without a password, as an idle one.</summary>
    const int Attempts = 3;

    internal bool IsScripted => properties["script.db.password"].Length > 0;

    /// <summary>The password in the properties; null when it cannot be decrypted.</summary>
    internal static string? OfProperties(EfmProperties properties) =>
        PasswordCipher.Decrypt(properties.Cluster, properties["db.password.encrypted"]);

    /// <summary>The password that the script prints; null when the script never succeeds.</summary>
    internal async Task<string?> AskAsync()
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var result = await host.RunAsync([properties["script.db.password"]], null, TimeSpan.FromMinutes(1));
            var text = result.Output.Trim();
            if (result.Ok)
            {
                return properties.Flag("script.db.password.encrypted")
                    ? PasswordCipher.Decrypt(properties.Cluster, text)
                    : text;
            }
            if (attempt < Attempts) await Task.Delay(properties.Seconds("script.db.password.retry"));
        }
        return null;
    }
}
