namespace PemHa.Lab.Verbs;

/// <summary>Programs in the controller's place, where the hosts are reachable: enter and run.</summary>
static class ControllerVerbs
{
    public static IEnumerable<Verb> All =>
    [
        new("enter", "-- CMD...", "run a command in the controller's network", EnterAsync),
        new("run", "SCRIPT.ps1 [ARGS...]", "run a PowerShell script there, PemHa imported", RunAsync),
    ];

    static Task<int> EnterAsync(Arguments arguments, CancellationToken cancellation)
    {
        if (arguments.Rest.Length == 0)
            throw arguments.Misused();
        var lab = Lab.Open(arguments.Name);
        return Command.AttachedAsync(lab.Inside(arguments.Rest), lab.Environment);
    }

    static Task<int> RunAsync(Arguments arguments, CancellationToken cancellation)
    {
        if (arguments.Rest is not [var script, .. var rest])
            throw arguments.Misused();
        if (!File.Exists(script))
            throw new LabException($"There is no script {script}.");
        var lab = Lab.Open(arguments.Name);
        return Command.AttachedAsync(lab.Inside(Lab.ScriptCommand(script, [.. rest])), lab.Environment);
    }
}
