using System.Globalization;

namespace PemHa.Lab.Efm;

/// <summary>The agent's log file; while starting up, its lines go to standard output as well (systemd keeps them, since 5.0).</summary>
sealed class AgentLog : IDisposable
{
    readonly Lock gate = new();
    readonly StreamWriter? file;
    bool starting = true;

    internal AgentLog(string? path)
    {
        if (path == null) return;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        file = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
    }

    internal void Info(string text) => Write("INFO", text);

    internal void Warn(string text) => Write("WARN", text);

    internal void Error(string text) => Write("ERROR", text);

    /// <summary>A line of the startup, which an administrator sees in the service's status.</summary>
    internal void Startup(string text, string level = "INFO")
    {
        Write(level, text);
        lock (gate)
            if (starting) Console.WriteLine($"{Now()} {text}");
    }

    /// <summary>From here on nobody reads standard output.</summary>
    internal void StartupDone()
    {
        lock (gate) starting = false;
    }

    public void Dispose() => file?.Dispose();

    static string Now() => DateTime.Now.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    void Write(string level, string text)
    {
        lock (gate) file?.WriteLine($"{Now()} stand-in {level}: {text}");
    }
}
