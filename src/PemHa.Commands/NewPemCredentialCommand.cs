using System.Management.Automation;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using PemHa.Engine;

namespace PemHa.Commands;

/// <summary>Makes a credential with a good password; with -Path keeps it, so that the next run gives the same one.</summary>
/// <remarks>With -WhatIf it keeps nothing: the password is good for that preview only, unless one was kept before.</remarks>
[Cmdlet(VerbsCommon.New, "PemCredential", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(PSCredential))]
public sealed class NewPemCredentialCommand : PSCmdlet
{
    // No characters that look alike, none that any of the products' files would have to escape.
    const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789-_";

    /// <summary>The user's name.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateForm("[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}", "of letters, digits, '_', '.' and '-', 63 at most")]
    [ArgumentCompleter(typeof(UsualCompleter))]
    public string UserName { get; set; } = "";

    /// <summary>How many characters the password has.</summary>
    [Parameter]
    [ValidateRange(16, 100)]
    public int Length { get; set; } = 24;

    /// <summary>A folder that keeps the password in a file that only you can read; a secret store is the better place.</summary>
    [Parameter]
    [ValidateForm(ValidateFormAttribute.Path, ValidateFormAttribute.PathForm)]
    public string? Path { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Never a string, which cannot be overwritten.
        char[] password;
        try
        {
            password = Path is null ? Generate() : Keep(GetUnresolvedProviderPathFromPSPath(Path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(Errors.Input("SecretFileUnusable", $"The password of {UserName} cannot be kept: {e.Message}", Path, e));
            return;
        }
        var secure = new SecureString();
        foreach (var c in password) secure.AppendChar(c);
        Array.Clear(password);
        secure.MakeReadOnly();
        WriteObject(new PSCredential(UserName, secure));
    }

    char[] Keep(string folder)
    {
        var file = System.IO.Path.Combine(folder, UserName + ".secret");
        if (!File.Exists(file) && !ShouldProcess(file, "New-PemCredential")) return Generate();
        Directory.CreateDirectory(folder);
        try
        {
            if (!File.Exists(file)) return Written(file, Generate());
        }
        catch (IOException) when (File.Exists(file))
        {
            // Another run was faster; its password is the one.
        }
        var bytes = File.ReadAllBytes(file);
        try
        {
            var text = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes;
            var password = new char[Encoding.UTF8.GetCharCount(text)];
            Encoding.UTF8.GetChars(text, password);
            return password;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    static char[] Written(string file, char[] password)
    {
        PrivateFile.Write(file, password, replace: false);
        return password;
    }

    char[] Generate() => RandomNumberGenerator.GetItems<char>(Alphabet, Length);
}
