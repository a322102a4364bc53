using System.Diagnostics;
using System.Text;

namespace PemHa.Tests;

/// <summary>Runs a local program with bytes on its standard input.</summary>
static class Shell
{
    /// <summary>What a program gave.</summary>
    public sealed record Result(int ExitCode, byte[] Bytes, string Error)
    {
        public string Output => Encoding.UTF8.GetString(Bytes);
    }

    /// <summary>Runs <c>sh</c> with a script on standard input, as it comes to a host.</summary>
    public static Result Sh(string script, params string[] args) => Run("sh", Encoding.UTF8.GetBytes(script), args);

    /// <summary>The same by a shell to which signals do what they do to one of a person's: a suite in the background has some of them ignored, and so would it.</summary>
    public static Result WithSignals(string shell, string script) =>
        Run("env", Encoding.UTF8.GetBytes(script), "--default-signal=HUP,INT,PIPE,QUIT,TERM", shell);

    public static Result Run(string program, byte[] input, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        using var process = Process.Start(start)!;
        var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read everything; its exit status tells.
        }
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), $"{program} did not end");
        reading.Wait();
        return new Result(process.ExitCode, output.ToArray(), errors.Result);
    }

    /// <summary>A file's mode in octal.</summary>
    public static string Mode(string path) => Run("stat", [], "-c", "%a", path).Output.TrimEnd();

    /// <summary>Whether a program is on the PATH.</summary>
    public static bool Has(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}
