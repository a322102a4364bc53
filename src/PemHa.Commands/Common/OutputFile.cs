using System.Management.Automation;
using System.Text;
using PemHa.Engine;

namespace PemHa.Commands;

/// <summary>
/// Files that the user asked for, written under a temporary name in the same folder and renamed, so that no incomplete
/// file is ever visible under the final name.
/// </summary>
static class OutputFile
{
    /// <summary>Ends the command if the file exists and is not to be replaced.</summary>
    public static void RefuseExisting(PSCmdlet command, string file, bool replace)
    {
        if (replace || !File.Exists(file)) return;
        command.ThrowTerminatingError(
            Errors.Input("FileExists", $"{file} is there already; -Force replaces it.", file));
    }

    /// <summary>
    /// Writes text the same way on every system: UTF-8 without a byte order mark, lines that end in LF. On the
    /// pipeline's thread only; an error ends the command.
    /// </summary>
    /// <param name="replace">Whether an existing file is replaced.</param>
    public static void WriteText(PSCmdlet command, string file, string text, bool replace)
    {
        var bytes = new UTF8Encoding(false).GetBytes(text.Replace("\r\n", "\n", StringComparison.Ordinal));
        try
        {
            Write(file, bytes, mode: null, replace);
        }
        catch (PemException e)
        {
            command.ThrowTerminatingError(Errors.Input(e.Id, e.Message, file, e.InnerException));
        }
    }

    /// <summary>Writes a file that only its owner may read.</summary>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <exception cref="PemException">The file cannot be written.</exception>
    public static void WritePrivate(string file, ReadOnlySpan<byte> content, bool replace) =>
        Write(file, content, UnixFileMode.UserRead | UnixFileMode.UserWrite, replace);

    static void Write(string file, ReadOnlySpan<byte> content, UnixFileMode? mode, bool replace)
    {
        var temporary = $"{file}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        try
        {
            using (var stream = new FileStream(temporary, options)) stream.Write(content);
            File.Move(temporary, file, replace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // File.Delete fails as well if the folder does not exist.
            if (File.Exists(temporary)) File.Delete(temporary);
            throw new PemException("FileUnwritable", Trouble.InvalidArgument, $"{file} cannot be written: {e.Message}",
                ErrorTable.Of("FileUnwritable").Remedy, e)
            { Given = file };
        }
    }
}
