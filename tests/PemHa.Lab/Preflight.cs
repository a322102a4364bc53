namespace PemHa.Lab;

/// <summary>What must be true of the machine, said in one sentence where it is not; installs the tools that are missing.</summary>
static class Preflight
{
    static readonly Dictionary<string, string> Tools = new()
    {
        ["ip"] = "iproute2",
        ["nsenter"] = "util-linux",
        ["unshare"] = "util-linux",
        ["setsid"] = "util-linux",
        ["ssh"] = "openssh-client",
        ["ssh-keygen"] = "openssh-client",
    };

    static readonly Dictionary<string, string> BuildTools = new()
    {
        ["mmdebstrap"] = "mmdebstrap",
        ["gpgv"] = "gpgv",
        ["/usr/share/keyrings/debian-archive-keyring.gpg"] = "debian-archive-keyring",
    };

    static readonly Dictionary<string, string> ClockTool = new() { ["faketime"] = "faketime" };

    /// <summary>Why no lab can run here at all; null when one can.</summary>
    public static string? Refusal() =>
        !OperatingSystem.IsLinux() ? "The lab needs Linux: its hosts are Linux namespaces."
        : !Environment.IsPrivilegedProcess ? "The lab needs root: run it with sudo."
        : null;

    public static void Check()
    {
        if (Refusal() is { } reason)
            throw new LabException(reason);
    }

    public static async Task RequireAsync(StepLog log, CancellationToken cancellation)
    {
        Check();
        await InstallAsync(Tools, log, cancellation);
        string[] tryOut =
        [
            "unshare", "--mount", "--uts", "--ipc", "--pid", "--net", "--cgroup", "--fork", "--time", "--boottime", "-1",
            "mount", "-t", "proc", "proc", "/proc",
        ];
        var result = await Command.RunAsync(tryOut, cancellation);
        if (result.ExitCode == 0)
            return;
        var why = FirstLine(result.Stderr);
        throw new LabException($"The lab needs Linux namespaces, and this machine refuses them ({why}); a container must be privileged.");
    }

    public static Task RequireBuildToolsAsync(StepLog log, CancellationToken cancellation) => InstallAsync(BuildTools, log, cancellation);

    /// <summary>What lets a program see another time than the machine's.</summary>
    public static Task RequireClockToolAsync(StepLog log, CancellationToken cancellation) => InstallAsync(ClockTool, log, cancellation);

    static async Task InstallAsync(Dictionary<string, string> tools, StepLog log, CancellationToken cancellation)
    {
        var missing = tools.Where(t => !Command.Exists(t.Key)).Select(t => t.Value).Distinct().ToArray();
        if (missing.Length == 0)
            return;
        var names = string.Join(' ', missing);
        if (!Command.Exists("apt-get"))
            throw new LabException($"The lab needs {names}, and there is no apt-get to install them with.");
        var quiet = new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive" };
        await log.StepAsync($"install {names}", async note =>
        {
            // A broken list of somebody else's does not matter here; whether the packages install does.
            note("apt-get update");
            await Command.RunAsync(["apt-get", "update", "-qq"], cancellation, environment: quiet);
            note("apt-get install");
            var install = await Command.RunAsync(
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", .. missing], cancellation, environment: quiet, onLine: note);
            if (install.ExitCode != 0)
                throw new LabException($"The lab needs {names}, and apt-get cannot install them: {FirstLine(install.Stderr)}");
        });
    }

    static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
