namespace PemHa.Lab.Tests;

/// <summary>The pwsh of this machine, for what needs modules that the hosted engine has not.</summary>
static class PowerShellProgram
{
    /// <summary>Its path; null when there is none, or none that finds Pester.</summary>
    public static async Task<string?> FindAsync()
    {
        var folders = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (folders.Select(f => Path.Combine(f, "pwsh")).FirstOrDefault(File.Exists) is not { } pwsh) return null;
        var pester = await Command.RunAsync(
            [pwsh, "-NoProfile", "-Command", "(Get-Module Pester -ListAvailable).Version.Major -ge 5"], CancellationToken.None);
        return pester.ExitCode == 0 && pester.Stdout.Trim().Length > 0 ? pwsh : null;
    }
}
