namespace PemHa.Lab.Verbs;

/// <summary>One host: ssh, power, link, freeze and thaw.</summary>
static class HostVerbs
{
    public static IEnumerable<Verb> All =>
    [
        new("ssh", "[USER@]HOST [CMD...]", "a shell or a command on a host", SshAsync),
        new("power", "on|off|cut HOST", "boot it, shut it down, pull its plug", PowerAsync),
        new("link", "down|up HOST", "take its network cable out or put it in", LinkAsync),
        new("freeze", "HOST", "stop all its processes where they stand", (a, c) => FreezeAsync(a, true, c)),
        new("thaw", "HOST", "let them go on", (a, c) => FreezeAsync(a, false, c)),
    ];

    static Task<int> SshAsync(Arguments arguments, CancellationToken cancellation)
    {
        if (arguments.Rest is not [var host, .. var command])
            throw arguments.Misused();
        return Command.AttachedAsync(Lab.Open(arguments.Name).SshCommand(host, ["--", .. command]));
    }

    static async Task<int> PowerAsync(Arguments arguments, CancellationToken cancellation)
    {
        var words = arguments.Exactly(2);
        var host = Lab.Open(arguments.Name)[words[1]];
        await (words[0] switch
        {
            "on" => host.PowerOnAsync(cancellation),
            "off" => host.PowerOffAsync(cancellation),
            "cut" => host.PowerCutAsync(cancellation),
            _ => throw arguments.Misused(),
        });
        return 0;
    }

    static async Task<int> LinkAsync(Arguments arguments, CancellationToken cancellation)
    {
        var words = arguments.Exactly(2);
        if (words[0] is not ("up" or "down"))
            throw arguments.Misused();
        await Lab.Open(arguments.Name).LinkAsync(words[1], words[0] == "up", cancellation);
        return 0;
    }

    static async Task<int> FreezeAsync(Arguments arguments, bool freeze, CancellationToken cancellation)
    {
        await Lab.Open(arguments.Name)[arguments.Exactly(1)[0]].FreezeAsync(freeze, cancellation);
        return 0;
    }
}
