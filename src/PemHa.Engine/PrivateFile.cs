namespace PemHa.Engine;

/// <summary>Files on the admin's machine that only their owner may read.</summary>
static class PrivateFile
{
    /// <summary>Writes a file whole or not at all; never readable by others, not even while it is written.</summary>
    /// <exception cref="IOException">It cannot be written, or is there already and must not be replaced.</exception>
    public static void Write(string path, ReadOnlySpan<char> text, bool replace = true)
    {
        var beside = $"{path}.{Guid.NewGuid():N}";
        var bytes = new byte[System.Text.Encoding.UTF8.GetByteCount(text)];
        System.Text.Encoding.UTF8.GetBytes(text, bytes);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var stream = new FileStream(beside, options))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }
            File.Move(beside, path, replace);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
            File.Delete(beside);
        }
    }
}
