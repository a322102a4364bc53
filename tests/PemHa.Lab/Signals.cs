using System.Runtime.InteropServices;

namespace PemHa.Lab;

/// <summary>Signals that .NET has no method for.</summary>
static class Signals
{
    public const int Interrupt = 2;

    public const int Kill = 9;

    public const int Terminate = 15;

    /// <summary>SIGRTMIN+4: systemd as PID 1 powers the host off.</summary>
    public const int PowerOff = 38;

    public static void Send(IEnumerable<int> pids, int signal)
    {
        foreach (var pid in pids)
            _ = kill(pid, signal);
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int kill(int pid, int signal);
}
