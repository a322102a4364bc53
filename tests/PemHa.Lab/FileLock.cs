namespace PemHa.Lab;

/// <summary>A lock between processes: a file that the kernel unlocks when its holder dies.</summary>
sealed class FileLock : IAsyncDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    readonly FileStream _file;

    FileLock(FileStream file) => _file = file;

    /// <summary>Null when somebody else has it.</summary>
    public static FileLock? TryTake(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    public static async Task<FileLock> WaitAsync(string path, CancellationToken cancellation)
    {
        FileLock? taken;
        while ((taken = TryTake(path)) is null)
            await Task.Delay(Pause, cancellation);
        return taken;
    }

    /// <summary>Takes the file away with the lock.</summary>
    public void Delete() => File.Delete(_file.Name);

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
