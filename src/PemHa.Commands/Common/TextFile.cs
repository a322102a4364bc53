using System.Management.Automation;
using System.Text;

namespace PemHa.Commands;

/// <summary>Files that people asked for, written beside and renamed, so that nobody finds half of one.</summary>
static class TextFile
{
    /// <summary>Writes a file whole, the same on every system: UTF-8 without a mark, lines that end in LF.</summary>
    /// <param name="replace">Whether a file that is there is replaced.</param>
    public static void Write(PSCmdlet command, string file, string text, bool replace)
    {
        var beside = $"{file}.{Guid.NewGuid():N}";
        try
        {
            File.WriteAllText(beside, text.Replace("\r\n", "\n", StringComparison.Ordinal), new UTF8Encoding(false));
            File.Move(beside, file, replace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of a folder that is not there nothing can be deleted either.
            if (File.Exists(beside)) File.Delete(beside);
            command.ThrowTerminatingError(Errors.Input("FileUnwritable", $"{file} cannot be written: {e.Message}", file, e));
        }
    }
}
