using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using PemHa.Engine.State;

namespace PemHa.Tests.State;

/// <summary>A process of its own that writes a journal until it is killed: this program, told so by its environment.</summary>
static class JournalWriter
{
    const string Variable = "PEMHA_TEST_JOURNAL";

    /// <summary>So long that the kernel writes it page by page, and a kill may come in between.</summary>
    static readonly string Difference = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"+line {i} é\n"));

    /// <summary>Starts one; what it says is the number of the entry that it has written.</summary>
    public static Process Start(string path)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, Environment = { [Variable] = path } };
        // The test program may have been started by the host that is called dotnet.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(typeof(JournalWriter).Assembly.Location);
        return Process.Start(start)!;
    }

    /// <summary>Does so, and does not return, where the environment says it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void WriteWhereTold()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path) Write(path);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Write(string path)
    {
        // Unlike the console, it throws once nobody listens: a test program that dies leaves no writer behind that fills the disk.
        using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        for (var n = 1; ; n++)
        {
            new Journal(path).Write(new JournalEntry("change", "efm", "Set-PemHba") { Host = $"{Environment.ProcessId}", Changes = n, Difference = Difference });
            output.Write(System.Text.Encoding.ASCII.GetBytes(n.ToString(CultureInfo.InvariantCulture) + "\n"));
        }
    }
}
