using PemHa.Lab.Mutating;

namespace PemHa.Lab.Verbs;

/// <summary>Labs as a whole: up, down, status, clean, repo.</summary>
static class LifeVerbs
{
    public static IEnumerable<Verb> All =>
    [
        new("up", UpUsage, "build what is missing, boot the hosts", UpAsync),
        new("down", "", "take the lab down; nothing is left", DownAsync),
        new("status", "", "power, cable and systemd of every host", StatusAsync),
        new("clean", "", "remove what died runs left, of any name", CleanAsync),
        new("repo", "", "build the base and the packages only", RepoAsync),
    ];

    const string UpUsage = "[--data-nodes 3] [--witnesses 1] [--nics node2=ens33,...] [--networks 1] [--zone public] "
        + "[--mutate ID,...]";

    static async Task<int> UpAsync(Arguments arguments, CancellationToken cancellation)
    {
        arguments.Exactly(0);
        var options = new LabOptions { Name = arguments.Name };
        options = options with
        {
            DataNodes = arguments.Number("--data-nodes", options.DataNodes),
            Witnesses = arguments.Number("--witnesses", options.Witnesses),
            Nics = arguments.Pairs("--nics"),
            Networks = arguments.Number("--networks", options.Networks),
            Zone = arguments.Text("--zone", options.Zone),
        };
        Mutation[] mutations =
            [.. arguments.Text("--mutate", "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Mutation.Of)];
        await using var lab = await Lab.UpAsync(options, StepLog.Console, cancellation);
        await lab.MutateAsync(mutations, cancellation);
        await lab.KeepAsync();
        foreach (var host in lab.Hosts)
            Console.WriteLine($"{host.Name,-10} {host.Address}");
        return 0;
    }

    static async Task<int> DownAsync(Arguments arguments, CancellationToken cancellation)
    {
        arguments.Exactly(0);
        if (!LabLife.Names().Contains(arguments.Name))
            throw new LabException($"No lab '{arguments.Name}' is up.");
        await using var owner = LabLife.Own(arguments.Name);
        await StepLog.Console.StepAsync($"take '{arguments.Name}' down", _ => LabLife.RemoveAsync(arguments.Name, owner));
        return 0;
    }

    static async Task<int> StatusAsync(Arguments arguments, CancellationToken cancellation)
    {
        arguments.Exactly(0);
        var lab = Lab.Open(arguments.Name);
        var lines = await Task.WhenAll(lab.Hosts.Select(async host =>
        {
            var (power, link) = (host.IsFrozen ? "frozen" : host.IsOn ? "on" : "off", host.IsLinkUp ? "up" : "down");
            var reachable = power == "on" && host.IsLinkUp;
            const string command = "systemctl is-system-running";
            var systemd = reachable ? (await lab.SshAsync(host.Name, command, cancellation: cancellation)).Stdout.Trim() : "";
            return $"{host.Name,-10} {host.Address,-16} {power,-7} {link,-5} {(systemd.Length > 0 ? systemd : "-")}";
        }));
        Console.WriteLine($"{"HOST",-10} {"ADDRESS",-16} {"POWER",-7} {"LINK",-5} SYSTEMD");
        foreach (var line in lines)
            Console.WriteLine(line);
        return 0;
    }

    static async Task<int> CleanAsync(Arguments arguments, CancellationToken cancellation)
    {
        arguments.Exactly(0);
        var (removed, left) = await LabLife.CleanAsync();
        foreach (var name in removed)
            Console.WriteLine($"removed '{name}'");
        foreach (var name in left)
            Console.WriteLine($"left '{name}' alone: it is up (`down --name {name}` takes it down)");
        if (removed.Count == 0)
            Console.WriteLine("nothing to clean");
        return 0;
    }

    static async Task<int> RepoAsync(Arguments arguments, CancellationToken cancellation)
    {
        arguments.Exactly(0);
        await Preflight.RequireAsync(StepLog.Console, cancellation);
        var layers = await new LayerCache(StepLog.Console).EnsureAsync(cancellation);
        foreach (var package in Directory.GetFiles(Path.Combine(layers[0], "srv", "repo"), "*.rpm", SearchOption.AllDirectories).Order())
            Console.WriteLine(package);
        return 0;
    }
}
