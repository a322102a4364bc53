namespace PemHa.Lab.Verbs;

/// <summary>One thing that the console program can be told to do.</summary>
/// <param name="Name">The word on the command line.</param>
/// <param name="Usage">What may follow it.</param>
/// <param name="Help">What it does, in a line.</param>
/// <param name="Do">Does it and gives the exit code.</param>
sealed record Verb(string Name, string Usage, string Help, Func<Arguments, CancellationToken, Task<int>> Do)
{
    /// <summary>Every verb, in the order of the help.</summary>
    static IEnumerable<Verb> All =>
    [
        .. LifeVerbs.All, .. HostVerbs.All, .. ControllerVerbs.All, .. RehearseVerb.All, .. CoverageVerb.All, .. ErrorsVerb.All, .. FaultsVerb.All,
        .. AssumptionVerbs.All,
    ];

    public static Task<int> RunAsync(string[] args, CancellationToken cancellation)
    {
        if (args is [] or ["help" or "--help" or "-h", ..])
            return HelpAsync();
        // Not for people: the processes that `run` and `rehearse` start in the controller's place.
        if (args is ["run-inside", var script, .. var rest])
            return Task.FromResult(Scripting.ScriptRunner.Run(script, rest));
        if (args is ["client-inside", var address, var user, var authority])
            return Rehearsals.VipClient.RunInsideAsync(address, user, authority, cancellation);
        var verb = All.FirstOrDefault(v => v.Name == args[0])
            ?? throw new LabException($"There is no verb '{args[0]}'; `help` lists them.");
        Preflight.Check();
        return verb.Do(new Arguments(verb, args[1..]), cancellation);
    }

    static async Task<int> HelpAsync()
    {
        var help = Console.Out;
        await help.WriteLineAsync("The PemHa rehearsal lab: real hosts in network namespaces of this machine. Runs as root.\n");
        foreach (var verb in All)
            await help.WriteLineAsync($"  {verb.Name + " " + verb.Usage,-44} {verb.Help}");
        await help.WriteLineAsync($"\nEvery verb takes --name NAME before its other words (or {LabOptions.NameVariable}; else 'lab').");
        return 0;
    }
}
